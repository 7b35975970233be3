"""SQL over tables that are partly in the lake: every row once, whatever tiering, retention and restarts do meanwhile (INV-6)."""
import datetime as dt
import itertools
import json
import pathlib
import re
import sys
import threading
import urllib.request
from decimal import Decimal

import pyarrow as pa
import pytest
from lake import lake_catalog, wait_for
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import (BooleanType, DateType, DecimalType, DoubleType, IntegerType, ListType, LongType, MapType,
                             NestedField, StringType, StructType, TimestampType, TimestamptzType)
from weir_server import WeirServer

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "sql"))
from slt import SqlClient  # noqa: E402

pytestmark = pytest.mark.weir_only

LAKE = "'table.datalake.enabled' = 'true', 'table.datalake.freshness' = '1s'"
_numbers = itertools.count()


class Sql(SqlClient):
    """Statements that must succeed, in a database of their own."""

    def __init__(self, server):
        super().__init__(server.http)
        self.name = f"union{next(_numbers)}"
        self(f"CREATE DATABASE IF NOT EXISTS {self.name}")
        self(f"USE {self.name}")

    def __call__(self, sql):
        answer = self.run(sql)
        assert answer.error is None, f"{sql}: {answer.error}"
        return answer.rows

    def one(self, sql):
        return self(sql)[0]

    def reads(self, sql):
        """{table: counts} of EXPLAIN ANALYZE."""
        lines = [value for key, value in self(f"EXPLAIN ANALYZE {sql}") if key == "tables_read"]
        names = ["hot_rows", "hot_bytes", "cold_rows", "files", "cold_bytes", "skipped_files", "skipped_manifests"]
        return {line.split(":")[0]: dict(zip(names, map(int, re.findall(r"\d+", line.split(":", 1)[1])))) for line in lines}

    def wait_until_cold(self, table, rows, column="*"):
        wait_for(lambda: self.run(f"SELECT count({column}) FROM {table}$lake").rows, [[str(rows)]])


def lake_status(server):
    return urllib.request.urlopen(f"http://{server.http}/v1/lake").read().decode()


def test_a_log_table_is_read_from_the_lake_and_the_log(server):
    sql = Sql(server)
    sql(f"CREATE TABLE t (id BIGINT, name STRING) DISTRIBUTED INTO 3 BUCKETS WITH ({LAKE})")
    assert sql.one("SELECT count(*), sum(id) FROM t") == ["0", None]
    sql("INSERT INTO t SELECT i, 'n' || i FROM range(1000) r(i)")
    sql.wait_until_cold("t", 1000)
    assert sql.one("SELECT count(*), count(DISTINCT id), sum(id), max(name) FROM t") == ["1000", "1000", "499500", "n999"]
    counts = sql.reads("SELECT sum(id) FROM t")["t"]
    assert (counts["hot_rows"], counts["cold_rows"]) == (0, 1000) and counts["files"] >= 1 and counts["cold_bytes"] > 0
    sql("ALTER TABLE t SET ('table.datalake.freshness' = '1h')")
    sql("INSERT INTO t SELECT i, 'n' || i FROM range(1000, 1500) r(i)")
    assert sql.one("SELECT count(*), count(DISTINCT id), sum(id) FROM t") == ["1500", "1500", str(1499 * 750)]
    assert sql("SELECT name FROM t WHERE id IN (5, 1400) ORDER BY id") == [["n5"], ["n1400"]]
    assert [row[0] for row in sql("DESCRIBE t")] == ["id", "name"]  # no system columns
    assert sql("SELECT * FROM t WHERE id = 7") == [["7", "n7"]]
    changes = sql("SELECT _change_type, count(*), count(DISTINCT _log_offset), min(_commit_timestamp) > '2020-01-01' "
                  "FROM t$changelog GROUP BY 1")
    assert changes[0][:2] == ["+A", "1500"] and changes[0][3] == "true"
    # The same table twice in a query is the same moment twice.
    assert sql.one(f"SELECT count(*) FROM t a JOIN {sql.name}.t b USING (id)") == ["1500"]


