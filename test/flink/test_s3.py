"""The official Flink connector reads a lake on S3: with the access key that the server hands out, and with one of its own."""
import asyncio

import pytest
from fluss_session import FlussSession
from object_store import ACCESS, FaultyS3, lake_options
from official_flink import FlinkError, FlinkSql
from tables import DATABASE, make_tables, new_rows, stop_tiering
from test_official_tiering import until_covered
from values import found, wanted
from weir_server import WeirServer

HANDED_OUT = {"iceberg.header.X-Iceberg-Access-Delegation": "vended-credentials"}
OWN = {f"iceberg.s3.{key}": ACCESS[key] for key in ("access-key-id", "secret-access-key")}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    store = FaultyS3()
    try:
        with WeirServer.start(tmp_path_factory.mktemp("weir") / "data", lake_options(store.endpoint)) as server:
            yield server
    finally:
        store.close()


@pytest.fixture(scope="module")
def lake(server):
    """Tables with a first turn of rows on S3 and a second one only in the log."""
    tables = {table.name: table for table in make_tables() if table.name in ("log", "keyed_position")}
    asyncio.run(fill(server, tables.values()))
    return tables


async def fill(server, tables):
    async with FlussSession(server.bootstrap, DATABASE) as session:
        for table in tables:
            await table.create(session)
            await table.write(session, new_rows(table, 0))
        await until_covered(session, tables)
        for table in tables:
            table.tiered()
            stop_tiering(server, table)
            await table.write(session, new_rows(table, 1))


@pytest.mark.parametrize("access", [HANDED_OUT, OWN], ids=["handed out", "own"])
def test_lake_and_log_are_read(server, lake, tmp_path, access):
    log, keyed = lake["log"], lake["keyed_position"]
    columns = ", ".join(log.schema.names)
    with FlinkSql(server.bootstrap, tmp_path, 1, access) as flink:
        assert found(flink.rows(f"SELECT * FROM {DATABASE}.log"), log.schema) == wanted(log.rows.values(), log.schema)
        assert found(flink.rows(f"SELECT {columns} FROM {DATABASE}.`log$lake`"), log.schema) == wanted(log.lake, log.schema)
        changes = flink.ask(f"stream:{len(keyed.lake) + keyed.changes}", f"SELECT * FROM {DATABASE}.keyed_position")
        state = []
        for kind, *row in changes:
            state.append(row) if kind in ("+I", "+U") else state.remove(row)
        assert found(state, keyed.schema) == wanted(keyed.rows.values(), keyed.schema)


def test_without_a_key_a_query_says_what_is_missing(server, lake, tmp_path, monkeypatch):
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with FlinkSql(server.bootstrap, tmp_path, 1) as flink:
        with pytest.raises(FlinkError, match="Unable to load credentials"):
            flink.rows(f"SELECT * FROM {DATABASE}.log")
