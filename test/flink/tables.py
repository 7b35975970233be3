"""Tables for tests with Flink: what was written first is in the lake, what came then only in the log."""
import json
import urllib.request

import pyarrow as pa
from fluss import FlussError, OffsetSpec
from fluss_session import append
from lake import wait_for
from rows import EVERY_TYPE, EVERY_TYPE_ROWS, KEYED, required

DATABASE = "shop"
DAYS = ("2026-01-01", "2026-01-02")
LOG = pa.schema([("id", pa.int32()), ("name", pa.string()), ("v", pa.int64())])
BY_DAY = pa.schema([("id", pa.int32()), ("dt", pa.string()), ("v", pa.int64())])
KEYED_BY_DAY = pa.schema([required("id", pa.int32()), required("dt", pa.string()), ("v", pa.int64())])
EVERY = pa.schema([("id", pa.int32()), *EVERY_TYPE])
FRESH, NEVER = "1s", "1d"


class Table:
    """A table and the rows it must have: `lake` of them tiered, `rows` all of them; `changes` since, as a reader counts them."""

    def __init__(self, name, schema, keys=(), buckets=1, properties=None, **creation):
        self.name, self.schema, self.keys, self.buckets, self.creation = name, schema, list(keys), buckets, creation
        self.properties = {"table.datalake.enabled": "true", "table.datalake.freshness": FRESH, **(properties or {})}
        self.rows, self.lake, self.changes = {}, [], 0

    @property
    def days(self):
        return DAYS if "dt" in self.schema.names else ()

    def key_of(self, row):
        return tuple(row[k] for k in self.keys) if self.keys else len(self.rows)

    async def create(self, session):
        await session.create(self.name, self.schema, self.keys or None, buckets=self.buckets, properties=self.properties,
                             **self.creation)
        for day in self.days:
            await session.create_partition(self.name, dt=day)

    async def write(self, session, rows, deleted=()):
        """Append or upsert, then delete keys; and keep account."""
        table = await session.table(self.name)
        if not self.keys:
            for day in self.days or (None,):  # the client puts a whole batch into the partition of its first row
                batch = [row for row in rows if row.get("dt") == day]
                await append(table, pa.Table.from_pylist(batch, schema=self.schema))
            self.changes += len(rows)
        else:
            writer = table.new_upsert().create_writer()
            for row in rows:
                writer.upsert(row)
                self.changes += 2 if self.key_of(row) in self.rows else 1
                self.rows[self.key_of(row)] = row
            for key in deleted:
                writer.delete(list(key))
                self.changes += 1
                del self.rows[key]
            await writer.flush()
            return
        for row in rows:
            self.rows[self.key_of(row)] = row

    async def offsets(self, session):
        """The end of every bucket's log that has rows."""
        ends = {}
        if not self.days:
            for bucket, end in (await session.offsets(self.name, OffsetSpec.latest(), self.buckets)).items():
                ends[None, bucket] = end
        for partition in await session.admin.list_partition_infos(session.path(self.name)) if self.days else ():
            offsets = await session.offsets(self.name, OffsetSpec.latest(), self.buckets, partition.partition_name)
            ends |= {(partition.partition_id, bucket): end for bucket, end in offsets.items()}
        return {bucket: end for bucket, end in ends.items() if end}

    async def covered(self, session):
        """Whether the lake has all of the log."""
        try:
            snapshot = await session.admin.get_latest_lake_snapshot(session.path(self.name))
        except FlussError:
            return False
        found = {(b.partition_id, b.bucket_id): offset for b, offset in snapshot.table_buckets_offset.items()}
        return found == await self.offsets(session)

    def tiered(self):
        self.lake, self.changes = list(self.rows.values()), 0


def sql(server, text):
    return server.sql(text)


def states(server):
    status = json.load(urllib.request.urlopen(f"http://{server.http}/v1/lake"))
    return {one["table"]: one["state"] for one in status["tables"]}


def stop_tiering(server, table):
    """From now on rows of the table stay out of the lake."""
    sql(server, f"ALTER TABLE {DATABASE}.{table.name} SET ('table.datalake.freshness' = '{NEVER}')")
    wait_for(lambda: states(server)[f"{DATABASE}.{table.name}"], "scheduled")


def make_tables():
    yield Table("log", LOG, buckets=2)
    yield Table("log_by_key", LOG, buckets=3, bucket_keys=["id"])
    yield Table("log_by_day", BY_DAY, partition_keys=["dt"])
    yield Table("every_type", EVERY)
    for mode in ("position", "deletion-vector", "copy-on-write"):
        yield Table("keyed_" + mode.replace("-", "_"), KEYED, ["id"], buckets=2,
                    properties={"table.datalake.iceberg.delete-mode": mode})
    yield Table("keyed_live", KEYED, ["id"], buckets=2, properties={"table.datalake.iceberg.live": "load"})
    yield Table("keyed_by_day", KEYED_BY_DAY, ["id", "dt"], buckets=2, partition_keys=["dt"], bucket_keys=["id"])


def new_rows(table, turn):
    """Some rows of one turn; of tables with keys half of them replace those of the turn before."""
    if table.name == "every_type":
        return [{"id": turn * 10 + i, **row} for i, row in enumerate(EVERY_TYPE_ROWS)] + \
            [{name: turn * 10 + 9 if name == "id" else None for name in EVERY.names}]
    first = turn * 40 if table.keys else turn * 80
    rows = [{"id": i, "name": f"n{turn}-{i}", "v": i * 10 + turn} for i in range(first, first + 80)]
    if table.days:
        rows = [{**row, "dt": day} for row in rows for day in table.days]
    return [{name: row[name] for name in table.schema.names} for row in rows]


def gone(table, turn):
    """Keys that a turn deletes: of the rows that the turn before left."""
    if not table.keys:
        return []
    return [tuple({"id": turn * 40 - 1 - i, "dt": day}[k] for k in table.keys)
            for i in range(0, 10, 2) for day in table.days or (None,)]
