"""Tiering into an object store that fails: errors, lost answers, slow answers. Nothing is lost, nothing twice, and no
file stays that nobody names."""
import asyncio
import json
import os
import random
import urllib.error
import urllib.request

import pytest
from fluss_session import FlussSession, append, upsert
from lake import lake_catalog, rows_of, wait_for
from lake_files import orphans
from object_store import FaultyS3, lake_options
from rows import KEYED, LOG, log_batch
from verify import assert_clean
from weir_server import WeirServer

pytestmark = pytest.mark.weir_only

FAST = {"table.datalake.enabled": "true", "table.datalake.freshness": "1s", "table.datalake.iceberg.live": "off"}
TURNS = int(os.environ.get("WEIR_CRASH_LAKE_TURNS", "20"))
MAINTAINED = {f"lake.maintenance.{key}": value for key, value in {
    "interval": "200ms", "small-files": "3", "snapshot-age": "3s", "reader-grace": "1s", "purge-delay": "500ms"}.items()}
STOP_SECONDS_MAX = 10


def start(tmp_path, s3, **settings):
    return WeirServer.start(tmp_path / "data", lake_options(s3.endpoint, **settings))


def faults(dice):
    """An order for the proxy to fail in some way for a few requests."""
    return dice.choice([lambda: f"status {dice.choice([500, 503, 429])} {dice.randrange(1, 7)}",
                        lambda: f"drop {dice.randrange(1, 5)}", lambda: f"late {dice.randrange(1, 5)}",
                        lambda: f"hang 0.3 {dice.randrange(1, 4)}"])()


async def change(table, dice, model, turn, keys=100):
    async with table.new_upsert().create_writer() as writer:
        for _ in range(20):
            key = dice.randrange(keys)
            if dice.random() < 0.2:
                writer.delete([key])
                model.pop(key, None)
            else:
                model[key] = {"id": key, "name": f"t{turn}", "v": turn}
                writer.upsert(model[key])


def expected(model):
    return [model[key] for key in sorted(model)]


def ids(table):
    return sorted(row["id"] for row in rows_of(table.refresh()))


def keyed_rows(table):
    return sorted(rows_of(table.refresh()), key=lambda row: row["id"])


def sweep(server, s3):
    """Start anew with orphans of any age; nobody writes any more. Then every file is one that a table leads to."""
    assert server.stop() == 0
    server.options.append("--set=lake.maintenance.orphan-age=1s")
    server.launch()
    catalog = lake_catalog(server)
    wait_for(lambda: orphans(catalog, s3.keys), set(), 60)


@pytest.fixture
def s3():
    store = FaultyS3()
    yield store
    store.close()


@pytest.mark.parametrize("mode", ["position", "deletion-vector", "copy-on-write"])
async def test_faults_of_the_object_store_lose_and_double_nothing(tmp_path, s3, mode):
    """While rows are tiered, files compacted, snapshots expired, live states read, a table dropped."""
    dice = random.Random(TURNS)
    with start(tmp_path, s3, **MAINTAINED) as server:
        catalog = lake_catalog(server)  # with the credentials that our catalog gives
        async with FlussSession(server.bootstrap, "db") as session:
            log = await session.create("log", LOG, buckets=2, properties=FAST)
            keyed = await session.create("keyed", KEYED, ["id"], buckets=2, properties={
                **FAST, "table.datalake.iceberg.delete-mode": mode})
            live = await session.create("live", LOG, properties={**FAST, "table.datalake.iceberg.live": "load"})
            gone = await session.create("gone", LOG, properties=FAST)
            model, dropped = {}, None
            for turn in range(TURNS):
                s3.ask(faults(dice))
                await append(log, log_batch(20, turn * 20))
                await append(live, log_batch(5, turn * 5))
                await change(keyed, dice, model, turn)
                look_live(server)
                if turn < TURNS // 2:
                    await append(gone, log_batch(5, turn * 5))
                elif turn == TURNS // 2:
                    dropped = catalog_location(server, "gone")
                    await session.admin.drop_table(session.path("gone"))
        wait_for(lambda: ids(catalog.load_table(("db", "log"))), list(range(TURNS * 20)), 90)
        wait_for(lambda: keyed_rows(catalog.load_table(("db", "keyed"))), expected(model), 90)
        wait_for(lambda: ids(catalog.load_table(("db", "live"))), list(range(TURNS * 5)), 90)
        s3.ask("well")
        for name in ("log", "keyed", "live"):
            s3.ask("status 503 1")
            assert_clean(f"db.{name}", server)
        wait_for(lambda: s3.keys(dropped.removeprefix("s3://lake/") + "/"), set())
        sweep(server, s3)
        for name in ("log", "keyed", "live"):
            assert_clean(f"db.{name}", server)


