"""Tables that go to the lake after their log has lost its beginning: tiering was switched on by ALTER TABLE, late.

A primary-key table is loaded from its key-value state and goes on with its changelog; a log table begins where its log
begins, and `weir verify` knows. Rows are written by the official Fluss client and read by PyIceberg.
"""
import asyncio
import os
import random

import pyarrow as pa
import pytest
from fluss import OffsetSpec
from fluss_session import FlussSession, append, upsert
from lake import lake_catalog, rows_of, wait_for
from test_lake_maintenance import data_files_named, data_files_on_disk
from test_union_read import Sql
from verify import assert_clean
from weir_server import WeirServer

pytestmark = pytest.mark.weir_only

KILLS = int(os.environ.get("WEIR_LOAD_KILLS", "4"))
OPTIONS = ["--set", "log.segment.file-size=1mb", "--set", "log.retention.check-interval=1s", "--set", "log.sync.interval=100ms",
           "--set", "lake.tiering.backoff-min=10ms", "--set", "kv.write-back.interval=1s"]
KEYED = pa.schema([pa.field("id", pa.int64(), False), pa.field("v", pa.int64()), pa.field("filler", pa.string())])
LOG = pa.schema([("id", pa.int64()), ("filler", pa.string())])
SHORT = {"table.datalake.format": "iceberg", "table.log.ttl": "1s", "table.log.arrow.compression.type": "NONE"}
ON = "'table.datalake.enabled' = 'true', 'table.datalake.freshness' = '1s', 'table.datalake.iceberg.live' = 'off'"
ROWS, BUCKETS = int(os.environ.get("WEIR_LOAD_ROWS", "3000")), 2


def row_of(key, v):
    return {"id": key, "v": v, "filler": f"{v}-" + "x" * 400}


async def fill(session, **properties):
    """A table of ROWS keys whose first changes have expired; the rows of its state."""
    table = await session.create("t", KEYED, ["id"], buckets=BUCKETS, properties={**SHORT, **properties})
    for v in range(3):
        await upsert(table, [row_of(key, v) for key in range(ROWS)])
    await expired(session)
    return table, {key: row_of(key, 2) for key in range(ROWS)}


async def expired(session, name="t", above=0, buckets=BUCKETS):
    for _ in range(600):
        offsets = await session.offsets(name, OffsetSpec.earliest(), buckets)
        if min(offsets.values()) > above:
            return offsets
        await asyncio.sleep(0.05)
    raise AssertionError(f"nothing expired: {offsets}")


def switch_on(server, more=""):
    Sql(server)(f"ALTER TABLE db.t SET ({ON}{more})")


def lake_rows(server):
    return {row["id"]: row for row in rows_of(lake_catalog(server).load_table(("db", "t")))}


@pytest.mark.parametrize("mode", ["position", "deletion-vector", "copy-on-write"])
async def test_a_primary_key_table_is_loaded_from_its_state_and_follows_its_changes(tmp_path, mode):
    with WeirServer.start(tmp_path / "data", OPTIONS) as server:
        async with FlussSession(server.bootstrap, "db") as session:
            table, model = await fill(session, **{"table.datalake.iceberg.delete-mode": mode})
            switch_on(server)
            wait_for(lambda: lake_rows(server), model)
            report = assert_clean("db.t", server)
            assert report["lake_rows"] == ROWS and report["compared_rows"] == ROWS
            loaded = lake_catalog(server).load_table(("db", "t")).scan().to_arrow()
            assert set(loaded["__offset"].to_pylist()) == {-1}, "as Fluss' own job marks rows of a snapshot"
            for turn in range(3):
                changed = {key: row_of(key, 10 + turn) for key in range(turn * 7, ROWS + 20, 7)}
                async with table.new_upsert().create_writer() as writer:
                    for row in changed.values():
                        writer.upsert(row)
                    model |= changed
                    for key in range(turn, ROWS, 11):
                        if model.pop(key, None):
                            writer.delete([key])
                wait_for(lambda: lake_rows(server), model)
                assert_clean("db.t", server)
            server.restart()
        assert lake_rows(server) == model
        assert_clean("db.t", server)


@pytest.mark.parametrize("engine", [{"table.merge-engine": "first_row"},
                                    {"table.merge-engine": "versioned", "table.merge-engine.versioned.ver-column": "v"}])
async def test_merge_engines_keep_their_meaning(tmp_path, engine):
    first = engine["table.merge-engine"] == "first_row"
    with WeirServer.start(tmp_path / "data", OPTIONS) as server:
        async with FlussSession(server.bootstrap, "db") as session:
            table = await session.create("t", KEYED, ["id"], buckets=BUCKETS, properties={**SHORT, **engine})
            rounds = [range(0, ROWS), range(ROWS, 2 * ROWS), range(2 * ROWS, 3 * ROWS)]
            for keys in rounds:
                await upsert(table, [row_of(key, 5) for key in keys])
            await expired(session)
            switch_on(server)
            model = {key: row_of(key, 5) for keys in rounds for key in keys}
            wait_for(lambda: lake_rows(server), model)
            assert_clean("db.t", server)
            # A first row stays although its change is long gone; an older version does not win.
            await upsert(table, [row_of(1, 9), row_of(2, 4), row_of(100_000, 1)])
            model |= {100_000: row_of(100_000, 1)} if first else {1: row_of(1, 9), 100_000: row_of(100_000, 1)}
            wait_for(lambda: lake_rows(server), model)
            assert_clean("db.t", server)


