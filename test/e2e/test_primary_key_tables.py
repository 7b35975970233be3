"""Primary-key tables through the official Python client: upsert, delete, lookups, merge engines, changelog."""
import asyncio
import collections
import random

import pyarrow as pa
import pytest
from fluss import TableBucket
from fluss_session import changes, error_of, lookup, read_records, upsert
from rows import KEYED, PREFIXED, required

DELETION_DISABLED, INVALID_TARGET_COLUMN = 57, 35


async def test_the_last_upsert_wins_and_deletes_remove(session):
    async with session:
        table = await session.create("t", KEYED, ["id"])
        await upsert(table, [{"id": i, "name": f"n{i}", "v": i} for i in range(1000)])
        writer = table.new_upsert().create_writer()
        await writer.upsert([5, "five", 55]).wait()
        await writer.delete({"id": 6}).wait()
        await writer.delete([7]).wait()
        lookuper = table.new_lookup().create_lookuper()
        assert await lookuper.lookup({"id": 5}) == {"id": 5, "name": "five", "v": 55}
        assert await lookuper.lookup([6]) is None
        assert await lookuper.lookup((7,)) is None
        assert await lookuper.lookup([999]) == {"id": 999, "name": "n999", "v": 999}
        assert await lookuper.lookup([1000]) is None


async def test_an_acknowledged_upsert_is_visible_at_once(session):
    async with session:
        table = await session.create("t", KEYED, ["id"])
        writer = table.new_upsert().create_writer()
        lookuper = table.new_lookup().create_lookuper()
        for version in range(5):
            await writer.upsert([1, "x", version]).wait()
            assert (await lookuper.lookup([1]))["v"] == version


async def test_the_changelog_shows_old_and_new_rows(session):
    async with session:
        table = await session.create("t", KEYED, ["id"])
        writer = table.new_upsert().create_writer()
        await writer.upsert([1, "a", 1]).wait()
        await writer.upsert([2, "b", 2]).wait()
        await writer.upsert([1, "A", 11]).wait()
        await writer.delete([2]).wait()
        await writer.delete([3]).wait()
        await writer.upsert([2, "again", 22]).wait()
        old, new = {"id": 1, "name": "a", "v": 1}, {"id": 1, "name": "A", "v": 11}
        assert changes(await read_records(table, 6)) == [
            ("+I", old), ("+I", {"id": 2, "name": "b", "v": 2}), ("-U", old), ("+U", new),
            ("-D", {"id": 2, "name": "b", "v": 2}), ("+I", {"id": 2, "name": "again", "v": 22})]


async def test_one_batch_may_touch_a_key_many_times(session):
    async with session:
        table = await session.create("t", KEYED, ["id"])
        async with table.new_upsert().create_writer() as writer:
            writer.upsert([1, "a", 1])
            writer.upsert([1, "b", 2])
            writer.delete([1])
            writer.upsert([1, "c", 3])
        kinds = [kind for kind, _ in changes(await read_records(table, 5))]
        assert kinds == ["+I", "-U", "+U", "-D", "+I"]
        assert await lookup(table, [1]) == {"id": 1, "name": "c", "v": 3}


async def test_the_changelog_replayed_is_the_table(session):
    async with session:
        table = await session.create("t", KEYED, ["id"], buckets=3)
        dice, model, count = random.Random(7), {}, 0
        async with table.new_upsert().create_writer() as writer:
            for step in range(3000):
                key = dice.randrange(200)
                if dice.random() < 0.2:
                    count += model.pop(key, None) is not None
                    writer.delete([key])
                else:
                    count += 2 if key in model else 1
                    model[key] = {"id": key, "name": f"n{step}", "v": step}
                    writer.upsert(model[key])
        replayed = {}
        for kind, row in changes(await read_records(table, count, buckets=3)):
            if kind in ("+I", "+U"):
                replayed[row["id"]] = row
            else:
                assert replayed.pop(row["id"]) == row
        assert replayed == model
        keys = dice.sample(sorted(model), 8)
        assert [await lookup(table, [key]) for key in keys] == [model[key] for key in keys]


async def test_wal_image_has_no_old_rows(session):
    async with session:
        table = await session.create("t", KEYED, ["id"], properties={"table.changelog.image": "wal"})
        writer = table.new_upsert().create_writer()
        await writer.upsert([1, "a", 1]).wait()
        await writer.upsert([1, "b", 2]).wait()
        await writer.delete([1]).wait()
        new = {"id": 1, "name": "b", "v": 2}
        assert changes(await read_records(table, 3)) == [("+U", {"id": 1, "name": "a", "v": 1}), ("+U", new),
                                                         ("-D", new)]


async def test_partial_updates_keep_the_other_columns(session):
    async with session:
        table = await session.create("t", KEYED, ["id"])
        await upsert(table, [[10, "ten", 10]])
        by_name = table.new_upsert().partial_update_by_name(["id", "v"]).create_writer()
        await by_name.upsert({"id": 10, "v": 1010}).wait()
        await by_name.upsert({"id": 11, "v": 1111}).wait()
        by_index = table.new_upsert().partial_update_by_index([0, 1]).create_writer()
        await by_index.upsert([10, "TEN"]).wait()
        assert await lookup(table, [10]) == {"id": 10, "name": "TEN", "v": 1010}
        assert await lookup(table, [11]) == {"id": 11, "name": None, "v": 1111}


