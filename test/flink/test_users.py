"""The official Flink connector and tiering job against a server with users: what works, and that what is refused says why."""
import asyncio
import base64
import json
import urllib.request

import pytest
from fluss_session import FlussSession
from lake import wait_for
from official_flink import FlinkError, FlinkSql, TieringJob
from tables import DATABASE, NEVER, make_tables, new_rows
from test_official_tiering import until_covered
from values import found, wanted
from weir_server import WeirServer

USER, PASSWORD = "alice", "alice-secret"
USERS = ["--set", f"security.users=admin:admin-secret,{USER}:{PASSWORD}"]
LOGIN = {"security.protocol": "sasl", "security.sasl.mechanism": "PLAIN", "security.sasl.username": USER,
         "security.sasl.password": PASSWORD}
CATALOG = {f"client.{key}": value for key, value in LOGIN.items()}
LAKE = {"iceberg.credential": f"{USER}:{PASSWORD}"}
NO_LAKE_LOGIN = "'iceberg.credential' in a Fluss catalog of Flink"
CHECKPOINTS = {"execution.checkpointing.interval": "200 ms"}
# With checkpoints Flink begins a job anew, for ever and silently, whatever it failed of; unless told otherwise.
FEW_RESTARTS = {**CHECKPOINTS, "restart-strategy.type": "fixed-delay", "restart-strategy.fixed-delay.attempts": "2",
                "restart-strategy.fixed-delay.delay": "100 ms"}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with WeirServer.start(tmp_path_factory.mktemp("weir") / "data", USERS) as server:
        yield server


@pytest.fixture(scope="module")
def flink(server, tmp_path_factory):
    with FlinkSql(server.bootstrap, tmp_path_factory.mktemp("flink"), 1, {**CATALOG, **LAKE}, CHECKPOINTS) as flink:
        yield flink


@pytest.fixture(scope="module")
def lake(server, flink):
    """Tables with a first turn of rows in the lake and a second one only in the log."""
    tables = {table.name: table for table in make_tables() if table.name in ("log", "log_by_day", "keyed_position")}
    asyncio.run(write(server, tables.values(), 0))
    for table in tables.values():
        flink.ask("batch", f"ALTER TABLE {DATABASE}.{table.name} SET ('table.datalake.freshness' = '{NEVER}')")
        wait_for(lambda name=table.name: state(server, name), "scheduled")
    asyncio.run(write(server, tables.values(), 1))
    return tables


async def write(server, tables, turn):
    async with FlussSession(server.bootstrap, DATABASE, LOGIN) as session:
        for table in tables:
            if turn == 0:
                await table.create(session)
            await table.write(session, new_rows(table, turn))
        if turn == 0:
            await until_covered(session, tables)
            for table in tables:
                table.tiered()


def state(server, name):
    credentials = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    request = urllib.request.Request(f"http://{server.http}/v1/lake", headers={"Authorization": f"Basic {credentials}"})
    tables = json.load(urllib.request.urlopen(request))["tables"]
    return next(table["state"] for table in tables if table["table"] == f"{DATABASE}.{name}")


def refusals(server):
    return [line for line in server.log_tail(1000).splitlines() if "a client was refused" in line]


def test_tables_are_made_written_streamed_and_joined(flink):
    flink.ask("batch", "CREATE DATABASE made")
    flink.ask("batch", "CREATE TABLE made.customers (id INT, name STRING, PRIMARY KEY (id) NOT ENFORCED) WITH ('bucket.num' = '2')")
    flink.ask("batch", "CREATE TABLE made.orders (id INT, customer INT)")
    flink.ask("write", "INSERT INTO made.customers VALUES (1, 'ann'), (2, 'bob')")
    flink.ask("write", "INSERT INTO made.orders VALUES (100, 2), (101, 1), (102, 2)")
    flink.ask("write", "UPDATE made.customers SET name = 'bea' WHERE id = 2")
    assert sorted(flink.ask("stream", "SELECT * FROM made.orders LIMIT 3")) == [["+I", 100, 2], ["+I", 101, 1], ["+I", 102, 2]]
    assert sorted(flink.ask("stream:3", "SELECT o.id, c.name FROM (SELECT *, PROCTIME() AS seen FROM made.orders) AS o "
                     "JOIN made.customers FOR SYSTEM_TIME AS OF o.seen AS c ON o.customer = c.id")) == \
        [["+I", 100, "bea"], ["+I", 101, "ann"], ["+I", 102, "bea"]]
    assert flink.rows("SELECT name FROM made.customers WHERE id = 1") == [["ann"]]


