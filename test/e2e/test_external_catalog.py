"""Tiering into an Iceberg REST catalog elsewhere: another Weir, behind a proxy that fails on demand."""
import asyncio
import threading

import pyarrow as pa
import pytest
from external_catalog import (BASE, CREDENTIAL, FAST, REFERENCE, SECRET, catalog_of, ids, lake_status_text, sql, start, status,
                              table_status)
from faulty_proxy import FaultyProxy
from fluss_session import FlussSession, append, upsert
from lake import committed, rows_of, wait_for
from pyiceberg.exceptions import CommitFailedException
from rows import KEYED, LOG, log_batch
from verify import assert_clean
from weir_server import free_port

pytestmark = pytest.mark.weir_only


async def test_log_and_key_tables_arrive_in_the_other_catalog(tmp_path, house, proxy):
    with start(tmp_path, proxy.address) as server:
        async with FlussSession(server.bootstrap, "db") as session:
            log = await session.create("log", LOG, buckets=2, properties=FAST)
            keyed = await session.create("keyed", KEYED, ["id"], buckets=2, properties=FAST)
            await append(log, log_batch(100))
            await upsert(keyed, [{"id": i, "name": "a", "v": i} for i in range(50)])
            catalog = catalog_of(house)
            wait_for(lambda: ids(catalog.load_table(("db", "log"))), list(range(100)))
            wait_for(lambda: ids(catalog.load_table(("db", "keyed"))), list(range(50)))
            await append(log, log_batch(100, 100))
            await upsert(keyed, [{"id": i, "name": "b", "v": -i} for i in range(25)])
        wait_for(lambda: ids(catalog.load_table(("db", "log"))), list(range(200)))
        wanted = [{"id": i, "name": "b" if i < 25 else "a", "v": -i if i < 25 else i} for i in range(50)]
        wait_for(lambda: sorted(rows_of(catalog.load_table(("db", "keyed"))), key=lambda row: row["id"]), wanted)
        for name in ("log", "keyed"):
            assert_clean(f"db.{name}", server)
        assert sql(server, "SELECT count(*) AS n, sum(id) AS s FROM db.log").split() == ["n,s", f"200,{sum(range(200))}"]
        assert sql(server, "SELECT count(*) AS n FROM db.keyed$lake").split() == ["n", "50"]
        assert status(server)["catalog"] == {"type": "rest", "uri": f"http://{proxy.address}{BASE}", "up": True}
        # A table of others, and an alias that is none.
        catalog.create_namespace("others")
        theirs = catalog.create_table(("others", "t"), LOG)
        theirs.append(pa.Table.from_batches([log_batch(7)]))
        wait_for(lambda: sql(server, "SELECT count(o.id) AS n FROM others.t o").split(), ["n", "7"])
        assert proxy.count("GET", "/namespaces/others/tables/t") > 0
        assert proxy.count("GET", "/namespaces/o/") == 0
        assert "others" in sql(server, "SHOW DATABASES") and "t" in sql(server, "SHOW TABLES FROM others").split()
        # Its own endpoint says where the tables are.
        refused = sql_get(server, "/api/catalog/v1/config")
        assert refused[0] == 406 and proxy.address in refused[1]


def sql_get(server, path):
    import urllib.error
    import urllib.request
    try:
        with urllib.request.urlopen(f"http://{server.http}{path}") as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


async def test_commits_without_an_answer_are_neither_lost_nor_doubled(tmp_path, house, proxy):
    """Unknown outcomes, errors of the server and slow answers, by turns."""
    faults = [dict(kind="late", method="POST", path="/tables/"), dict(kind="status", value=503, method="POST"),
              dict(kind="drop", method="POST", path="/tables/"), dict(kind="status", value=500, path="/tables/"),
              dict(kind="hang", value=0.7, method="POST", path="/tables/"), dict(kind="status", value=502),
              dict(kind="late"), dict(kind="status", value=429), dict(kind="status", value=504, method="POST")]
    turns = 2 * len(faults)
    with start(tmp_path, proxy.address, **{"lake.catalog.request-timeout": "500ms"}) as server:
        async with FlussSession(server.bootstrap, "db") as session:
            log = await session.create("log", LOG, buckets=2, properties=FAST)
            keyed = await session.create("keyed", KEYED, ["id"], buckets=2, properties=FAST)
            for turn in range(turns):
                proxy.fail(1 + turn % 2, **faults[turn % len(faults)])
                await append(log, log_batch(20, turn * 20))
                await upsert(keyed, [{"id": i, "name": f"t{turn}", "v": turn} for i in range(turn, turn + 10)])
                while proxy.faults_left() > 0:
                    await asyncio.sleep(0.02)
        catalog = catalog_of(house)
        table = wait_for_table(catalog, ("db", "log"))
        wait_for(lambda: ids(table), list(range(20 * turns)))
        keyed_table = wait_for_table(catalog, ("db", "keyed"))
        wanted = [(i, min(i, turns - 1)) for i in range(turns + 9)]
        wait_for(lambda: sorted((row["id"], row["v"]) for row in rows_of(keyed_table.refresh())), wanted)
        for name in ("log", "keyed"):
            assert_clean(f"db.{name}", server)
        assert_offsets_of_summaries_grow(committed(table.refresh()))


