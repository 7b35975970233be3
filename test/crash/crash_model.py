"""What the crash test believes: who wrote what, what was acknowledged, and what may therefore be in the tables.

Every writer has at most one request under way. When the server dies the request is in doubt: it may have been applied
or not, but wholly, and sending the same bytes again must make it applied exactly once.
"""
import random
import threading

from raw_client import (KV_SCHEMA, LOG_SCHEMA, RawClient, kv_batch, kv_row, log_batch, stored_rows)

BUCKETS = 2
SCAN_ROWS_MAX = 100_000
DATABASE = "fluss"


def column(name, kind, number, nullable=True):
    return {"name": name, "data_type": {"type": kind, **({} if nullable else {"nullable": False})}, "id": number}


LOG_TABLE = {"version": 1, "columns": [column("writer", "INTEGER", 0), column("number", "BIGINT", 1),
                                       column("text", "STRING", 2)], "highest_field_id": 2}
KV_TABLE = {"version": 1, "columns": [column("key", "INTEGER", 0, False), column("number", "BIGINT", 1),
                                      column("text", "STRING", 2)], "primary_key": ["key"], "highest_field_id": 2}


class Worker(threading.Thread):
    """Talks to the server until it dies. What goes wrong otherwise is kept in `failure`."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.port = port
        self.failure = None
        self.operations = 0

    def run(self):
        try:
            client = RawClient(self.port)
            try:
                while True:
                    self.step(client)
                    self.operations += 1
            finally:
                client.close()
        except OSError:
            pass  # the server was killed
        except Exception as error:  # noqa: BLE001 - reported by the test
            self.failure = error

    def step(self, client):
        raise NotImplementedError


class LogWriter:
    """Appends batches of rows nobody else writes, idempotently."""

    def __init__(self, index, table_id):
        self.index = index
        self.table_id = table_id
        self.dice = random.Random(1000 + index)
        self.writer_id = None
        self.sequences = [0] * BUCKETS
        self.number = 0
        self.in_doubt = None                              # (bucket, bytes, rows)
        self.acknowledged = [{} for _ in range(BUCKETS)]  # offset -> row, not yet seen by the checker

    def new_request(self, client):
        if self.writer_id is None:
            self.writer_id = client.init_writer(DATABASE, "log")
        bucket = self.dice.randrange(BUCKETS)
        rows = []
        for _ in range(self.dice.randint(1, 4)):
            rows.append((self.index, self.number, "x" * self.dice.randrange(200)))
            self.number += 1
        self.in_doubt = (bucket, log_batch(rows, self.writer_id, self.sequences[bucket]), rows)

    def step(self, client):
        if self.in_doubt is None:
            self.new_request(client)
        bucket, batch, rows = self.in_doubt
        base = client.produce(self.table_id, bucket, batch)
        self.sequences[bucket] += 1
        self.in_doubt = None
        for position, row in enumerate(rows):
            self.acknowledged[bucket][base + position] = row


class LogChecker:
    """Reads the log of every bucket and compares it with what the writers know."""

    def __init__(self, table_id, writers):
        self.table_id = table_id
        self.writers = writers
        self.rows = [[] for _ in range(BUCKETS)]   # every row verified, by offset
        self.places = {}                           # row -> (bucket, offset)

    def read(self, client, bucket, start, end):
        offset = start
        while offset < end:
            records, _ = client.fetch(self.table_id, bucket, offset)
            rows, next_offset = stored_rows(records, LOG_SCHEMA)
            assert next_offset is not None and next_offset > offset, f"nothing to read at offset {offset} of {end}"
            for position, change, row in rows:
                if position >= offset:
                    assert change == "+A"
                    yield position, row
            offset = next_offset

    def check(self, client):
        for bucket in range(BUCKETS):
            known = self.rows[bucket]
            end = client.latest_offset(self.table_id, bucket)
            assert end >= len(known), f"bucket {bucket} ended at {len(known)} and now at {end}"
            for offset, row in self.read(client, bucket, len(known), end):
                assert offset == len(known), f"offset {offset} follows {len(known) - 1}"
                assert row not in self.places, f"{row[:2]} is at {self.places[row]} and again at {bucket}:{offset}"
                self.places[row] = (bucket, offset)
                known.append(row)
            assert len(known) == end
            self.check_acknowledged(bucket)
        self.check_in_doubt()

    def check_acknowledged(self, bucket):
        for writer in self.writers:
            for offset, row in writer.acknowledged[bucket].items():
                assert offset < len(self.rows[bucket]), f"acknowledged row at {bucket}:{offset} is lost"
                assert self.rows[bucket][offset] == row, f"another row is at {bucket}:{offset}"
            writer.acknowledged[bucket].clear()

    def check_in_doubt(self):
        """A batch nobody acknowledged is there as a whole or not at all."""
        for writer in self.writers:
            if writer.in_doubt:
                present = [row in self.places for row in writer.in_doubt[2]]
                assert all(present) or not any(present), "half of a batch was applied"

    def check_everything(self, client):
        for bucket in range(BUCKETS):
            again = [row for _, row in self.read(client, bucket, 0, len(self.rows[bucket]))]
            assert again[:len(self.rows[bucket])] == self.rows[bucket], "rows changed that were verified before"


class LogReader:
    """Tails a bucket. What a reader has seen must never change or vanish: it was acknowledged by then."""

    def __init__(self, table_id, bucket):
        self.table_id = table_id
        self.bucket = bucket
        self.seen = []

    def step(self, client):
        records, high_watermark = client.fetch(self.table_id, self.bucket, len(self.seen), wait_ms=20)
        rows, _ = stored_rows(records, LOG_SCHEMA)
        for offset, _, row in rows:
            assert offset < high_watermark, f"offset {offset} was served above the high watermark {high_watermark}"
            if offset >= len(self.seen):
                assert offset == len(self.seen), f"a reader at {len(self.seen)} was given {offset}"
                self.seen.append(row)


class KvWriter:
    """Upserts and deletes keys that belong to it alone."""

    KEYS = 40

    def __init__(self, index, table_id):
        self.index = index
        self.table_id = table_id
        self.dice = random.Random(2000 + index)
        self.writer_id = None
        self.sequences = [0] * BUCKETS
        self.number = 0
        self.state = {}        # key -> row, as acknowledged
        self.in_doubt = None   # (bucket, bytes, {key: row or None})

    @staticmethod
    def bucket_of(key):
        return key % BUCKETS

    def owns(self, key):
        return key // 1000 == self.index

    def new_request(self, client):
        if self.writer_id is None:
            self.writer_id = client.init_writer(DATABASE, "kv")
        bucket = self.dice.randrange(BUCKETS)
        records, effect = [], {}
        for _ in range(self.dice.randint(1, 5)):
            key = self.index * 1000 + self.dice.randrange(self.KEYS) * BUCKETS + bucket
            row = None if self.dice.random() < 0.25 else (key, self.number, "y" * self.dice.randrange(100))
            self.number += 1
            effect[key] = row
            records.append((key, row and kv_row(*row)))
        self.in_doubt = (bucket, kv_batch(records, self.writer_id, self.sequences[bucket]), effect)

    def apply(self):
        bucket, _, effect = self.in_doubt
        self.sequences[bucket] += 1
        for key, row in effect.items():
            if row is None:
                self.state.pop(key, None)
            else:
                self.state[key] = row

    def step(self, client):
        if self.in_doubt is None:
            self.new_request(client)
        bucket, batch, effect = self.in_doubt
        client.put(self.table_id, bucket, batch)
        self.apply()
        self.in_doubt = None
        keys = list(effect)
        found = client.lookup(self.table_id, bucket, keys)
        assert found == [self.state.get(key) for key in keys], "an acknowledged write is not visible"

    def candidates(self):
        """The states the table may show: with the request in doubt, or without."""
        states = [dict(self.state)]
        if self.in_doubt:
            after = dict(self.state)
            for key, row in self.in_doubt[2].items():
                if row is None:
                    after.pop(key, None)
                else:
                    after[key] = row
            states.append(after)
        return states


class KvChecker:
    """The table equals its changelog, and both equal what the writers know."""

    def __init__(self, table_id, writers):
        self.table_id = table_id
        self.writers = writers
        self.offsets = [0] * BUCKETS
        self.replayed = [{} for _ in range(BUCKETS)]

    def replay(self, client, bucket):
        state = self.replayed[bucket]
        end = client.latest_offset(self.table_id, bucket)
        assert end >= self.offsets[bucket], "the changelog became shorter"
        while self.offsets[bucket] < end:
            records, _ = client.fetch(self.table_id, bucket, self.offsets[bucket])
            rows, next_offset = stored_rows(records, KV_SCHEMA)
            assert next_offset is not None and next_offset > self.offsets[bucket], "nothing to read"
            for offset, change, row in rows:
                if offset >= self.offsets[bucket]:
                    self.apply(state, change, row)
            self.offsets[bucket] = next_offset
        return state

    @staticmethod
    def apply(state, change, row):
        key = row[0]
        if change == "+I":
            assert key not in state, f"+I of a key that is there: {key}"
            state[key] = row
        elif change == "+U":
            assert key in state, f"+U of a key that is not there: {key}"
            state[key] = row
        elif change == "-U":
            assert state.get(key) == row, f"-U of another row: {key}"
        else:
            assert change == "-D" and state.pop(key, None) == row, f"-D of another row: {key}"

    def check(self, client):
        table = {}
        for bucket in range(BUCKETS):
            replayed = self.replay(client, bucket)
            scanned = {row[0]: row for row in client.limit_scan(self.table_id, bucket, SCAN_ROWS_MAX)}
            assert scanned == replayed, f"bucket {bucket}: the table is not its changelog"
            keys = random.sample(sorted(scanned), min(5, len(scanned))) + [999_998 + bucket]
            assert client.lookup(self.table_id, bucket, keys) == [scanned.get(key) for key in keys]
            table.update(scanned)
        for writer in self.writers:
            own = {key: row for key, row in table.items() if writer.owns(key)}
            assert own in writer.candidates(), f"writer {writer.index}: {self.difference(own, writer)}"

    @staticmethod
    def difference(own, writer):
        expected = writer.candidates()[0]
        return {key: (expected.get(key), own.get(key)) for key in {*own, *expected}
                if own.get(key) != expected.get(key)}


class CatalogWriter:
    """Creates and drops tables; the answer decides what must be there after a crash."""

    def __init__(self):
        self.number = 0
        self.tables = set()
        self.in_doubt = None  # (name, created)

    def step(self, client):
        if self.in_doubt is not None:
            self.settle(client)
        if len(self.tables) >= 4:
            name, create = sorted(self.tables)[0], False
        else:
            name, create = f"made{self.number:06}", True
            self.number += 1
        self.in_doubt = (name, create)
        if create:
            client.create_table(DATABASE, name, LOG_TABLE, BUCKETS)
            self.tables.add(name)
        else:
            client.drop_table(DATABASE, name)
            self.tables.discard(name)
        self.in_doubt = None

    def settle(self, client):
        """After a crash: what is there now is what was decided."""
        self.check(client)
        name, _ = self.in_doubt
        if name in client.list_tables(DATABASE):
            self.tables.add(name)
        else:
            self.tables.discard(name)
        self.in_doubt = None

    def check(self, client):
        there = {name for name in client.list_tables(DATABASE) if name.startswith("made")}
        doubtful = {self.in_doubt[0]} if self.in_doubt else set()
        assert there - doubtful == self.tables - doubtful, (there, self.tables, self.in_doubt)


class Driver(Worker):
    """Runs one of the above against a port."""

    def __init__(self, port, actor):
        super().__init__(port)
        self.step = actor.step