def test_what_the_lake_says_of_a_table(server):
    sql = Sql(server)
    sql(f"CREATE TABLE t (id INT, name STRING) DISTRIBUTED INTO 1 BUCKETS WITH ({LAKE})")
    sql("INSERT INTO t VALUES (1, 'a'), (2, 'b')")
    sql.wait_until_cold("t", 2)
    lake = lake_catalog(server).load_table((sql.name, "t"))
    row = sql.one("SELECT snapshot_id, operation, is_current, summary FROM t$snapshots ORDER BY committed_at DESC LIMIT 1")
    assert row[1:3] == ["append", "1"]
    assert int(row[0]) in [snapshot.snapshot_id for snapshot in lake.snapshots()]
    assert json.loads(row[3])["total-records"] == "2"
    files = sql("SELECT content, file_format, record_count, file_path FROM t$files")
    assert sum(int(f[2]) for f in files) == 2 and {f[0] for f in files} == {"data"}
    assert sql.one("SELECT count(*) FROM t$lake$snapshots")[0] == sql.one("SELECT count(*) FROM t$snapshots")[0]
    assert dict(sql("SELECT key, value FROM t$options"))["table.datalake.freshness"] == "1s"
    assert [f.name for f in lake.schema().fields] == [c["name"] for c in sql.run("SELECT * FROM t$lake").columns]
    assert sql.run("SELECT * FROM t$lake").rows[0][2:4] == ["0", "0"]  # __bucket, __offset
    for side in ("changelog", "lake", "snapshots", "files", "options", "lake$snapshots"):
        described = [row[0] for row in sql(f"DESCRIBE t${side}")]
        assert described == [c["name"] for c in sql.run(f"SELECT * FROM t${side}").columns], side
        assert sql(f"SHOW COLUMNS FROM {sql.name}.t${side}") == sql(f"DESCRIBE t${side}")
        for statement in ("SHOW CREATE TABLE t${}", "INSERT INTO t${} VALUES (1)", "DROP TABLE t${}",
                          "ALTER TABLE t${} SET ('a' = 'b')", "SHOW PARTITIONS t${}"):
            assert f"INVALID_TABLE {sql.name}.t${side} is a side of the table t" in sql.run(statement.format(side)).error
    assert "TABLE_NOT_EXIST" in sql.run("DESCRIBE nothing$lake").error


def test_time_travel_reads_an_old_snapshot(server):
    sql = Sql(server)
    sql(f"CREATE TABLE t (id INT) DISTRIBUTED INTO 1 BUCKETS WITH ({LAKE})")
    sql("INSERT INTO t VALUES (1), (2)")
    sql.wait_until_cold("t", 2)
    old = sql.one("SELECT CAST(committed_at AS TIMESTAMP) FROM t$snapshots WHERE is_current = 1")[0]
    sql("INSERT INTO t VALUES (3)")
    sql.wait_until_cold("t", 3)
    assert sql(f"SELECT count(*), max(t.id) FROM t FOR SYSTEM_TIME AS OF TIMESTAMP '{old}'") == [["2", "2"]]
    both = f"SELECT now.id, old.id FROM t now LEFT JOIN {sql.name}.t FOR SYSTEM_TIME AS OF '{old}' AS old ON now.id = old.id ORDER BY 1"
    assert sql(both) == [["1", "1"], ["2", "2"], ["3", None]]
    assert "no snapshot" in sql.run("SELECT * FROM t FOR SYSTEM_TIME AS OF TIMESTAMP '2001-01-01 00:00:00'").error
    assert "SQL_SYNTAX" in sql.run("SELECT * FROM t FOR SYSTEM_TIME AS OF TIMESTAMP 'yesterday'").error
    for time in [f"TIMESTAMP '{old}' - INTERVAL '1' HOUR + INTERVAL 60 MINUTE", f"CAST('{old}' AS TIMESTAMP)",
                 f"'{old}'::TIMESTAMP", f"(SELECT TIMESTAMP '{old}')", "(SELECT min(committed_at) FROM t$snapshots)"]:
        assert sql(f"SELECT count(*), max(t.id) FROM t FOR SYSTEM_TIME AS OF {time} WHERE t.id > 0") == [["2", "2"]], time
        assert sql(f"SELECT max(o.id) FROM t FOR SYSTEM_TIME AS OF {time} AS o") == [["2"]], time
    assert "no snapshot" in sql.run("SELECT * FROM t FOR SYSTEM_TIME AS OF CURRENT_TIMESTAMP - INTERVAL '1' YEAR").error
    for time in ["t.id + 1", "NULL::TIMESTAMP", "CAST('soon' AS TIMESTAMP)", "now() - t.moment"]:
        assert "SQL_SYNTAX FOR SYSTEM_TIME AS OF takes a time" in sql.run(
            f"SELECT * FROM t FOR SYSTEM_TIME AS OF {time}").error


