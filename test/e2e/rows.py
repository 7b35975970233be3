"""Schemas and rows shared by the end-to-end tests."""
import datetime as dt
from decimal import Decimal

import pyarrow as pa


def required(name, kind):
    return pa.field(name, kind, nullable=False)


LOG = pa.schema([("id", pa.int64()), ("name", pa.string()), ("score", pa.float64()), ("flag", pa.bool_()),
                 ("ts", pa.timestamp("us"))])
KEYED = pa.schema([required("id", pa.int32()), ("name", pa.string()), ("v", pa.int64())])
PREFIXED = pa.schema([required("a", pa.int32()), required("b", pa.string()), required("c", pa.int64()),
                      ("d", pa.string())])
BY_REGION = pa.schema([("id", pa.int32()), ("region", pa.string()), ("v", pa.int64())])
KEYED_BY_REGION = pa.schema([required("id", pa.int32()), required("region", pa.string()), ("v", pa.int64())])

SCALARS = pa.schema([
    ("b", pa.bool_()), ("i8", pa.int8()), ("i16", pa.int16()), ("i32", pa.int32()), ("i64", pa.int64()),
    ("f", pa.float32()), ("d", pa.float64()), ("s", pa.string()), ("by", pa.binary()), ("fb", pa.binary(4)),
    ("dec", pa.decimal128(10, 2)), ("bigdec", pa.decimal128(30, 4)), ("date", pa.date32()), ("t", pa.time32("ms")),
    ("ts", pa.timestamp("us")), ("tsl", pa.timestamp("us", tz="UTC"))])
NESTED = pa.schema([
    ("arr", pa.list_(pa.int32())), ("strs", pa.list_(pa.string())), ("m", pa.map_(pa.string(), pa.int32())),
    ("st", pa.struct([("x", pa.int32()), ("y", pa.string())]))])
EVERY_TYPE = pa.schema(list(SCALARS) + list(NESTED))

UTC = dt.timezone.utc
SCALAR_ROWS = [
    dict(b=True, i8=-8, i16=-16, i32=32, i64=1 << 40, f=1.5, d=2.25, s="héllo", by=b"\0\1", fb=b"abcd",
         dec=Decimal("12.34"), bigdec=Decimal("12345678901234567890.1234"), date=dt.date(2026, 9, 1),
         t=dt.time(1, 2, 3, 4000), ts=dt.datetime(2026, 1, 2, 3, 4, 5, 6),
         tsl=dt.datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)),
    dict(b=False, i8=-128, i16=-32768, i32=-(1 << 31), i64=-(1 << 63), f=-0.0, d=5e-324, s="", by=b"", fb=b"\0\0\0\0",
         dec=Decimal("-99999999.99"), bigdec=Decimal("-99999999999999999999999999.9999"), date=dt.date(1969, 12, 31),
         t=dt.time(0, 0, 0), ts=dt.datetime(1969, 12, 31, 23, 59, 59, 999000),
         tsl=dt.datetime(1901, 1, 1, tzinfo=UTC)),
    dict(b=True, i8=127, i16=32767, i32=(1 << 31) - 1, i64=(1 << 63) - 1, f=2.0 ** 120, d=1.7e308, s="水流" * 400,
         by=bytes(range(256)), fb=b"\xff\xfe\xfd\xfc", dec=Decimal("0.01"), bigdec=Decimal("0.0001"),
         date=dt.date(2100, 2, 28), t=dt.time(23, 59, 59, 999000), ts=dt.datetime(2100, 1, 1),
         tsl=dt.datetime(2100, 1, 1, tzinfo=UTC)),
]
NESTED_ROWS = [
    dict(arr=[1, None, 3], strs=["short", "longer than seven", None], m={"k": 1, "another key": None},
         st={"x": 1, "y": "z"}),
    dict(arr=[], strs=[], m={}, st={"x": None, "y": None}),
    dict(arr=list(range(100)), strs=["x" * 50] * 40, m={f"k{i}": i for i in range(50)}, st={"x": -1, "y": "é" * 30}),
]
EVERY_TYPE_ROWS = [{**scalar, **nested} for scalar, nested in zip(SCALAR_ROWS, NESTED_ROWS)]


async def change_at_random(table, model, dice, turn, keys, count):
    """Upsert and delete `count` rows of KEYED below key `keys`; `model` (key -> row) follows."""
    async with table.new_upsert().create_writer() as writer:
        for _ in range(count):
            key = dice.randrange(keys)
            if dice.random() < 0.2:
                writer.delete([key])
                model.pop(key, None)
            else:
                model[key] = {"id": key, "name": f"n{turn}", "v": dice.randrange(1000)}
                writer.upsert(model[key])


def plain(row):
    """A row as the client returns it, with maps as dicts."""
    return {name: dict(value) if name == "m" and value is not None else value for name, value in row.items()}


def log_batch(count, first=0):
    """`count` rows of LOG with ids from `first`."""
    ids = range(first, first + count)
    return pa.record_batch([
        pa.array(ids, pa.int64()), pa.array([f"name-{i}" for i in ids]), pa.array([i / 2 for i in ids]),
        pa.array([i % 2 == 0 for i in ids]),
        pa.array([dt.datetime(2026, 1, 1) + dt.timedelta(seconds=i) for i in ids], pa.timestamp("us"))], schema=LOG)