async def test_partial_updates_meet_loaded_rows(tmp_path):
    with WeirServer.start(tmp_path / "data", OPTIONS) as server:
        async with FlussSession(server.bootstrap, "db") as session:
            table, model = await fill(session)
            switch_on(server)
            wait_for(lambda: lake_rows(server), model)
            writer = table.new_upsert().partial_update_by_name(["id", "v"]).create_writer()
            await writer.upsert({"id": 3, "v": 33}).wait()
            await writer.upsert({"id": ROWS, "v": 7}).wait()
            model[3] = {**model[3], "v": 33}
            model[ROWS] = {"id": ROWS, "v": 7, "filler": None}
            wait_for(lambda: lake_rows(server), model)
            assert_clean("db.t", server)


async def test_changes_that_expire_while_tiering_is_off_are_made_up_for(tmp_path):
    with WeirServer.start(tmp_path / "data", OPTIONS) as server:
        async with FlussSession(server.bootstrap, "db") as session:
            table, model = await fill(session)
            switch_on(server)
            wait_for(lambda: lake_rows(server), model)
            Sql(server)("ALTER TABLE db.t SET ('table.datalake.enabled' = 'false')")
            ends = await session.offsets("t", OffsetSpec.latest(), BUCKETS)
            async with table.new_upsert().create_writer() as writer:
                for key in range(0, ROWS, 2):
                    writer.delete([key])
                    model.pop(key)
            for v in range(20, 23):
                await upsert(table, [row_of(key, v) for key in range(1, 2 * ROWS, 2)])
            model |= {key: row_of(key, 22) for key in range(1, 2 * ROWS, 2)}
            await expired(session, above=max(ends.values()))
            switch_on(server)
            wait_for(lambda: lake_rows(server), model)
            assert_clean("db.t", server)


async def test_a_log_table_begins_where_its_log_begins(tmp_path):
    with WeirServer.start(tmp_path / "data", OPTIONS) as server:
        async with FlussSession(server.bootstrap, "db") as session:
            table = await session.create("t", LOG, buckets=BUCKETS, properties=SHORT)
            for first in range(0, 9000, 1000):
                await append(table, pa.table({"id": range(first, first + 1000), "filler": ["x" * 500] * 1000}, LOG))
            starts = await expired(session)
            switch_on(server)
            ends = await session.offsets("t", OffsetSpec.latest(), BUCKETS)
            kept = sum(ends[bucket] - starts[bucket] for bucket in starts)
            lake = wait_for(lambda: lake_catalog(server).table_exists(("db", "t")), True)
            lake = lake_catalog(server).load_table(("db", "t"))
            wait_for(lambda: lake.refresh().scan().to_arrow().num_rows, kept)
            found = lake.scan().to_arrow()
            offsets = {b: [] for b in starts}
            for bucket, offset in zip(found["__bucket"].to_pylist(), found["__offset"].to_pylist()):
                offsets[bucket].append(offset)
            assert {b: sorted(o) for b, o in offsets.items()} == {b: list(range(starts[b], ends[b])) for b in starts}
            report = assert_clean("db.t", server)
            assert report["expired_rows"] == sum(starts.values())
            assert "rows had expired before they were to go to the lake" in server.log_tail(2000)
            await append(table, pa.table({"id": range(10), "filler": ["y"] * 10}, LOG))
            wait_for(lambda: lake.refresh().scan().to_arrow().num_rows, kept + 10)
            server.restart()
        assert assert_clean("db.t", server)["expired_rows"] == sum(starts.values())


def test_kill_9_during_the_load(tmp_path):
    dice = random.Random(KILLS)

    async def begin(server):
        async with FlussSession(server.bootstrap, "db") as session:
            return (await fill(session))[1]

    server = WeirServer.start(tmp_path / "data", OPTIONS)
    try:
        model = asyncio.run(begin(server))
        switch_on(server)
        for turn in range(KILLS):
            # At once after ALTER, and a second, the freshness, after a start.
            asyncio.run(asyncio.sleep(dice.uniform(0, 0.1) + (turn > 0)))
            server.kill()
            server.launch()
        wait_for(lambda: lake_rows(server), model)
        assert_clean("db.t", server)
        lake = lake_catalog(server).load_table(("db", "t"))
        wait_for(lambda: data_files_on_disk(lake.refresh()) - data_files_named(lake), set())
    finally:
        server.kill()
