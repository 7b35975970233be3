"""kill -9 in a loop while tables are tiered into an external catalog: another Weir, which stays. In the end each row is
there once, `weir verify` finds nothing, and no file is left that nobody names.

WEIR_CRASH_LAKE_KILLS says how often (default 6).
"""
import asyncio
import collections
import os
import pathlib
import random
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

from external_catalog import FAST, catalog_of, catalog_server, external, options  # noqa: E402
from faulty_proxy import FaultyProxy  # noqa: E402
from fluss_session import FlussSession, append  # noqa: E402
from lake import rows_of, wait_for  # noqa: E402
from rows import KEYED, LOG, log_batch  # noqa: E402
from verify import assert_clean  # noqa: E402
from weir_server import WeirServer  # noqa: E402

pytestmark = pytest.mark.weir_only

KILLS = int(os.environ.get("WEIR_CRASH_LAKE_KILLS", "6"))


def data_files_on_disk(table):
    location = pathlib.Path(table.location().removeprefix("file://"))
    return {str(path) for path in (location / "data").rglob("*") if path.is_file()}


def data_files_named(table):
    return {entry.data_file.file_path.removeprefix("file://") for snapshot in table.snapshots()
            for manifest in snapshot.manifests(table.io)
            for entry in manifest.fetch_manifest_entry(table.io, discard_deleted=False)}


async def write_until_killed(server, proxy, turn, dice, model, acknowledged):
    async with FlussSession(server.bootstrap, "db") as session:
        log, keyed = await session.table("log"), await session.table("keyed")
        # Some die while the answer of a commit is on its way to them, some before it was asked for.
        if turn % 2:
            proxy.fail(1, kind="hang", value=0.3, method="POST", path="/tables/")
        kill_at = asyncio.get_running_loop().time() + dice.uniform(0.05, 1.6)
        while asyncio.get_running_loop().time() < kill_at:
            await append(log, log_batch(50, acknowledged["log"]))
            acknowledged["log"] += 50
            changes = {}
            async with keyed.new_upsert().create_writer() as writer:
                for _ in range(40):
                    key = dice.randrange(500)
                    if dice.random() < 0.25:
                        writer.delete([key])
                        changes[key] = None
                    else:
                        changes[key] = {"id": key, "name": f"t{turn}", "v": dice.randrange(10 ** 6)}
                        writer.upsert(changes[key])
            model.update(changes)
    server.kill()


async def create(server):
    async with FlussSession(server.bootstrap, "db") as session:
        await session.create("log", LOG, buckets=2, properties=FAST)
        await session.create("keyed", KEYED, ["id"], buckets=2, properties=FAST)


def test_kill_9_in_a_loop_with_an_external_catalog(tmp_path):
    dice = random.Random(KILLS)
    model, acknowledged = {}, collections.Counter()
    with catalog_server(tmp_path) as house, FaultyProxy(house.http) as proxy:
        server = WeirServer.start(tmp_path / "data", options(external(tmp_path, proxy.address)))
        try:
            asyncio.run(create(server))
            for turn in range(KILLS):
                asyncio.run(write_until_killed(server, proxy, turn, dice, model, acknowledged))
                server.launch()
            expected = [row for _, row in sorted(model.items()) if row is not None]
            catalog = catalog_of(house)
            wait_for(lambda: catalog.table_exists(("db", "keyed")) and catalog.table_exists(("db", "log")), True)
            keyed, log = catalog.load_table(("db", "keyed")), catalog.load_table(("db", "log"))
            wait_for(lambda: sorted(rows_of(keyed.refresh()), key=lambda row: row["id"]), expected)
            wait_for(lambda: sorted(row["id"] for row in rows_of(log.refresh())), list(range(acknowledged["log"])))
            data = log.scan().to_arrow()
            offsets = collections.defaultdict(list)
            for bucket, offset in zip(data["__bucket"].to_pylist(), data["__offset"].to_pylist()):
                offsets[bucket].append(offset)
            for bucket, found in offsets.items():
                assert sorted(found) == list(range(len(found))), bucket
            for name in ("keyed", "log"):
                assert_clean(f"db.{name}", server)
            for table in (keyed, log):
                wait_for(lambda table=table: data_files_on_disk(table.refresh()) - data_files_named(table), set())
        finally:
            server.kill()
