"""`weir demo attribution`: the mart that SQL makes equals the one computed from the input in plain Python."""
import collections
import datetime as dt
import json
import re
import subprocess
import sys
from decimal import Decimal

import pytest
from pyiceberg.catalog import load_catalog
from attribution_model import final_tables, mart, moment
from weir_server import WeirServer, weir_binary

pytestmark = pytest.mark.weir_only
ORDERS = 1000


def run(*arguments):
    return subprocess.run([str(weir_binary()), *map(str, arguments)], capture_output=True, text=True, timeout=120)


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """(what it printed, its input, its data folder) of one run."""
    folder = tmp_path_factory.mktemp("demo")
    done = run("demo", "attribution", "--orders", ORDERS, "--seed", 7, "--data-dir", folder / "data", "--dump",
               folder / "dump", "--python", sys.executable)
    assert done.returncode == 0, done.stderr
    return done.stdout, folder / "dump", folder / "data"


def duration(text):
    """DuckDB's interval text as a timedelta: '3 days 04:05:06.789'."""
    if text is None:
        return None
    days = re.search(r"(-?\d+) days?", text)
    clock = re.search(r"(\d+):(\d+):(\d+)(?:\.(\d+))?", text)
    result = dt.timedelta(days=int(days[1]) if days else 0)
    if clock:
        hours, minutes, seconds = (int(clock[n]) for n in (1, 2, 3))
        micros = int((clock[4] or "0").ljust(6, "0")[:6])
        result += dt.timedelta(hours=hours, minutes=minutes, seconds=seconds, microseconds=micros)
    return result


def sql_rows(text, *where):
    """Rows of a query as {order id: row}, typed like the model's."""
    done = run("sql", *where, "--format", "json", "-c", text)
    assert done.returncode == 0, done.stderr
    rows = {}
    for line in done.stdout.splitlines():
        row = json.loads(line, parse_float=Decimal)
        row["total_amount"] = Decimal(str(row["total_amount"]))
        row["order_time"] = moment(row["order_time"])
        row["first_touch_time"] = row["first_touch_time"] and moment(row["first_touch_time"])
        row["touch_to_order"] = duration(row["touch_to_order"])
        rows[row["order_id"]] = row
    return rows


def test_the_mart_agrees_row_for_row_with_the_independent_computation(demo):
    _, dump, data = demo
    expected = mart(dump / "arrivals.jsonl")
    found = sql_rows((dump / "mart.sql").read_text(), "--data-dir", data)
    assert found.keys() == expected.keys()
    for order, row in expected.items():
        assert found[order] == row, order


def test_the_mart_is_the_same_on_a_running_server(demo):
    _, dump, data = demo
    with WeirServer.start(data) as server:
        found = sql_rows((dump / "mart.sql").read_text(), "--server", server.http)
    assert found == mart(dump / "arrivals.jsonl")


def test_pyiceberg_reads_the_mart_from_the_catalog(demo):
    printed, dump, data = demo
    expected = mart(dump / "arrivals.jsonl")
    assert f"\n{len(expected)} orders, " in printed
    with WeirServer.start(data) as server:
        catalog = load_catalog("weir", type="rest", uri=f"http://{server.http}/api/catalog")
        found = {row["order_id"]: row for row in catalog.load_table("shop.mart_first_touch").scan().to_arrow().to_pylist()}
    assert found.keys() == expected.keys()
    for order, row in expected.items():
        touched = row["touch_to_order"]
        assert found[order]["touch_to_order_s"] == (touched if touched is None else touched // dt.timedelta(seconds=1)), order
        for column in found[order].keys() & row.keys():
            assert found[order][column] == row[column], (order, column)


def test_the_input_has_what_makes_attribution_hard(demo):
    _, dump, _ = demo
    tables, events = final_tables(dump / "arrivals.jsonl")
    lines = [json.loads(line) for line in (dump / "arrivals.jsonl").read_text().splitlines()]
    operations = collections.Counter((line["table"], line["op"]) for line in lines)
    assert operations["orders", "delete"] > 0 and operations["orders", "upsert"] > ORDERS
    assert operations["customers", "delete"] > 0 and operations["campaigns", "delete"] == 1
    times = [moment(event["event_time"]) for event in events]
    assert any(later < earlier - dt.timedelta(hours=1) for earlier, later in zip(times, times[1:])), "no late events"
    busiest = collections.Counter(order["customer_id"] for order in tables["orders"].values()).most_common(1)[0][1]
    assert busiest > len(tables["orders"]) / 50, "no skew"


def test_the_mart_covers_the_borders_of_the_window(demo):
    _, dump, _ = demo
    rows = mart(dump / "arrivals.jsonl").values()
    between = {row["touch_to_order"] for row in rows}
    assert dt.timedelta(days=7) in between and dt.timedelta(0) in between and None in between
    assert max(time for time in between if time) == dt.timedelta(days=7)


def test_it_prints_the_mart_the_bars_and_what_to_try_next(demo):
    printed, dump, data = demo
    assert (dump / "mart.sql").read_text().strip() in printed
    assert "Revenue by first-touch channel" in printed and "█" in printed
    assert printed.count(f"--data-dir {data}") == 3
    rows = mart(dump / "arrivals.jsonl").values()
    for channel in {row["channel"] for row in rows if row["channel"]}:
        revenue = sum(row["total_amount"] for row in rows if row["channel"] == channel)
        assert re.search(rf"{channel} .*\b{revenue}\b", printed), (channel, revenue)


@pytest.mark.parametrize("name", ["orders", "mart_first_touch"])
def test_tables_of_somebody_else_are_not_dropped(tmp_path, name):
    with WeirServer.start(tmp_path / "data") as server:
        where = ("demo", "attribution", "--orders", 20, "--server", server.bootstrap, "--http", server.http, "--python", sys.executable)
        sql = lambda text: run("sql", "--server", server.http, "--format", "json", "-c", text)  # noqa: E731
        made = sql(f"CREATE DATABASE shop; CREATE TABLE shop.{name} (id INT, PRIMARY KEY (id) NOT ENFORCED) COMMENT 'ours'; "
                   f"INSERT INTO shop.{name} VALUES (1), (2)")
        assert made.returncode == 0, made.stderr
        refused = run(*where)
        assert refused.returncode == 1 and f"shop.{name}" in refused.stderr and "--force" in refused.stderr
        assert sql(f"SELECT sum(id) AS s FROM shop.{name}").stdout == '{"s":3}\n'
        assert len(sql("SHOW TABLES FROM shop").stdout.splitlines()) == 1
        forced = run(*where, "--force")
        assert forced.returncode == 0, forced.stderr
        again = run(*where)  # they are the demo's now
        assert again.returncode == 0, again.stderr


def test_the_same_seed_makes_the_same_shop(demo, tmp_path):
    _, dump, _ = demo
    done = run("demo", "attribution", "--orders", ORDERS, "--seed", 7, "--data-dir", tmp_path / "data", "--dump", tmp_path / "dump")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "dump/arrivals.jsonl").read_bytes() == (dump / "arrivals.jsonl").read_bytes()
