"""The official tiering job on Flink fills the lake of a server that leaves it to a job (lake.tiering: external)."""
import asyncio
import json

import pytest
from fluss_session import FlussSession
from lake import PATIENCE_SECONDS, lake_catalog, rows_of, wait_for
from official_flink import FlinkSql, TieringJob
from tables import DATABASE, gone, make_tables, new_rows, sql
from values import found, wanted
from verify import assert_clean
from weir_server import WeirServer

NAMES = ("log", "log_by_key", "log_by_day", "every_type", "keyed_position", "keyed_by_day")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with WeirServer.start(tmp_path_factory.mktemp("weir") / "data", ["--set", "lake.tiering=external"]) as server:
        yield server


@pytest.fixture
def tables():
    return {table.name: table for table in make_tables() if table.name in NAMES}


def job(server, folder):
    return TieringJob(server.bootstrap, {"type": "rest", "uri": f"http://{server.http}/api/catalog"}, folder, poll="200 ms")


async def until_covered(session, tables):
    for _ in range(PATIENCE_SECONDS * 40):
        behind = [table.name for table in tables if not await table.covered(session)]
        if not behind:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"not in the lake: {behind}")


def in_the_lake(server, table):
    """Rows of the lake alone. Tables with keys by Weir's SQL: the job writes equality deletes, which PyIceberg cannot read."""
    if not table.keys:
        rows = rows_of(lake_catalog(server).load_table((DATABASE, table.name)))
    else:
        columns = ", ".join(f'"{name}"' for name in table.schema.names)
        lines = sql(server, f'SELECT {columns} FROM {DATABASE}."{table.name}$lake"').splitlines()
        rows = [json.loads(line) for line in lines]
    return wanted(rows, table.schema)


def test_rounds_of_the_job_with_updates_a_restart_of_it_and_of_the_server(server, tables, tmp_path):
    async def turn(number):
        async with FlussSession(server.bootstrap, DATABASE) as session:
            for table in tables.values():
                if number == 0:
                    await table.create(session)
                await table.write(session, new_rows(table, number), gone(table, number) if number else ())
            await until_covered(session, tables.values())

    def check():
        for table in tables.values():
            assert in_the_lake(server, table) == wanted(table.rows.values(), table.schema), table.name
            assert_clean(f"{DATABASE}.{table.name}", server)

    with job(server, tmp_path / "first"):
        asyncio.run(turn(0))
        check()
        asyncio.run(turn(1))
        check()
    server.restart()
    with job(server, tmp_path / "second"):
        asyncio.run(turn(2))
        check()


def prepared(server):
    """Offsets files that the server gave out: a round makes one just before it commits to the lake."""
    return set((server.data_dir / "remote/lake").rglob("*.offsets"))


def test_a_job_and_a_server_killed_during_a_commit_leave_each_row_once(server, tmp_path):
    table = next(table for table in make_tables() if table.name == "keyed_by_day")
    table.name = "killed"

    async def write(number):
        async with FlussSession(server.bootstrap, DATABASE) as session:
            if number == 0:
                await table.create(session)
            await table.write(session, new_rows(table, number), gone(table, number) if number else ())

    async def finish():
        async with FlussSession(server.bootstrap, DATABASE) as session:
            await until_covered(session, [table])

    for number in range(3):
        asyncio.run(write(number))
        before = prepared(server)
        running = job(server, tmp_path / str(number))
        wait_for(lambda: bool(prepared(server) - before), True)
        running.kill()
        server.kill()  # and the server: otherwise it waits two minutes for a sign of life before the table goes to another job
        server.launch()
    with job(server, tmp_path / "last"):
        asyncio.run(finish())
    assert in_the_lake(server, table) == wanted(table.rows.values(), table.schema)
    assert_clean(f"{DATABASE}.killed", server)


def test_the_connector_reads_what_the_job_tiered(server, tmp_path):
    table = next(table for table in make_tables() if table.name == "log")
    table.name = "both"

    async def write(number, tiered):
        async with FlussSession(server.bootstrap, DATABASE) as session:
            if number == 0:
                await table.create(session)
            await table.write(session, new_rows(table, number))
            if tiered:
                await until_covered(session, [table])

    with job(server, tmp_path / "job"):
        asyncio.run(write(0, tiered=True))
    asyncio.run(write(1, tiered=False))
    with FlinkSql(server.bootstrap, tmp_path / "sql") as flink:
        for name, rows in (("both", table.rows.values()), ("both$lake", new_rows(table, 0))):
            columns = ", ".join(table.schema.names)
            answer = flink.rows(f"SELECT {columns} FROM {DATABASE}.`{name}`")
            assert found(answer, table.schema) == wanted(rows, table.schema)
