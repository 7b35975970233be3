"""kill -9 in a loop while tables are tiered: the lake ends up with every row once and no file that nobody names.

WEIR_LAKE_KILLS says how often (default 6).
"""
import asyncio
import collections
import os
import pathlib
import random

import pytest
from fluss_session import FlussSession, append, upsert
from lake import lake_catalog, rows_of, wait_for
from rows import KEYED, LOG, log_batch
from verify import assert_clean
from weir_server import WeirServer

pytestmark = pytest.mark.weir_only

KILLS = int(os.environ.get("WEIR_LAKE_KILLS", "6"))
FAST = {"table.datalake.enabled": "true", "table.datalake.freshness": "1s", "table.datalake.iceberg.live": "off"}
#: Many rounds a second, so that a kill often meets one; a failed round is repeated at once.
OPTIONS = ["--set", "lake.tiering.backoff-min=10ms"]


def data_files_on_disk(server, table):
    location = pathlib.Path(table.location().removeprefix("file://"))
    return {str(path) for path in (location / "data").rglob("*") if path.is_file()}


def data_files_named(table):
    """Of all snapshots that the table still has."""
    named = set()
    for snapshot in table.snapshots():
        for manifest in snapshot.manifests(table.io):
            for entry in manifest.fetch_manifest_entry(table.io, discard_deleted=False):
                named.add(entry.data_file.file_path.removeprefix("file://"))
    return named


async def write_until_killed(server, turn, dice, model, acknowledged):
    """Append and upsert; what the dictionaries say was acknowledged."""
    async with FlussSession(server.bootstrap, "db") as session:
        log, keyed = await session.table("log"), await session.table("keyed")
        kill_at = asyncio.get_running_loop().time() + dice.uniform(0.05, 1.6)
        while asyncio.get_running_loop().time() < kill_at:
            first = acknowledged["log"]
            await append(log, log_batch(50, first))
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
            for key, row in changes.items():
                model[key] = row
    server.kill()


@pytest.mark.parametrize("mode", ["position", "deletion-vector", "copy-on-write"])
def test_kill_9_in_a_loop(tmp_path, mode):
    dice = random.Random(KILLS)
    model, acknowledged = {}, collections.Counter()

    async def create(server):
        async with FlussSession(server.bootstrap, "db") as session:
            await session.create("log", LOG, buckets=2, properties=FAST)
            await session.create("keyed", KEYED, ["id"], buckets=2,
                                 properties={**FAST, "table.datalake.iceberg.delete-mode": mode})

    server = WeirServer.start(tmp_path / "data", OPTIONS)
    try:
        asyncio.run(create(server))
        for turn in range(KILLS):
            asyncio.run(write_until_killed(server, turn, dice, model, acknowledged))
            server.launch()
        expected = [row for _, row in sorted(model.items()) if row is not None]
        catalog = lake_catalog(server)
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
            wait_for(lambda table=table: data_files_on_disk(server, table.refresh()) - data_files_named(table), set())
    finally:
        server.kill()