def wait_for_table(catalog, name):
    found = []

    def look():
        found[:] = [catalog.load_table(name)]
        return True
    wait_for(look, True)
    return found[0]


def assert_offsets_of_summaries_grow(snapshots):
    """Each snapshot of tiering names an offsets file of its own: none was committed twice."""
    paths = [snapshot.summary.additional_properties["fluss-offsets"] for snapshot in snapshots]
    assert len(paths) == len(set(paths)) > 1


async def test_the_catalog_is_down(tmp_path, house, proxy):
    with start(tmp_path, proxy.address) as server:
        async with FlussSession(server.bootstrap, "db") as session:
            keyed = await session.create("keyed", KEYED, ["id"], buckets=2, properties=FAST)
            log = await session.create("log", LOG, properties=FAST)
            await append(log, log_batch(50))
            await upsert(keyed, [{"id": i, "name": "a", "v": i} for i in range(50)])
            catalog = catalog_of(house)
            wait_for(lambda: ids(catalog.load_table(("db", "log"))), list(range(50)))
            wait_for(lambda: ids(catalog.load_table(("db", "keyed"))), list(range(50)))
            proxy.down = True
            await append(log, log_batch(50, 50))
            await upsert(keyed, [{"id": 1, "name": "b", "v": -1}])
            # New tables, too: nothing waits for the catalog.
            other = await session.create("other", LOG, properties=FAST)
            await append(other, log_batch(10))
        wait_for(lambda: table_status(server, "db.log")["failures"] > 0, True)
        assert sql(server, "SELECT count(*) AS n FROM db.log").split() == ["n", "100"]
        assert sql(server, "SELECT v FROM db.keyed WHERE id = 1").split() == ["v", "-1"]
        assert f"of {proxy.address}" in sql(server, "SELECT count(*) AS n FROM db.log$lake")
        assert status(server)["catalog"]["up"] is False and status(server)["catalog"]["error"]
        code, text = lake_status_text(server)
        assert code == 4 and "gives no answer" in text
        # A start does not need it either.
        server.restart()
        assert sql(server, "SELECT count(*) AS n FROM db.log").split() == ["n", "100"]
        assert "weir_lake_catalog_up 0" in wait_for_metric(server, "weir_lake_catalog_up 0")
        proxy.down = False
        wait_for(lambda: ids(catalog.load_table(("db", "log"))), list(range(100)))
        wait_for(lambda: ids(catalog.load_table(("db", "other"))), list(range(10)))
        for name in ("log", "keyed", "other"):
            assert_clean(f"db.{name}", server)


def metrics(server):
    return sql_get(server, "/metrics")[1]


def wait_for_metric(server, line):
    wait_for(lambda: line in metrics(server), True)
    return metrics(server)


@pytest.mark.skipif(bool(REFERENCE), reason="takes any credential")
async def test_a_wrong_credential_stops_nothing_else_and_shows_nowhere(tmp_path, house, proxy):
    wrong = "not-the-right-one-4711"
    settings = {"datalake.iceberg.credential": f"tier:{wrong}", "datalake.iceberg.header.X-Key": "header-secret-0815"}
    with start(tmp_path, proxy.address, **settings) as server:
        async with FlussSession(server.bootstrap, "db") as session:
            plain = await session.create("plain", LOG)
            log = await session.create("log", LOG, properties=FAST)
            await append(plain, log_batch(10))
            await append(log, log_batch(10))
            wait_for(lambda: "refuses the credential" in table_status(server, "db.log").get("error", ""), True)
            assert sql(server, "SELECT count(*) AS n FROM db.plain").split() == ["n", "10"]
            assert sql(server, "SELECT count(*) AS n FROM db.log").split() == ["n", "10"]
            info = await session.admin.get_table_info(session.path("log"))
            described = str({**info.get_properties(), **info.get_custom_properties()})
            configs = str([str(one) for one in await describe_configs(session)])
        everywhere = "\n".join([described, configs, metrics(server), str(status(server)), lake_status_text(server)[1],
                                sql(server, "SHOW CREATE TABLE db.log"), sql(server, "DESCRIBE db.log"),
                                sql(server, "SELECT * FROM db.log$options"), server.log_path.read_text()])
        for secret in (wrong, SECRET, CREDENTIAL, "header-secret-0815"):
            assert secret not in everywhere
        assert f"http://{proxy.address}{BASE}" in described


