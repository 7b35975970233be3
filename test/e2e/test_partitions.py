"""Partitioned tables through the official Python client."""
import asyncio
import datetime as dt

import pyarrow as pa
from fluss import EARLIEST_OFFSET, OffsetSpec
from fluss_session import append, error_of, lookup, upsert
from rows import BY_REGION, KEYED_BY_REGION, LOG

PARTITION_NOT_EXISTS, TABLE_NOT_PARTITIONED, PARTITION_EXISTS, PARTITION_SPEC_INVALID = 36, 37, 42, 43


def region_batch(region, count):
    return pa.record_batch([pa.array(range(count), pa.int32()), pa.array([region] * count),
                            pa.array(range(count), pa.int64())], schema=BY_REGION)


async def read_partitions(session, table, name):
    infos = await session.admin.list_partition_infos(session.path(name))
    scanner = await table.new_scan().create_record_batch_log_scanner()
    scanner.subscribe_partition_buckets({(info.partition_id, 0): EARLIEST_OFFSET for info in infos})
    return await scanner.to_arrow()


async def test_rows_go_to_the_partition_they_name(session):
    async with session:
        table = await session.create("t", BY_REGION, partition_keys=["region"])
        for region in ("US", "EU"):
            await session.create_partition("t", region=region)
        await append(table, region_batch("US", 10))
        await append(table, region_batch("EU", 4))
        rows = await read_partitions(session, table, "t")
        assert sorted(rows["region"].to_pylist()) == ["EU"] * 4 + ["US"] * 10
        assert await session.offsets("t", OffsetSpec.latest(), partition="US") == {0: 10}
        assert await session.offsets("t", OffsetSpec.latest(), partition="EU") == {0: 4}


async def test_partitions_are_listed_until_dropped(session):
    async with session:
        await session.create("t", BY_REGION, partition_keys=["region"])
        for region in ("US", "EU", "APAC"):
            await session.create_partition("t", region=region)
        await session.admin.drop_partition(session.path("t"), {"region": "EU"})
        infos = await session.admin.list_partition_infos(session.path("t"))
        assert sorted(info.partition_name for info in infos) == ["APAC", "US"]
        assert len({info.partition_id for info in infos}) == 2


async def test_wrong_partition_requests_have_the_protocols_codes(session):
    async with session:
        admin = session.admin
        await session.create("t", BY_REGION, partition_keys=["region"])
        await session.create("flat", LOG)
        await session.create_partition("t", region="US")
        path = session.path("t")
        assert await error_of(admin.create_partition(path, {"region": "US"})) == PARTITION_EXISTS
        assert await error_of(admin.create_partition(path, {"region": "US"}, True)) is None
        assert await error_of(admin.create_partition(path, {"nope": "US"})) == PARTITION_SPEC_INVALID
        assert await error_of(admin.drop_partition(path, {"region": "XX"})) == PARTITION_NOT_EXISTS
        assert await error_of(admin.drop_partition(path, {"region": "XX"}, True)) is None
        assert await error_of(admin.create_partition(session.path("flat"), {"region": "US"})) == TABLE_NOT_PARTITIONED


async def test_keys_live_in_their_partition(session):
    async with session:
        table = await session.create("t", KEYED_BY_REGION, ["id", "region"], buckets=2, partition_keys=["region"])
        for region in ("US", "EU"):
            await session.create_partition("t", region=region)
        await upsert(table, [{"id": i, "region": region, "v": i * sign}
                             for region, sign in (("US", 1), ("EU", -1)) for i in range(50)])
        assert await lookup(table, {"id": 3, "region": "US"}) == {"id": 3, "region": "US", "v": 3}
        assert await lookup(table, {"id": 3, "region": "EU"}) == {"id": 3, "region": "EU", "v": -3}
        assert await lookup(table, {"id": 50, "region": "EU"}) is None


async def test_two_partition_keys_make_one_name(session):
    schema = pa.schema([("id", pa.int32()), ("region", pa.string()), ("day", pa.string())])
    async with session:
        table = await session.create("t", schema, partition_keys=["day", "region"])
        await session.create_partition("t", day="20260901", region="us")
        infos = await session.admin.list_partition_infos(session.path("t"))
        assert [info.partition_name for info in infos] == ["20260901$us"]
        batch = pa.record_batch([pa.array([1], pa.int32()), pa.array(["us"]), pa.array(["20260901"])], schema=schema)
        await append(table, batch)
        assert (await read_partitions(session, table, "t")).to_pylist() == batch.to_pylist()


async def test_auto_partitions_are_there_after_creation(session):
    schema = pa.schema([("id", pa.int32()), ("dt", pa.string())])
    async with session:
        await session.create("t", schema, partition_keys=["dt"], properties={
            "table.auto-partition.enabled": "true", "table.auto-partition.time-unit": "YEAR",
            "table.auto-partition.num-precreate": "2", "table.auto-partition.time-zone": "UTC"})
        year = dt.datetime.now(dt.timezone.utc).year
        names = []
        for _ in range(100):
            names = sorted(i.partition_name for i in await session.admin.list_partition_infos(session.path("t")))
            if len(names) == 2:
                break
            await asyncio.sleep(0.1)
        assert names == [str(year), str(year + 1)]


async def test_a_dropped_partition_takes_its_rows_along(session):
    async with session:
        table = await session.create("t", BY_REGION, partition_keys=["region"])
        await session.create_partition("t", region="US")
        await append(table, region_batch("US", 10))
        await session.admin.drop_partition(session.path("t"), {"region": "US"})
        await session.create_partition("t", region="US")
        assert await session.offsets("t", OffsetSpec.latest(), partition="US") == {0: 0}
