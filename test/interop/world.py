"""The tables of the interop matrix: their rows as they must be, written through the Fluss protocol, and the stages
they go through."""
import random
import time

import pyarrow as pa
import pytest
from fluss_session import FlussSession, append
from pyiceberg.catalog import load_catalog
from readers.protocol import rows_of
from rows import EVERY_TYPE, KEYED, LOG, NESTED_ROWS, SCALAR_ROWS, log_batch, required
from weir_server import REPOSITORY

DATABASE = "interop"
OPTIONS = REPOSITORY / "docs/generated/options.md"
LAKE = {"table.datalake.enabled": "true", "table.datalake.freshness": "1s", "table.datalake.iceberg.live": "off"}
DELETE_MODES = ("position", "deletion-vector", "copy-on-write")
STAGES = ("first rows", "updates and deletes", "schema change", "compaction", "restart")
PATIENCE_SECONDS = 60

DAYS = ("2026-01-01", "2026-01-02")
LOG_BY_DAY = pa.schema([("id", pa.int32()), ("dt", pa.string()), ("v", pa.int64())])
KEYED_BY_DAY = pa.schema([required("id", pa.int32()), required("dt", pa.string()), ("name", pa.string()),
                          ("v", pa.int64())])
# Spark has no type for the time of day.
EVERY = pa.schema([("id", pa.int32()), *[f for f in EVERY_TYPE if f.name != "t"]])


class Table:
    """One table and the rows that a reader must find: {key: row}."""

    def __init__(self, name, schema, keys=(), **creation):
        self.name, self.schema, self.keys, self.creation = name, schema, list(keys), creation
        self.rows = {}

    def put(self, row):
        key = tuple(row[k] for k in self.keys) if self.keys else len(self.rows)
        self.rows[key] = row

    def remove(self, key):
        self.rows.pop(key, None)

    def expected(self, nested_nulls=True):
        """The rows as readers answer them; without `nested_nulls`, empty lists and maps and structs of nulls."""
        rows = list(self.rows.values())
        if not nested_nulls:
            rows = [{f.name: self.not_null(row[f.name], f.type) for f in self.schema} for row in rows]
        return rows_of(pa.Table.from_pylist(rows, schema=self.schema))

    @staticmethod
    def not_null(value, kind):
        if value is not None or not pa.types.is_nested(kind):
            return value
        return {} if pa.types.is_struct(kind) else []


def tables():
    yield Table("log", LOG, buckets=2)
    yield Table("log_by_day", LOG_BY_DAY, partition_keys=["dt"])
    yield Table("every_type", EVERY)
    for mode in DELETE_MODES:
        properties = {"table.datalake.iceberg.delete-mode": mode}
        name = mode.replace("-", "_")
        yield Table(f"keyed_{name}", KEYED, ["id"], buckets=2, properties=properties)
        yield Table(f"keyed_by_day_{name}", KEYED_BY_DAY, ["id", "dt"], partition_keys=["dt"], bucket_keys=["id"],
                    properties=properties)