async def describe_configs(session):
    describe = getattr(session.admin, "describe_cluster_configs", None)
    return await describe() if describe else []


async def test_secrets_do_not_show_when_the_catalog_repeats_them(tmp_path, house):
    """A token that the catalog has forgotten is renewed; an error that repeats what was sent is cleaned."""
    with FaultyProxy(house.http) as proxy, start(tmp_path, proxy.address) as server:
        async with FlussSession(server.bootstrap, "db") as session:
            log = await session.create("log", LOG, properties=FAST)
            await append(log, log_batch(10))
            catalog = catalog_of(house)
            wait_for(lambda: ids(catalog.load_table(("db", "log"))), list(range(10)))
            tokens = proxy.count("POST", "/oauth/tokens")
            proxy.fail(1, kind="status", value=401, path="/tables/")
            proxy.fail(1, kind="status", value=419, method="POST", path="/tables/")
            await append(log, log_batch(10, 10))
            wait_for(lambda: ids(catalog.load_table(("db", "log"))), list(range(20)))
        assert proxy.count("POST", "/oauth/tokens") > tokens
        assert proxy.faults_left() == 0


async def test_others_commit_to_the_same_table(tmp_path, house, proxy):
    """A foreign commit between load and commit is a conflict, and the round is built anew on top of it."""
    with start(tmp_path, proxy.address) as server:
        async with FlussSession(server.bootstrap, "db") as session:
            log = await session.create("log", LOG, properties=FAST)
            await append(log, log_batch(10))
            catalog = catalog_of(house)
            wait_for(lambda: ids(catalog.load_table(("db", "log"))), list(range(10)))
            for turn in range(1, 6):
                await append(log, log_batch(10, 10 * turn))
                table = catalog.load_table(("db", "log"))
                with table.transaction() as change:
                    change.set_properties({"turn": str(turn)})
                table.refresh()
                table.manage_snapshots().create_tag(table.current_snapshot().snapshot_id, f"t{turn}").commit()
                table.delete(f"id == {turn}") if turn < 3 else None
        gone = {1, 2}
        wait_for(lambda: ids(catalog.load_table(("db", "log"))), [i for i in range(60) if i not in gone])
        assert sql(server, "SELECT count(*) AS n FROM db.log").split() == ["n", "58"]


@pytest.mark.parametrize("mode", ["POSITION", "DELETION-VECTOR", "COPY-ON-WRITE"])
async def test_a_table_that_somebody_rolls_back_gets_its_rows_again(tmp_path, house, proxy, mode):
    """What the log still has comes once more, and each key stays one row."""
    with start(tmp_path, proxy.address) as server:
        async with FlussSession(server.bootstrap, "db") as session:
            keyed = await session.create("keyed", KEYED, ["id"], properties={**FAST, "table.datalake.iceberg.delete-mode": mode})
            catalog = catalog_of(house)
            model = {}

            async def write(ids, version):
                model.update(dict.fromkeys(ids, version))
                await upsert(keyed, [{"id": i, "name": "n", "v": version} for i in ids])

            def rows():
                return sorted((row["id"], row["v"]) for row in rows_of(catalog.load_table(("db", "keyed"))))

            def arrived():
                wait_for(rows, sorted(model.items()))

            def roll_back(snapshot_id):
                """PyIceberg does not try this again when a round or a compaction was faster."""
                table = catalog.load_table(("db", "keyed"))
                try:
                    table.manage_snapshots().set_current_snapshot(snapshot_id).commit()
                except CommitFailedException:
                    return False
                return True
            await write(range(10), 0)
            arrived()
            first = catalog.load_table(("db", "keyed")).current_snapshot().snapshot_id
            for turn in range(1, 4):
                await write(range(turn, turn + 5), turn)
                arrived()
                wait_for(lambda: roll_back(first), True)
                await write([100 + turn], turn)
                arrived()
        assert_clean("db.keyed", server)
        assert sql(server, "SELECT count(*) AS n FROM db.keyed").split() == ["n", str(len(model))]


