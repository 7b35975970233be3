"""Columns that differ only in case: Fluss knows two, SQL calls the second name_1."""
import pathlib
import sys

import pyarrow as pa
import pytest
from fluss_session import append, upsert
from lake import wait_for
from rows import required

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "sql"))
from slt import SqlClient  # noqa: E402

pytestmark = pytest.mark.weir_only

NESTED = pa.struct([("x", pa.int32()), ("X", pa.int32())])
KEYED = pa.schema([required("a", pa.int32()), required("A", pa.int32()), ("a_1", pa.string()), ("r", NESTED)])


def ask(server, sql):
    answer = SqlClient(server.http).run(sql)
    assert answer.error is None, f"{sql}: {answer.error}"
    return answer.affected if answer.affected is not None else answer.rows


async def test_a_log_table_hot_and_cold(server, session):
    name = f"{session.database}.t"
    async with session:
        table = await session.create("t", pa.schema([("A", pa.int32()), ("a", pa.int32()), ("r", NESTED)]),
                                     properties={"table.datalake.enabled": "true", "table.datalake.freshness": "1s"})
        await append(table, pa.table({"A": [1, 2], "a": [30, 40], "r": [{"x": 1, "X": 2}, None]},
                                     schema=pa.schema([("A", pa.int32()), ("a", pa.int32()), ("r", NESTED)])))
        wanted = [["1", "30", "2"], ["2", "40", None]]
        query = "SELECT a, a_1, r.x_1 FROM {} WHERE {} ORDER BY 1"
        assert ask(server, query.format(name, "true")) == wanted
        wait_for(lambda: ask(server, f"SELECT count(*) FROM {name}$lake"), [["2"]])
        for side in (name, f"{name}$lake", f"{name}$changelog"):
            assert ask(server, query.format(side, "true")) == wanted
            assert ask(server, query.format(side, "a_1 = 30")) == wanted[:1]
            assert ask(server, query.format(side, "A = 2")) == wanted[1:]
        assert ask(server, f"INSERT INTO {name} (a, A) VALUES (50, 3)") == 1
        assert ask(server, query.format(name, "A > 2")) == [["3", "50", None]]


async def test_a_primary_key_table_is_changed_where_it_was_meant(server, session):
    name = f"{session.database}.k"
    async with session:
        table = await session.create("k", KEYED, ["a", "A"])
        await upsert(table, [{"a": 1, "A": 10, "a_1": "p", "r": {"x": 1, "X": 2}},
                             {"a": 10, "A": 1, "a_1": "q", "r": None}])
        assert ask(server, f"SELECT a, a_2, a_1, r.x, r.x_1 FROM {name} ORDER BY a") == [
            ["1", "10", "p", "1", "2"], ["10", "1", "q", None, None]]
        assert ask(server, f"UPDATE {name} SET a_1 = a_1 || a_2 WHERE a = 1") == 1
        assert ask(server, f"SELECT a, a_2, a_1 FROM {name} WHERE a_2 = 10") == [["1", "10", "p10"]]
        assert ask(server, f"DELETE FROM {name} WHERE a_2 = 1") == 1
        assert ask(server, f"SELECT a, a_2, a_1, r.x_1 FROM {name}") == [["1", "10", "p10", "2"]]
        assert ask(server, f"DESCRIBE {name}")[1][0] == "A"


def test_sql_makes_no_such_table(server):
    sql = SqlClient(server.http)
    assert "a and A differ only in case" in sql.run("CREATE TABLE fluss.c (a INT, b INT, A INT)").error
    assert "x and X differ only in case" in sql.run("CREATE TABLE fluss.c (r ROW<x INT, X INT>)").error
    assert sql.run("CREATE TABLE fluss.cases (a INT)").error is None
    assert "a and A differ only in case" in sql.run("ALTER TABLE fluss.cases ADD A INT").error
    assert sql.run("DROP TABLE fluss.cases").error is None
