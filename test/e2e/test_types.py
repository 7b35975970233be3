"""Every type of the protocol, there and back, in log tables and in primary-key tables.

The Python client knows only COMPACTED values; the Java client's checks cover INDEXED ones."""
import pyarrow as pa
import pytest
from fluss_session import changes, lookup, read_all, read_records, upsert
from rows import EVERY_TYPE, EVERY_TYPE_ROWS, NESTED, SCALARS, plain, required

NULL_ROW = {name: None for name in EVERY_TYPE.names}


async def test_log_tables_keep_every_type(session):
    async with session:
        table = await session.create("t", EVERY_TYPE)
        async with table.new_append().create_writer() as writer:
            for row in EVERY_TYPE_ROWS:
                writer.append(row)
            writer.append({})
        records = await read_records(table, len(EVERY_TYPE_ROWS) + 1)
        assert [plain(record.row) for record in records] == [*EVERY_TYPE_ROWS, NULL_ROW]


@pytest.mark.parametrize("column", EVERY_TYPE.names)
async def test_each_type_can_be_projected_alone(session, column):
    async with session:
        table = await session.create("t", EVERY_TYPE)
        async with table.new_append().create_writer() as writer:
            for row in [*EVERY_TYPE_ROWS, {}]:
                writer.append(row)
        read = await read_all(table, columns=[column])
        values = [dict(v) if column == "m" and v is not None else v for v in read[column].to_pylist()]
        assert values == [row[column] for row in [*EVERY_TYPE_ROWS, NULL_ROW]]


def keyed(row, key):
    return {"k": key, **row}


async def test_primary_key_tables_keep_every_type(session):
    schema = pa.schema([required("k", pa.int32()), *EVERY_TYPE])
    async with session:
        table = await session.create("t", schema, ["k"])
        rows = [keyed(row, key) for key, row in enumerate([*EVERY_TYPE_ROWS, NULL_ROW])]
        await upsert(table, rows)
        for row in rows:
            assert plain(await lookup(table, [row["k"]])) == row
        records = await read_records(table, len(rows))
        assert [(kind, plain(row)) for kind, row in changes(records)] == [("+I", row) for row in rows]


@pytest.mark.parametrize("compression", ["NONE", "LZ4_FRAME", "ZSTD"])
async def test_the_changelog_keeps_every_type_in_every_compression(session, compression):
    schema = pa.schema([required("k", pa.int32()), *EVERY_TYPE])
    async with session:
        table = await session.create("t", schema, ["k"],
                                     properties={"table.log.arrow.compression.type": compression})
        rows = [keyed(row, key) for key, row in enumerate(EVERY_TYPE_ROWS)]
        await upsert(table, rows)
        records = await read_records(table, len(rows))
        assert [plain(record.row) for record in records] == rows


KEY_COLUMNS = [name for name in SCALARS.names if name not in ("f", "d")]


@pytest.mark.parametrize("column", KEY_COLUMNS)
async def test_every_scalar_type_can_be_a_primary_key(session, column):
    kind = SCALARS.field(column).type
    async with session:
        table = await session.create("t", pa.schema([required(column, kind), ("v", pa.int32())]), [column], buckets=3)
        keys = list({row[column]: None for row in EVERY_TYPE_ROWS})
        await upsert(table, [{column: key, "v": number} for number, key in enumerate(keys)])
        for number, key in enumerate(keys):
            assert await lookup(table, [key]) == {column: key, "v": number}


async def test_nested_types_nest_deeper(session):
    inner = pa.struct([("tags", pa.list_(pa.string())), ("n", pa.int64())])
    schema = pa.schema([required("k", pa.int32()), ("deep", pa.list_(pa.struct([("a", inner), ("b", pa.int8())]))),
                        ("m", pa.map_(pa.string(), pa.list_(pa.int32())))])
    async with session:
        table = await session.create("t", schema, ["k"])
        row = {"k": 1, "deep": [{"a": {"tags": ["x", None], "n": 5}, "b": 1}, {"a": None, "b": None}],
               "m": {"one": [1, 2], "none": None}}
        await upsert(table, [row])
        assert plain(await lookup(table, [1])) == row
        assert plain((await read_records(table, 1))[0].row) == row


def test_the_nested_rows_cover_empty_and_null_values():
    assert {len(row["arr"]) for row in EVERY_TYPE_ROWS} >= {0, 100}
    assert len(NESTED) == 4