@pytest.mark.parametrize("name", ["log", "log_by_day"])
def test_a_batch_reads_the_lake_and_the_log(flink, lake, name):
    table = lake[name]
    assert found(flink.rows(f"SELECT * FROM {DATABASE}.{name}"), table.schema) == wanted(table.rows.values(), table.schema)
    columns = ", ".join(table.schema.names)
    rows = flink.rows(f"SELECT {columns} FROM {DATABASE}.`{name}$lake`")
    assert len(table.lake) < len(table.rows)
    assert found(rows, table.schema) == wanted(table.lake, table.schema)


@pytest.mark.parametrize("name", ["log", "keyed_position"])
def test_a_stream_goes_on_from_the_lake_into_the_log(flink, lake, name):
    table = lake[name]
    changes = flink.ask(f"stream:{len(table.lake) + table.changes}" if table.keys else f"stream:{len(table.rows)}",
                        f"SELECT * FROM {DATABASE}.{name}")
    state = []
    for kind, *row in changes:
        state.append(row) if kind in ("+I", "+U") else state.remove(row)
    assert found(state, table.schema) == wanted(table.rows.values(), table.schema)


@pytest.mark.parametrize("changed, reason", [
    ({"client.security.sasl.password": "guess"}, "authentication failed: invalid user or password"),
    ({"client.security.sasl.username": "nobody"}, "authentication failed: invalid user or password"),
    ({"client.security.protocol": "PLAINTEXT"}, "authenticate first"),
])
def test_a_catalog_with_the_wrong_user_is_refused_when_it_is_made(server, tmp_path, changed, reason):
    with pytest.raises(FlinkError, match=reason):
        FlinkSql(server.bootstrap, tmp_path, 1, {**CATALOG, **changed})


@pytest.mark.parametrize("credential, reason", [
    ({}, NO_LAKE_LOGIN),
    ({"iceberg.credential": f"{USER}:guess"}, "wrong client id or secret"),
    ({"iceberg.credential": PASSWORD}, "'credential' is 'USER:PASSWORD'"),
])
def test_a_query_of_the_lake_without_the_right_user_says_so(server, lake, tmp_path, credential, reason):
    with FlinkSql(server.bootstrap, tmp_path, 1, {**CATALOG, **credential}) as flink:
        for mode, table in (("batch", "log"), ("batch", "`log$lake`"), ("stream:1", "log"), ("stream:1", "keyed_position")):
            with pytest.raises(FlinkError, match=reason):
                flink.ask(mode, f"SELECT * FROM {DATABASE}.{table}")


def test_with_checkpoints_the_restarts_of_flink_are_bounded_by_its_settings(server, lake, tmp_path):
    with FlinkSql(server.bootstrap, tmp_path, 1, CATALOG, FEW_RESTARTS) as flink:
        with pytest.raises(FlinkError, match=NO_LAKE_LOGIN):
            flink.ask("stream:1", f"SELECT * FROM {DATABASE}.log")
    assert any(NO_LAKE_LOGIN in line for line in refusals(server))


def test_the_tiering_job_logs_in(tmp_path):
    table = next(table for table in make_tables() if table.name == "log")
    with WeirServer.start(tmp_path / "data", [*USERS, "--set", "lake.tiering=external"]) as server:
        catalog = {"type": "rest", "uri": f"http://{server.http}/api/catalog", "credential": f"{USER}:{PASSWORD}"}
        with TieringJob(server.bootstrap, catalog, tmp_path / "job", 1, poll="200 ms", fluss=CATALOG):
            asyncio.run(write(server, [table], 0))
        with FlinkSql(server.bootstrap, tmp_path / "sql", 1, {**CATALOG, **LAKE}) as flink:
            rows = flink.rows(f"SELECT {', '.join(table.schema.names)} FROM {DATABASE}.`log$lake`")
            assert found(rows, table.schema) == wanted(table.rows.values(), table.schema)