def look_live(server):
    """Have live files made; with faults it may fail, and says so."""
    try:
        urllib.request.urlopen(f"http://{server.http}/api/catalog/v1/namespaces/db/tables/live", timeout=30).read()
    except urllib.error.HTTPError as failed:
        assert failed.code >= 500, failed.read()


def catalog_location(server, name):
    url = f"http://{server.http}/api/catalog/v1/namespaces/db/tables/{name}"
    return json.load(urllib.request.urlopen(url, timeout=30))["metadata"]["location"]


async def test_tables_that_nobody_writes_cost_no_request(tmp_path, s3):
    with start(tmp_path, s3, **{**MAINTAINED, "lake.maintenance.snapshot-age": "1d"}) as server:
        catalog = lake_catalog(server)
        async with FlussSession(server.bootstrap, "db") as session:
            await append(await session.create("log", LOG, properties=FAST), log_batch(20))
            await upsert(await session.create("keyed", KEYED, ["id"], properties=FAST), [{"id": 1, "name": "a", "v": 1}])
            await session.create("empty", LOG, properties=FAST)
            wait_for(lambda: ids(catalog.load_table(("db", "log"))), list(range(20)))
            wait_for(lambda: len(keyed_rows(catalog.load_table(("db", "keyed")))), 1)
            busy = await session.create("busy", LOG, properties={"table.datalake.enabled": "false"})
            quiet_since = quiet(s3)
            for turn in range(40):  # three freshness times and many looks of maintenance
                await append(busy, log_batch(10, turn * 10))
                await asyncio.sleep(0.1)
            assert s3.requests() == quiet_since


def quiet(s3):
    """Requests so far, once they do not rise any more."""
    seen = [s3.requests()]

    def settled():
        seen.append(s3.requests())
        return len(seen) > 30 and len(set(seen[-30:])) == 1

    wait_for(settled, True)
    return seen[-1]


@pytest.mark.parametrize("fault", ["hang 60 100000", "status 503 100000", "drop 100000"])
async def test_a_stop_without_the_object_store_is_prompt_and_loses_nothing(tmp_path, s3, fault):
    """With the patience that is the default: eight tries, a minute."""
    patient = {f"lake.object-store.{key}": value for key, value in {
        "attempts-max": "8", "backoff-min": "50ms", "backoff-max": "5s"}.items()}
    server = start(tmp_path, s3, **patient)
    try:
        async with FlussSession(server.bootstrap, "db") as session:
            log = await session.create("log", LOG, properties=FAST)
            await append(log, log_batch(20))
            catalog = lake_catalog(server)
            wait_for(lambda: ids(catalog.load_table(("db", "log"))), list(range(20)))
            s3.ask(fault)
            before = s3.requests()
            await append(log, log_batch(20, 20))
            wait_for(lambda: s3.requests() > before, True)  # a round is under way
        assert server.stop(STOP_SECONDS_MAX) == 0
        s3.ask("well")
        server.launch()
        catalog = lake_catalog(server)
        wait_for(lambda: ids(catalog.load_table(("db", "log"))), list(range(40)))
        assert_clean("db.log", server)
        sweep(server, s3)
    finally:
        server.kill()