class World:
    def __init__(self, server, properties=LAKE):
        self.server = server
        self.properties = properties
        self.tables = {table.name: table for table in tables()}
        self.dice = random.Random(11)
        self.stage = None

    @property
    def catalog_uri(self):
        return f"http://{self.server.http}/api/catalog"

    def catalog(self):
        return load_catalog("weir", type="rest", uri=self.catalog_uri)

    async def advance(self, stage):
        """Go on to `stage`, if we are not there yet, and wait until the lake has every row."""
        if self.stage == stage:
            return
        if stage == "compaction" and "lake.maintenance.interval" not in OPTIONS.read_text():
            pytest.skip("this server does not compact by itself")
        self.stage = stage
        if stage == "compaction":
            self.compact()
        elif stage == "restart":
            self.server.restart()
        else:
            async with FlussSession(self.server.bootstrap, DATABASE) as session:
                if stage == "first rows":
                    await self.create(session, self.tables.values())
                if stage == "schema change":
                    self.add_columns()
                for table in self.tables.values():
                    await self.write(session, table, stage)
        self.wait()

    async def create(self, session, tables):
        for table in tables:
            creation = dict(table.creation)
            creation["properties"] = {**self.properties, **creation.get("properties", {})}
            await session.create(table.name, table.schema, table.keys or None, **creation)
            for day in DAYS if "dt" in table.schema.names else ():
                await session.create_partition(table.name, dt=day)

    def add_columns(self):
        for table in self.tables.values():
            self.sql(f"ALTER TABLE {DATABASE}.{table.name} ADD extra INT")
            table.schema = table.schema.append(pa.field("extra", pa.int32()))
            for row in table.rows.values():
                row["extra"] = None

    async def write(self, session, table, stage):
        opened = await session.table(table.name)
        rows = self.new_rows(table, STAGES.index(stage))
        for row in rows:
            table.put(row)
        if not table.keys:
            # The client puts a whole Arrow batch into the partition of its first row.
            for day in sorted({row.get("dt") for row in rows}, key=str):
                batch = [row for row in rows if row.get("dt") == day]
                await append(opened, pa.Table.from_pylist(batch, schema=table.schema))
            return
        gone = self.dice.sample(sorted(table.rows), 20) if stage != "first rows" else []
        writer = opened.new_upsert().create_writer()
        for row in rows:
            writer.upsert(row)
        for key in gone:
            writer.delete(list(key))
            table.remove(key)
        await writer.flush()

    def new_rows(self, table, turn):
        extra = {"extra": turn * 7} if "extra" in table.schema.names else {}
        if table.name == "log":
            return [{**row, **extra} for row in log_batch(100, turn * 100).to_pylist()]
        if table.name == "every_type":
            rows = [{"id": turn * 10 + i, **{k: v for k, v in scalars.items() if k != "t"}, **nested}
                    for i, (scalars, nested) in enumerate(zip(SCALAR_ROWS, NESTED_ROWS))]
            rows.append({name: turn * 10 + 9 if name == "id" else None for name in EVERY.names})
            return [{**row, **extra} for row in rows]
        ids = range(turn * 100, turn * 100 + 100) if not table.keys else self.dice.sample(range(150), 80)
        days = DAYS if "dt" in table.schema.names else (None,)
        rows = []
        for number in ids:
            for day in days:
                row = {"id": number, "dt": day, "name": f"n{turn}", "v": self.dice.randrange(1000), **extra}
                rows.append({k: v for k, v in row.items() if k in table.schema.names})
        return rows

    def sql(self, text):
        return self.server.sql(text)

    def compact(self):
        """Have the server compact at once what it has, and wait until every table with several files was rewritten."""
        self.server.options += ["--set", "lake.maintenance.interval=200ms", "--set", "lake.maintenance.small-files=2"]
        self.server.restart()
        catalog = self.catalog()
        waiting, deadline = set(self.tables), time.monotonic() + PATIENCE_SECONDS
        while waiting and time.monotonic() < deadline:
            waiting = {name for name in waiting if not self.compacted(catalog.load_table((DATABASE, name)))}
            time.sleep(0.1)
        assert not waiting, f"not compacted: {waiting}"

    @staticmethod
    def compacted(table):
        return any(snapshot.summary.operation.value == "replace" for snapshot in table.snapshots())

    def question(self, table):
        lake = self.catalog().load_table((DATABASE, table.name))
        return {"namespace": DATABASE, "table": table.name, "metadata": lake.metadata_location,
                "columns": table.schema.names,
                "bytes": [f.name for f in table.schema if pa.types.is_binary(f.type) or
                          pa.types.is_fixed_size_binary(f.type)],
                "zoneless": [f.name for f in table.schema if f.type == pa.timestamp("us")]}

    def wait(self):
        """Until PyIceberg finds as many rows of each table as there must be, with what was written last."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        waiting = dict(self.tables)
        catalog = self.catalog()
        while waiting:
            for name, table in list(waiting.items()):
                try:
                    found = rows_of(catalog.load_table((DATABASE, name)).scan().to_arrow().select(table.schema.names))
                except Exception as failed:
                    found = str(failed)
                if found == table.expected():
                    del waiting[name]
            if time.monotonic() > deadline:
                break  # the tests say what is missing, table by table
            time.sleep(0.1)
