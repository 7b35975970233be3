"""What SHOW CREATE TABLE answers is accepted again, and makes the same table."""
import pathlib
import sys

import pytest

FOLDER = pathlib.Path(__file__).parent
sys.path[:0] = [str(FOLDER), str(FOLDER.parent / "e2e")]

from slt import SqlClient  # noqa: E402
from weir_server import WeirServer  # noqa: E402

TABLES = {
    "names": """CREATE TABLE db.t (
        `a``b` INT, `it's` STRING COMMENT 'it''s a `comment`', "do""ble" INT COMMENT '"quoted"', `order` INT,
        `with space` ROW<`x``y` INT 'in''side', `sel ect` ARRAY<MAP<STRING, INT NOT NULL>>>, `größe` BYTES,
        `1st` CHAR(3), `primary` INT, `key` INT, `watermark` INT, `constraint` INT, `a.b` INT, `a,b` INT,
        PRIMARY KEY (`a``b`, `it's`) NOT ENFORCED
        ) COMMENT 'it''s "quoted" `too`
second line' DISTRIBUTED BY (`a``b`) INTO 3 BUCKETS PARTITIONED BY (`it's`)
        WITH ('k''ey' = 'v''al`ue"', 'empty' = '', 'table.log.ttl' = '1 d')""",
    "types": """CREATE TABLE db.t (
        b1 BOOLEAN, i1 TINYINT, i2 SMALLINT, i4 INT NOT NULL, i8 BIGINT, f FLOAT, d DOUBLE, c CHAR(5), s STRING,
        v VARCHAR(10), bi BINARY(4), vb VARBINARY(7), `by` BYTES, de DECIMAL(38, 10), da DATE, ti TIME, ti0 TIME(0),
        ti3 TIME(3), ti9 TIME(9), ts TIMESTAMP, ts0 TIMESTAMP(0), ts9 TIMESTAMP(9), tl TIMESTAMP_LTZ(6),
        tz TIMESTAMP(3) WITH LOCAL TIME ZONE, ar ARRAY<INT>, m MAP<STRING, ROW<a INT>>,
        r ROW<a INT NOT NULL, b ARRAY<STRING>> NOT NULL)""",
    "partitions": """CREATE TABLE db.t (id BIGINT, day STRING, hour INT, PRIMARY KEY (id, day, hour) NOT ENFORCED)
        PARTITIONED BY (day, hour) DISTRIBUTED BY (id) INTO 5 BUCKETS
        WITH ('table.auto-partition.enabled' = 'true', 'table.auto-partition.key' = 'day',
              'table.auto-partition.time-unit' = 'DAY')""",
    "auto increment": """CREATE TABLE db.t (name STRING, id INT, PRIMARY KEY (name) NOT ENFORCED)
        WITH ('auto-increment.fields' = 'id', 'bucket.num' = '2')""",
}


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    with WeirServer.start(tmp_path_factory.mktemp("show") / "data") as server:
        client = SqlClient(server.http)
        assert client.run("CREATE DATABASE db").error is None
        yield client


def rows(client, sql):
    answer = client.run(sql)
    assert answer.error is None, f"{sql}: {answer.error}"
    return answer.rows


@pytest.mark.parametrize("create", TABLES.values(), ids=TABLES.keys())
def test_show_create_table_makes_the_same_table(client, create):
    rows(client, create)
    said = rows(client, "SHOW CREATE TABLE db.t")[0][0]
    columns = rows(client, "DESCRIBE db.t")
    rows(client, "DROP TABLE db.t")
    rows(client, said)
    assert rows(client, "SHOW CREATE TABLE db.t")[0][0] == said
    assert rows(client, "DESCRIBE db.t") == columns
    rows(client, "DROP TABLE db.t")


def test_columns_with_quotes_in_their_names_can_be_used(client):
    rows(client, """CREATE TABLE db.quotes (`a``b` INT, `do"ble` INT, `it's` STRING, PRIMARY KEY (`a``b`) NOT ENFORCED)""")
    assert client.run("INSERT INTO db.quotes (`a``b`, `do\"ble`) VALUES (1, 2)").affected == 1
    assert client.run("UPDATE db.quotes SET `do\"ble` = `a``b` + 2, `it's` = 'x''y' WHERE \"a`b\" = 1").affected == 1
    assert rows(client, """SELECT `a``b`, quotes."do""ble", "it's" FROM db.quotes WHERE `a``b` = 1""") == [
        ["1", "3", "x'y"]]