def test_partitions_and_bounds_leave_files_out(server):
    sql = Sql(server)
    sql(f"CREATE TABLE t (id INT, day STRING, price DECIMAL(8, 2)) DISTRIBUTED INTO 1 BUCKETS PARTITIONED BY (day) WITH ({LAKE})")
    for day in ("d1", "d2", "d3"):
        sql(f"INSERT INTO t SELECT i, '{day}', i FROM range(100) r(i)")
    sql.wait_until_cold("t", 300)
    assert sql.one("SELECT count(*) FROM t WHERE day = 'd2'") == ["100"]
    counts = sql.reads("SELECT sum(id) FROM t WHERE day = 'd2'")["t"]
    assert counts["cold_rows"] == 100 and counts["skipped_files"] + counts["skipped_manifests"] >= 1
    counts = sql.reads("SELECT sum(id) FROM t WHERE price > 500.5")["t"]
    assert counts["cold_rows"] == 0
    assert sql.one("SELECT count(*) FROM t WHERE price >= 98.00 AND id > 97") == ["6"]
    sql("ALTER TABLE t SET ('table.datalake.freshness' = '1h')")
    sql("INSERT INTO t SELECT i, 'd4', i FROM range(10) r(i)")
    counts = sql.reads("SELECT sum(id) FROM t WHERE day = 'd4'")["t"]
    assert (counts["hot_rows"], counts["cold_rows"]) == (10, 0)
    assert sql.one("SELECT count(*), count(DISTINCT day) FROM t") == ["310", "4"]


def test_the_state_of_a_primary_key_table_and_its_lake_agree(server):
    sql = Sql(server)
    sql(f"CREATE TABLE t (id INT, name STRING, PRIMARY KEY (id) NOT ENFORCED) DISTRIBUTED BY (id) INTO 2 BUCKETS WITH ({LAKE})")
    sql("INSERT INTO t SELECT i, 'a' FROM range(100) r(i)")
    sql.wait_until_cold("t", 100)
    sql("DELETE FROM t WHERE id % 3 = 0")
    sql("UPDATE t SET name = 'b' WHERE id % 3 = 1")
    state = sql("SELECT id, name FROM t ORDER BY id")
    assert len(state) == 66
    wait_for(lambda: sql.run("SELECT id, name FROM t$lake ORDER BY id").rows, state)
    assert sql.one("SELECT count(*) FROM t$lake") == ["66"]  # deletes count, also when no column is read
    assert {f[0] for f in sql("SELECT content FROM t$files")} == {"data", "position-deletes"}


