"""Log segments that are in the lake may expire, others never; whoever reads does not notice.

Segments of 1 MiB and a retention of a second, so that everything expires that may.
"""
import datetime as dt

import pyarrow as pa
import pytest
from fluss import EARLIEST_OFFSET, OffsetSpec
from fluss_session import FlussSession, append, lookup, read_all, upsert
from lake import committed, lake_catalog, rows_of, wait_for
from test_command_line import run
from test_lake_load import KEYED, LOG, OPTIONS, SHORT, expired, row_of
from test_union_read import Sql
from verify import assert_clean
from weir_server import WeirServer

pytestmark = pytest.mark.weir_only

ON = {**SHORT, "table.datalake.enabled": "true", "table.datalake.iceberg.live": "off"}
NEVER, SOON = {"table.datalake.freshness": "1 h"}, {"table.datalake.freshness": "1 s"}
PART = 4000


def part_of(first):
    return pa.table({"id": range(first, first + PART), "filler": ["x" * 500] * PART}, LOG)


def set_freshness(server, table, freshness):
    Sql(server)(f"ALTER TABLE db.{table} SET ('table.datalake.freshness' = '{freshness}')")


async def earliest(session, table, buckets=1):
    return min((await session.offsets(table, OffsetSpec.earliest(), buckets)).values())


async def test_what_is_not_in_the_lake_does_not_expire(tmp_path):
    with WeirServer.start(tmp_path / "data", OPTIONS) as server:
        rows = 0
        for start in (lambda: None, server.restart, lambda: (server.kill(), server.launch())):
            start()
            async with FlussSession(server.bootstrap, "db") as session:
                if rows == 0:
                    await session.create("kept", LOG, properties={**ON, **NEVER})
                    await session.create("keyed", KEYED, ["id"], buckets=2, properties={**ON, **NEVER})
                await append(await session.table("kept"), part_of(rows))
                await upsert(await session.table("keyed"), [row_of(key, rows) for key in range(PART)])
                # A log that is younger and no larger: when it has expired, the others have been looked at.
                other = f"other{rows}"
                await append(await session.create(other, LOG, properties=SHORT), part_of(rows))
                await expired(session, other, buckets=1)
                rows += PART
                assert await earliest(session, "kept") == 0
                assert await earliest(session, "keyed", buckets=2) == 0
        async with FlussSession(server.bootstrap, "db") as session:
            for table, buckets in (("kept", 1), ("keyed", 2)):
                set_freshness(server, table, "1 s")
                await expired(session, table, buckets=buckets)
                assert_clean(f"db.{table}", server)
            lake = lake_catalog(server).load_table(("db", "kept"))
            wait_for(lambda: sorted(row["id"] for row in rows_of(lake.refresh())), list(range(rows)))


async def test_reads_of_a_log_table_go_on(tmp_path):
    with WeirServer.start(tmp_path / "data", OPTIONS) as server:
        async with FlussSession(server.bootstrap, "db") as session:
            table = await session.create("t", LOG, properties={**ON, **SOON})
            scanner = await table.new_scan().create_log_scanner()
            scanner.subscribe_buckets({0: EARLIEST_OFFSET})
            seen = set()
            lake = lake_catalog(server).load_table(("db", "t"))
            rows, old, start_offset = 0, None, 0
            for _ in range(3):
                await append(table, part_of(rows))
                rows += PART
                while len(seen) < rows:
                    seen.update(record.row["id"] for record in await scanner.poll(500))
                wait_for(lambda: len(rows_of(lake.refresh())), rows)
                old = old or committed(lake)[0]
                start_offset = (await expired(session, above=start_offset, buckets=1))[0]
            assert seen == set(range(rows)), "the stream went on while the log expired behind it"
            # Who begins now gets what the log still has, and no error.
            await append(table, part_of(rows))
            rows += PART
            assert 0 < (await read_all(table)).num_rows <= rows - start_offset
            listed = run("table", "ls", "db", "--server", server.bootstrap).stdout.splitlines()
            assert listed[1].split() == ["db.t", "log", "1", "-", "-"], "the log's rows are not the table's"

        for start in (lambda: None, server.restart, lambda: (server.kill(), server.launch())):
            start()
            sql = Sql(server)
            assert sql.one("SELECT count(*), count(DISTINCT id), sum(id) FROM db.t") == [str(rows), str(rows), str(rows * (rows - 1) // 2)]
            assert sql.one(f"SELECT count(*), min(id) FROM db.t FOR SYSTEM_TIME AS OF TIMESTAMP '{time_of(old)}'") == [
                str(lake.scan(snapshot_id=old.snapshot_id).to_arrow().num_rows), "0"]
            lake = lake_catalog(server).load_table(("db", "t"))
            wait_for(lambda: sorted(row["id"] for row in rows_of(lake.refresh())), list(range(rows)))
            assert_clean("db.t", server)


def time_of(snapshot):
    at = dt.datetime.fromtimestamp(snapshot.timestamp_ms / 1000, dt.timezone.utc)
    return at.strftime("%Y-%m-%d %H:%M:%S.%f")


@pytest.mark.parametrize("engine", [{}, {"table.merge-engine": "first_row"}])
async def test_look_ups_and_first_rows_keep_their_meaning(tmp_path, engine):
    with WeirServer.start(tmp_path / "data", OPTIONS) as server:
        model = {}
        for start in (lambda: None, server.restart, lambda: (server.kill(), server.launch())):
            start()
            async with FlussSession(server.bootstrap, "db") as session:
                if not model:
                    await session.create("t", KEYED, ["id"], buckets=2, properties={**ON, **SOON, **engine})
                table = await session.table("t")
                first = len(model)
                # Rows of before once more, and new ones.
                rows = [row_of(key, first) for key in range(first + PART)]
                await upsert(table, rows)
                for row in rows:
                    if not engine or row["id"] not in model:
                        model[row["id"]] = row
                await expired(session, above=first // 2)
                for key in (0, PART - 1, first, len(model) - 1):
                    assert await lookup(table, {"id": key}) == model[key]
                assert await lookup(table, {"id": 10**9}) is None
                lake = lake_catalog(server).load_table(("db", "t"))
                wait_for(lambda: {row["id"]: row for row in rows_of(lake.refresh())}, model)
                sums = [str(len(model)), str(sum(row["v"] for row in model.values()))]
                assert Sql(server).one("SELECT count(*), sum(v) FROM db.t") == sums
                assert_clean("db.t", server)