async def test_a_dropped_table_leaves_the_catalog_and_may_come_again(tmp_path, house, proxy):
    with start(tmp_path, proxy.address) as server:
        async with FlussSession(server.bootstrap, "db") as session:
            catalog = catalog_of(house)
            for turn in range(2):
                log = await session.create("log", LOG, properties=FAST)
                await append(log, log_batch(10, 100 * turn))
                wait_for(lambda turn=turn: ids(catalog.load_table(("db", "log"))), list(range(100 * turn, 100 * turn + 10)))
                await session.admin.drop_table(session.path("log"))
            wait_for(lambda: catalog.table_exists(("db", "log")), False)
            # A table of somebody else keeps its name and its rows.
            catalog.create_table(("db", "theirs"), LOG)
            theirs = await session.create("theirs", LOG, properties=FAST)
            await append(theirs, log_batch(5))
        wait_for(lambda: "another table of this name" in table_status(server, "db.theirs").get("error", ""), True)
        assert ids(catalog.load_table(("db", "theirs"))) == []
        assert sql(server, "SELECT count(*) AS n FROM db.theirs").split() == ["n", "5"]


@pytest.mark.parametrize("request_path", ["/namespaces/db/tables", "/namespaces/db/tables/log"])
async def test_a_table_that_is_dropped_while_it_is_made_or_committed_to_does_not_come_back(tmp_path, house, proxy,
                                                                                         request_path):
    with start(tmp_path, proxy.address) as server:
        async with FlussSession(server.bootstrap, "db") as session:
            catalog = catalog_of(house)
            passed_on = threading.Event()
            proxy.fail(1, kind="hold", value=passed_on, method="POST", path=request_path)
            log = await session.create("log", LOG, properties=FAST)
            await append(log, log_batch(10))
            wait_for(proxy.faults_left, 0)
            before = proxy.count("POST", request_path)
            await session.admin.drop_table(session.path("log"))
            passed_on.set()
            wait_for(lambda: proxy.count("POST", request_path) > before, True)
            wait_for(lambda: catalog.table_exists(("db", "log")), False)
            # Neither is anything left that makes the next one of this name wait.
            again = await session.create("log", LOG, properties=FAST)
            await append(again, log_batch(5, 100))
            wait_for(lambda: ids(catalog.load_table(("db", "log"))), list(range(100, 105)))
        assert_clean("db.log", server)


async def test_a_place_that_was_not_allowed_is_refused(tmp_path, house, proxy):
    elsewhere = {"datalake.iceberg.other-locations": str(tmp_path / "elsewhere")}
    with start(tmp_path, proxy.address, **elsewhere) as server:
        async with FlussSession(server.bootstrap, "db") as session:
            log = await session.create("log", LOG, properties=FAST)
            await append(log, log_batch(10))
        wait_for(lambda: "may not lie" in table_status(server, "db.log").get("error", ""), True)
        assert sql(server, "SELECT count(*) AS n FROM db.log").split() == ["n", "10"]


def test_a_catalog_that_nobody_answers_at_does_not_hold_up_the_start(tmp_path):
    address = f"127.0.0.1:{free_port()}"
    with start(tmp_path, address) as server:
        assert sql(server, "SELECT 1 AS one").split() == ["one", "1"]
        assert status(server)["catalog"]["uri"] == f"http://{address}{BASE}"


async def test_a_table_that_is_dropped_while_the_catalog_is_down_goes_when_it_is_back(tmp_path, house, proxy):
    with start(tmp_path, proxy.address) as server:
        async with FlussSession(server.bootstrap, "db") as session:
            log = await session.create("log", LOG, properties=FAST)
            await append(log, log_batch(10))
            catalog = catalog_of(house)
            wait_for(lambda: ids(catalog.load_table(("db", "log"))), list(range(10)))
            proxy.down = True
            await session.admin.drop_table(session.path("log"))
        server.kill()
        server.launch()
        assert catalog.table_exists(("db", "log"))
        proxy.down = False
        wait_for(lambda: catalog.table_exists(("db", "log")), False)
