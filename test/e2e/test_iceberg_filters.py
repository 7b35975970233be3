"""Filters that PyIceberg sends to the catalog's scan planning: every type of column, constants as people write them. A
filter must skip nothing that matches, and nobody may have to know the type of a column to compare it with a number."""
import datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from fluss_session import FlussSession, append
from lake import lake_catalog
from pyiceberg import expressions as where
from weir_server import WeirServer

pytestmark = pytest.mark.weir_only

COLUMNS = pa.schema([
    ("id", pa.int64()), ("b", pa.bool_()), ("i", pa.int32()), ("f", pa.float32()), ("d", pa.float64()), ("m", pa.decimal128(10, 2)),
    ("s", pa.string()), ("day", pa.date32()), ("ts", pa.timestamp("us")), ("tz", pa.timestamp("us", "UTC")), ("x", pa.binary())])


def row(n):
    """Row 0 holds nulls, the others grow with n."""
    if n == 0:
        return {"id": 0}
    moment = datetime.datetime(2026, 1, n, 12)
    return {"id": n, "b": n % 2 == 1, "i": n, "f": n + 0.5, "d": n + 0.25, "m": Decimal(n) + Decimal("0.10"), "s": "abcdef"[n] * n,
            "day": moment.date(), "ts": moment, "tz": moment.replace(tzinfo=datetime.timezone.utc), "x": bytes([n])}


ROWS = [row(n) for n in range(6)]
#: filter, the rows that it keeps (PyIceberg drops nulls for != and keeps them for NotIn)
FILTERS = [
    ("id > 3", {4, 5}), ("id in (1, 5, 99)", {1, 5}), ("id > 9223372036854775806", set()),
    ("b = true", {1, 3, 5}), ("b is null", {0}), ("i < 3", {1, 2}), ("not i < 3", {3, 4, 5}), ("i != 3", {1, 2, 4, 5}),
    ("f > 3", {3, 4, 5}), ("f > 3.5", {4, 5}), ("d > 3", {3, 4, 5}), ("d = 3.25", {3}), ("d is nan", set()),
    ("m > 3", {3, 4, 5}), ("m > 3.10", {4, 5}), ("m >= 3.10", {3, 4, 5}), ("m in (1.10, 5.10)", {1, 5}), ("m = 3", set()),
    ("s = 'dddd'", set()), ("s = 'ddd'", {3}), ("s like 'd%'", {3}), ("s not like 'd%'", {1, 2, 4, 5}), ("s is not null", {1, 2, 3, 4, 5}),
    ("day >= '2026-01-04'", {4, 5}), ("ts > '2026-01-03T12:00:00'", {4, 5}), ("tz <= '2026-01-02T12:00:00+00:00'", {1, 2}),
    ("i > 2 and (m < 4 or s = 'fffff')", {3, 5}),
    (where.GreaterThan("m", Decimal("3.10")), {4, 5}), (where.EqualTo("m", Decimal("2.10")), {2}), (where.LessThan("m", 2), {1}),
    (where.EqualTo("day", datetime.date(2026, 1, 2)), {2}), (where.GreaterThan("ts", datetime.datetime(2026, 1, 4)), {4, 5}),
    (where.LessThan("tz", datetime.datetime(2026, 1, 2, tzinfo=datetime.timezone.utc)), {1}), (where.EqualTo("x", b"\x02"), {2}),
    (where.In("s", {"b", "ccc", "fffff"}), {1, 5}), (where.NotIn("i", {1, 2}), {0, 3, 4, 5}), (where.GreaterThan("f", 2), {2, 3, 4, 5}),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with WeirServer.start(tmp_path_factory.mktemp("filters") / "data") as running:
        yield running


async def test_every_filter_keeps_its_rows(server):
    async with FlussSession(server.bootstrap, "filters") as session:
        writer = await session.create("t", COLUMNS, properties={"table.datalake.enabled": "true", "table.datalake.freshness": "1 h"})
        for one in ROWS:  # a file of statistics of its own for each
            await append(writer, pa.Table.from_pylist([one], schema=COLUMNS))
        reader = lake_catalog(server).load_table("filters.t")
        wrong = []
        for filter_, kept in FILTERS:
            try:
                found = set(reader.scan(row_filter=filter_, selected_fields=("id",)).to_arrow()["id"].to_pylist())
            except Exception as error:  # noqa: BLE001: all that fail at once
                found = f"{type(error).__name__}: {error}"
            if found != kept:
                wrong.append((str(filter_), found, kept))
        assert not wrong, "\n".join(map(str, wrong))