def test_every_type_comes_back_from_the_lake_as_it_is_in_the_log(server):
    sql = Sql(server)
    sql(f"""CREATE TABLE t (n INT, b BOOLEAN, i8 TINYINT, i16 SMALLINT, i64 BIGINT, f FLOAT, d DOUBLE, s STRING, c CHAR(3), by BYTES,
            fb BINARY(4), dec DECIMAL(10,2), bigdec DECIMAL(30,4), da DATE, t3 TIME(3), ts0 TIMESTAMP(0), ts3 TIMESTAMP(3),
            ts6 TIMESTAMP(6), lz TIMESTAMP_LTZ(6), arr ARRAY<SMALLINT>, m MAP<STRING, TIMESTAMP(3)>, r ROW<x TINYINT, y ARRAY<STRING>>)
            DISTRIBUTED INTO 1 BUCKETS WITH ({LAKE})""")
    sql("""INSERT INTO t VALUES
        (1, true, -8, -16, 1099511627776, 1.5, 2.25, 'héllo', 'abc', '\\x00\\x01'::BLOB, 'abcd'::BLOB, 12.34, 12345678901234567890.1234,
         DATE '2026-09-01', TIME '01:02:03.004', TIMESTAMP '2026-01-02 03:04:05', TIMESTAMP '2026-01-02 03:04:05.006',
         TIMESTAMP '1969-12-31 23:59:59.999999', TIMESTAMPTZ '2026-01-02 03:04:05.000006+00', [1, NULL, 3],
         MAP {'k': TIMESTAMP '2026-01-02 03:04:05.006', 'l': NULL}, {'x': 1, 'y': ['a', NULL]}),
        (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)""")
    hot = sql("SELECT * FROM t ORDER BY n")
    sql.wait_until_cold("t", 2)
    assert sql.reads("SELECT s FROM t")["t"]["hot_rows"] == 0
    assert sql("SELECT * FROM t ORDER BY n") == hot
    assert hot[0][7] == "héllo" and hot[1][1:] == [None] * 21


def test_columns_added_later_are_null_in_old_files(server):
    sql = Sql(server)
    sql(f"CREATE TABLE t (id INT) DISTRIBUTED INTO 1 BUCKETS WITH ({LAKE})")
    sql("INSERT INTO t VALUES (1)")
    sql.wait_until_cold("t", 1)
    sql("ALTER TABLE t ADD note STRING")
    assert sql("SELECT * FROM t") == [["1", None]]
    sql("INSERT INTO t VALUES (2, 'new')")
    sql.wait_until_cold("t", 2)
    assert sql("SELECT * FROM t ORDER BY id") == [["1", None], ["2", "new"]]
    assert sql("SELECT note FROM t WHERE note = 'new'") == [["new"]]


def test_tables_that_others_made_are_read_beside_ours(server):
    sql = Sql(server)
    catalog = lake_catalog(server)
    name = f"existing_namespace{next(_numbers)}"
    catalog.create_namespace(name)
    campaign = catalog.create_table((name, "campaign"), Schema(
        NestedField(1, "id", IntegerType()), NestedField(2, "name", StringType()), NestedField(3, "cost", DecimalType(9, 2)),
        NestedField(4, "tags", ListType(5, StringType(), False)),
        NestedField(6, "m", MapType(7, StringType(), 8, LongType(), False)),
        NestedField(9, "s", StructType(NestedField(10, "x", DoubleType()), NestedField(11, "y", BooleanType()))),
        NestedField(12, "d", DateType()), NestedField(13, "ts", TimestampType()), NestedField(14, "tz", TimestamptzType())),
        partition_spec=PartitionSpec(PartitionField(1, 1000, IdentityTransform(), "id")))
    assert sql(f"SELECT count(*) FROM {name}.campaign") == [["0"]]
    campaign.append(pa.Table.from_pylist([
        {"id": 1, "name": "spring", "cost": Decimal("12.50"), "tags": ["a", None], "m": {"k": 1}, "s": {"x": 1.5, "y": True},
         "d": dt.date(2026, 1, 2), "ts": dt.datetime(2026, 1, 2, 3, 4, 5, 6), "tz": dt.datetime(2026, 1, 2, tzinfo=dt.timezone.utc)},
        {"id": 2, "name": "autumn"}], schema=campaign.schema().as_arrow()))
    assert sql(f"SELECT cost, d, ts, CAST(tz AS TIMESTAMP) FROM {name}.campaign WHERE cost = 12.5") == [
        ["12.50", "2026-01-02", "2026-01-02 03:04:05.000006", "2026-01-02 00:00:00"]]
    assert sql(f"SELECT id, name, tags, m, s FROM rest_iceberg.{name}.campaign ORDER BY id") == [
        ["1", "spring", '["a",null]', '{"k":1}', '{"x":1.5,"y":true}'], ["2", "autumn", None, None, None]]
    assert [name] in sql("SHOW DATABASES") and sql(f"SHOW TABLES FROM {name}") == [["campaign"]]
    assert sql(f"DESCRIBE {name}.campaign")[0][:2] == ["id", "INT"]
    counts = sql.reads(f"SELECT name FROM {name}.campaign WHERE id = 2")["campaign"]
    assert counts["cold_rows"] == 1 and counts["skipped_files"] == 1
    assert "by another client" in sql.run(f"INSERT INTO {name}.campaign (id) VALUES (3)").error
    campaign.refresh().delete("id = 1")
    sql(f"USE {name}")
    assert sql("SELECT cast(id as varchar), name FROM campaign") == [["2", "autumn"]]
    assert sql(f"SELECT campaign.id, {name}.campaign.name, x.id FROM campaign, (SELECT id FROM campaign) AS x") == [
        ["2", "autumn", "2"]]
    assert sql(f"SELECT campaign.* EXCLUDE (cost, tags, m, s, d, ts, tz) FROM {name}.campaign") == [["2", "autumn"]]
    assert sql.one("SELECT count(*) FROM campaign$snapshots")[0] == str(len(campaign.refresh().snapshots()))
    assert "does not exist" in sql.run("SELECT * FROM campain").error