async def test_a_partial_delete_clears_only_its_columns(session):
    async with session:
        table = await session.create("t", KEYED, ["id"])
        await upsert(table, [[1, "one", 1]])
        names = table.new_upsert().partial_update_by_name(["id", "name"]).create_writer()
        await names.delete([1]).wait()
        assert await lookup(table, [1]) == {"id": 1, "name": None, "v": 1}
        values = table.new_upsert().partial_update_by_name(["id", "v"]).create_writer()
        await values.delete([1]).wait()
        assert await lookup(table, [1]) is None


async def test_prefix_lookups_find_every_row_of_the_prefix(session):
    async with session:
        table = await session.create("t", PREFIXED, ["a", "b", "c"], buckets=3, bucket_keys=["a", "b"])
        await upsert(table, [[a, b, c, f"{a}{b}{c}"] for a in range(5) for b in ("x", "y", "xy") for c in range(4)])
        lookuper = table.new_lookup().lookup_by(["a", "b"]).create_lookuper()
        rows = await lookuper.lookup({"a": 2, "b": "x"})
        assert sorted((row["a"], row["b"], row["c"]) for row in rows) == [(2, "x", c) for c in range(4)]
        assert await lookuper.lookup([9, "q"]) == []
        assert await lookup(table, [4, "xy", 3]) == {"a": 4, "b": "xy", "c": 3, "d": "4xy3"}


async def test_limit_returns_that_many_rows(session):
    async with session:
        table = await session.create("t", KEYED, ["id"])
        await upsert(table, [[i, f"n{i}", i] for i in range(100)])
        bucket = TableBucket(table.get_table_info().table_id, 0)
        rows = await table.new_scan().limit(10).create_bucket_batch_scanner(bucket).to_arrow()
        assert rows.num_rows == 10
        assert all(row == {"id": row["id"], "name": f"n{row['id']}", "v": row["id"]} for row in rows.to_pylist())
        rows = await table.new_scan().limit(1000).create_bucket_batch_scanner(bucket).to_arrow()
        assert sorted(rows["id"].to_pylist()) == list(range(100))


async def test_first_row_keeps_the_first(session):
    async with session:
        table = await session.create("t", KEYED, ["id"], properties={"table.merge-engine": "first_row"})
        writer = table.new_upsert().create_writer()
        for row in ([1, "a", 5], [1, "b", 3], [2, "c", 9], [1, "d", 9]):
            await writer.upsert(row).wait()
        assert await lookup(table, [1]) == {"id": 1, "name": "a", "v": 5}
        records = changes(await read_records(table, 2))
        assert [(kind, row["name"]) for kind, row in records] == [("+I", "a"), ("+I", "c")]


async def test_versioned_keeps_the_highest_version(session):
    async with session:
        table = await session.create("t", KEYED, ["id"], properties={
            "table.merge-engine": "versioned", "table.merge-engine.versioned.ver-column": "v"})
        writer = table.new_upsert().create_writer()
        for row in ([1, "a", 5], [1, "older", 3], [1, "same", 5], [1, "newer", 9], [1, "null", None]):
            await writer.upsert(row).wait()
        assert await lookup(table, [1]) == {"id": 1, "name": "newer", "v": 9}


@pytest.mark.parametrize("behavior, code, stays", [("allow", None, False), ("ignore", None, True),
                                                   ("disable", DELETION_DISABLED, True)])
async def test_delete_behavior_decides_what_a_delete_does(session, behavior, code, stays):
    async with session:
        table = await session.create("t", KEYED, ["id"], properties={"table.delete.behavior": behavior})
        await upsert(table, [[1, "a", 1]])
        assert await error_of(table.new_upsert().create_writer().delete([1]).wait()) == code
        assert (await lookup(table, [1]) is not None) == stays


async def test_auto_increment_columns_number_new_keys(session):
    schema = pa.schema([required("k", pa.string()), ("uid", pa.int64())])
    async with session:
        table = await session.create("t", schema, ["k"], auto_increment_column="uid")
        writer = table.new_upsert().partial_update_by_name(["k"]).create_writer()
        for key in ("a", "b", "a", "c"):
            await writer.upsert({"k": key}).wait()
        assert [(await lookup(table, [key]))["uid"] for key in ("a", "b", "c")] == [1, 2, 3]


@pytest.mark.parametrize("compression", ["NONE", "LZ4_FRAME", "ZSTD"])
async def test_large_changelog_batches_can_be_read(session, compression):
    # Buffers above 64 KiB: the official LZ4 reader refuses linked blocks there.
    async with session:
        table = await session.create("t", KEYED, ["id"],
                                     properties={"table.log.arrow.compression.type": compression})
        await upsert(table, [[i, f"name of row number {i} " * 4, i] for i in range(20_000)])
        counted = collections.Counter(kind for kind, _ in changes(await read_records(table, 20_000)))
        assert counted == {"+I": 20_000}


async def test_lookups_run_side_by_side(session):
    async with session:
        table = await session.create("t", KEYED, ["id"], buckets=4)
        await upsert(table, [[i, f"n{i}", i] for i in range(100)])
        found = await asyncio.gather(*[lookup(table, [i]) for i in range(120)])
        assert [row and row["v"] for row in found] == [*range(100), *[None] * 20]


async def test_a_composite_key_may_hold_any_order_of_columns(session):
    schema = pa.schema([("v", pa.int64()), required("b", pa.string()), required("a", pa.int32())])
    async with session:
        table = await session.create("t", schema, ["a", "b"], buckets=3)
        await upsert(table, [{"v": n, "b": f"b{n % 3}", "a": n} for n in range(60)])
        assert await lookup(table, {"a": 7, "b": "b1"}) == {"v": 7, "b": "b1", "a": 7}
        assert await lookup(table, {"a": 7, "b": "b2"}) is None
