"""The official Python client with the few steps every test repeats: connect, make a database, make a table."""
import asyncio

import pyarrow as pa
from fluss import (Config, EARLIEST_OFFSET, FlussConnection, FlussError, OffsetSpec, Schema, TableDescriptor,
                   TablePath)

READY_ATTEMPTS_MAX = 150


class FlussSession:
    def __init__(self, bootstrap, database, config=None):
        self.bootstrap = bootstrap
        self.database = database
        self.config = config or {}
        self.connection = None
        self.admin = None

    async def __aenter__(self):
        self.connection = await FlussConnection.create(Config({"bootstrap.servers": self.bootstrap, **self.config}))
        self.admin = self.connection.get_admin()
        await self.admin.create_database(self.database, None, True)
        return self

    async def __aexit__(self, *_):
        await self.connection.close()

    def path(self, name):
        return TablePath(self.database, name)

    async def create(self, name, schema, primary_keys=None, auto_increment_column=None, buckets=1, **descriptor):
        """Create a table and open it once its buckets answer."""
        extra = {"auto_increment_column": auto_increment_column} if auto_increment_column else {}
        table_schema = Schema(schema, primary_keys=primary_keys, **extra)
        await self.admin.create_table(self.path(name),
                                      TableDescriptor(table_schema, bucket_count=buckets, **descriptor))
        if not descriptor.get("partition_keys"):
            await self.ready(name, buckets)
        return await self.table(name)

    async def table(self, name):
        return await self.connection.get_table(self.path(name))

    async def create_partition(self, name, **spec):
        await self.admin.create_partition(self.path(name), spec)
        await self.ready(name, 1, "$".join(spec.values()))

    async def ready(self, name, buckets, partition=None):
        """Wait for leaders: Apache Fluss elects them after it has answered CREATE_TABLE."""
        for attempt in range(READY_ATTEMPTS_MAX):
            try:
                return await self.offsets(name, OffsetSpec.earliest(), buckets, partition)
            except FlussError:
                if attempt + 1 == READY_ATTEMPTS_MAX:
                    raise
                await asyncio.sleep(0.1)

    async def offsets(self, name, spec, buckets=1, partition=None):
        """Offset of every bucket, as {bucket: offset}."""
        ids = list(range(buckets))
        if partition:
            return await self.admin.list_partition_offsets(self.path(name), partition, ids, spec)
        return await self.admin.list_offsets(self.path(name), ids, spec)


async def error_of(awaitable):
    """The protocol's error code the call fails with; None when it succeeds."""
    try:
        await awaitable
    except FlussError as error:
        return error.error_code
    return None


async def append(table, data):
    """Append an arrow batch or table and wait for the acknowledgement."""
    writer = table.new_append().create_writer()
    if isinstance(data, pa.Table):
        writer.write_arrow(data)
    else:
        writer.write_arrow_batch(data)
    await writer.flush()


async def upsert(table, rows):
    """Upsert rows one by one, in order, and wait for all of them."""
    async with table.new_upsert().create_writer() as writer:
        for row in rows:
            writer.upsert(row)


async def lookup(table, key):
    return await table.new_lookup().create_lookuper().lookup(key)


async def read_all(table, buckets=1, columns=None, start=EARLIEST_OFFSET):
    """All rows from `start` up to the offsets of now, as an arrow table."""
    scan = table.new_scan()
    if columns:
        scan = scan.project_by_name(columns)
    scanner = await scan.create_record_batch_log_scanner()
    scanner.subscribe_buckets({bucket: start for bucket in range(buckets)})
    return await scanner.to_arrow()


async def read_records(table, count, buckets=1, start=0, columns=None, seconds_max=20):
    """The first `count` records with change type and offset."""
    scan = table.new_scan()
    if columns:
        scan = scan.project_by_name(columns)
    scanner = await scan.create_log_scanner()
    scanner.subscribe_buckets({bucket: start for bucket in range(buckets)})
    records = []

    async def fill():
        while len(records) < count:
            records.extend(await scanner.poll(500))

    try:
        await asyncio.wait_for(fill(), seconds_max)
    except asyncio.TimeoutError:
        raise AssertionError(f"{len(records)} of {count} records after {seconds_max} s") from None
    return records


def changes(records):
    """[("+I", row), …] of records."""
    return [(record.change_type.short_string(), record.row) for record in records]