def test_restarts_and_expired_segments_lose_no_row(tmp_path):
    options = ["--set", "log.segment.file-size=1mb", "--set", "log.retention.check-interval=1s", "--set", "log.sync.interval=100ms"]
    with WeirServer.start(tmp_path / "data", options) as server:
        sql = Sql(server)
        sql(f"CREATE TABLE t (id BIGINT, filler STRING) DISTRIBUTED INTO 1 BUCKETS WITH ({LAKE}, 'table.log.ttl' = '1s', "
            "'table.log.arrow.compression.type' = 'NONE')")
        rows = 0
        for turn in range(4):
            sql(f"INSERT INTO t SELECT i, repeat('x', 500) || i FROM range({rows}, {rows + 4000}) r(i)")
            rows += 4000
            assert sql.one("SELECT count(*), sum(id) FROM t") == [str(rows), str(rows * (rows - 1) // 2)]
        sql.wait_until_cold("t", rows)
        wait_for(lambda: sql.reads("SELECT count(filler) FROM t")["t"]["hot_rows"], 0)
        # Segments go once they are in the lake and old: the log's first offset rises.
        folder = tmp_path / "data" / "data"
        wait_for(lambda: not list(folder.rglob("00000000000000000000.log")), True)
        everything = f"SELECT count(*), count(DISTINCT id), sum(id), count(filler) FROM {sql.name}.t"
        offsets = f"SELECT count(*), min(_log_offset), max(_log_offset) FROM {sql.name}.t$changelog"
        for start in (lambda: None, server.restart, lambda: (server.kill(), server.launch())):
            start()
            sql = SqlClient(server.http)
            assert sql.run(everything).rows == [[str(rows), str(rows), str(rows * (rows - 1) // 2), str(rows)]]
            assert sql.run(offsets).rows == [[str(rows), "0", str(rows - 1)]]


def test_every_row_once_while_it_is_written_and_tiered(tmp_path):
    options = ["--set", "log.segment.file-size=1mb", "--set", "log.retention.check-interval=1s"]
    with WeirServer.start(tmp_path / "data", options) as server:
        sql = Sql(server)
        sql(f"CREATE TABLE t (id BIGINT, filler STRING) DISTRIBUTED INTO 1 BUCKETS WITH ({LAKE}, 'table.log.ttl' = '1s')")
        acknowledged, stop, problems = [0], threading.Event(), []

        def write():
            writer = SqlClient(server.http)
            while not stop.is_set():
                first = acknowledged[0]
                answer = writer.run(f"INSERT INTO {sql.name}.t SELECT i, md5(i::STRING) FROM range({first}, {first + 997}) r(i)")
                if answer.error is not None:
                    problems.append(answer.error)
                    return
                acknowledged[0] = first + 997

        thread = threading.Thread(target=write)
        thread.start()
        cold, both, snapshots = 0, 0, set()
        try:
            while len(snapshots) < 6 and not problems:
                before = acknowledged[0]
                count, distinct, total, hashes = sql.one("SELECT count(*), count(DISTINCT id), sum(id), count(DISTINCT filler) FROM t")
                n = int(count)
                assert n >= before and n == int(distinct) == int(hashes) and int(total or 0) == n * (n - 1) // 2
                counts = sql.reads("SELECT max(filler) FROM t")["t"]
                cold += counts["cold_rows"] > 0
                both += counts["cold_rows"] > 0 and counts["hot_rows"] > 0
                snapshots |= {row[0] for row in sql.run("SELECT snapshot_id FROM t$snapshots").rows}
        finally:
            stop.set()
            thread.join()
        assert problems == [] and cold > 0 and both > 0


@pytest.mark.parametrize("kind", ["primary key", "clean log"])
def test_the_changelog_is_what_the_log_has_also_when_the_lake_has_it(server, kind):
    sql = Sql(server)
    if kind == "primary key":
        sql(f"CREATE TABLE t (id INT, v INT, PRIMARY KEY (id) NOT ENFORCED) WITH ({LAKE})")
        changes = [["+I", "1", "1"], ["+I", "2", "2"], ["-U", "1", "1"], ["+U", "1", "5"]]
    else:
        sql(f"CREATE TABLE t (id INT, v INT) WITH ({LAKE}, 'table.datalake.iceberg.layout' = 'clean')")
        changes = [["+A", "1", "1"], ["+A", "2", "2"]]
    sql("INSERT INTO t VALUES (1, 1), (2, 2)")
    if kind == "primary key":
        sql("UPDATE t SET v = 5 WHERE id = 1")
    read = 'SELECT _change_type, id, v FROM "t$changelog" ORDER BY _log_offset'
    assert sql(read) == changes
    sql.wait_until_cold("t", 2)
    wait_for(lambda: sql("SELECT count(*) FROM t$lake WHERE v = 5" if kind == "primary key" else "SELECT 1"), [["1"]])
    assert sql(read) == changes


@pytest.mark.parametrize("layout", ["fluss", "clean"])
def test_what_another_client_changed_in_the_lake_is_read_at_once(server, layout):
    sql = Sql(server)
    sql(f"CREATE TABLE t (id INT, v INT) WITH ({LAKE}, 'table.datalake.iceberg.layout' = '{layout}', "
        "'table.datalake.iceberg.live' = 'off')")
    sql("INSERT INTO t VALUES (1, 1), (2, 2), (3, 3)")
    sql.wait_until_cold("t", 3)
    lake_catalog(server).load_table(f"{sql.name}.t").delete("id = 1")
    assert sql("SELECT id FROM t ORDER BY id") == [["2"], ["3"]]
    sql("INSERT INTO t VALUES (4, 4)")
    assert sql("SELECT id FROM t ORDER BY id") == [["2"], ["3"], ["4"]]
    sql.wait_until_cold("t", 3)
    assert sql("SELECT id FROM t ORDER BY id") == [["2"], ["3"], ["4"]]


def test_a_damaged_batch_is_an_error_and_does_not_reach_the_lake(tmp_path):
    with WeirServer.start(tmp_path / "data") as server:
        sql = Sql(server)
        sql("CREATE TABLE t (id INT, v INT) WITH ('table.log.arrow.compression.type' = 'NONE', "
            "'table.datalake.enabled' = 'true', 'table.datalake.freshness' = '1h')")
        sql("CREATE TABLE k (id INT, v INT, PRIMARY KEY (id) NOT ENFORCED) "
            "WITH ('table.log.arrow.compression.type' = 'NONE')")
        for table in ("t", "k"):
            sql(f"INSERT INTO {table} VALUES (1, 7777777), (2, 2)")
        server.stop()
        for log in server.data_dir.glob(f"data/{sql.name}/*/log-0/*.log"):
            data = log.read_bytes()
            at = data.index((7777777).to_bytes(4, "little"))
            log.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1:])
        server.launch()
        assert "corrupt" in sql.run("SELECT * FROM t").error
        assert "corrupt" in sql.run('SELECT * FROM "k$changelog"').error
        sql("ALTER TABLE t SET ('table.datalake.freshness' = '1s')")
        wait_for(lambda: "corrupt" in lake_status(server), True)
        assert sql.run("SELECT count(*) FROM t$lake").rows in ([], [["0"]])
