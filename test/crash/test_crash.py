"""kill -9 in a loop under load, with a checker that knows every acknowledged write.

After every restart: everything acknowledged is there and at the offset that was answered, offsets are dense, nothing is
there twice, a request in doubt was applied wholly or not at all, the changelog replayed is the table, tables created or
dropped stay so, and what a reader has seen is still the same. Then the writers send their requests in doubt again.
"""
import os
import pathlib
import random
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "e2e"))

from crash_model import (BUCKETS, DATABASE, KV_TABLE, LOG_TABLE, CatalogWriter, Driver, KvChecker, KvWriter,  # noqa: E402
                         LogChecker, LogReader, LogWriter)
from raw_client import RawClient  # noqa: E402
from weir_server import WeirServer  # noqa: E402

KILLS = int(os.environ.get("WEIR_CRASH_KILLS", "200"))
SEED = int(os.environ.get("WEIR_CRASH_SEED", "1"))
WRITERS = 3
JOIN_SECONDS_MAX = 30


class Rig:
    """The server, the actors that load it and the checkers."""

    def __init__(self, data_dir):
        self.server = WeirServer.start(data_dir)
        client = RawClient(self.server.port)
        client.create_table(DATABASE, "log", LOG_TABLE, BUCKETS, {"table.log.arrow.compression.type": "NONE"})
        client.create_table(DATABASE, "kv", KV_TABLE, BUCKETS)
        log_id, kv_id = (client.table_id(DATABASE, name) for name in ("log", "kv"))
        client.close()
        self.log_writers = [LogWriter(index, log_id) for index in range(WRITERS)]
        self.kv_writers = [KvWriter(index, kv_id) for index in range(WRITERS)]
        self.readers = [LogReader(log_id, bucket) for bucket in range(BUCKETS)]
        self.catalog = CatalogWriter()
        self.log_checker = LogChecker(log_id, self.log_writers)
        self.kv_checker = KvChecker(kv_id, self.kv_writers)
        self.writer_ids = set()
        self.operations = 0

    def load_and_kill(self, seconds):
        """Run all actors for about `seconds`, kill the server under them, and collect what they report."""
        actors = [*self.log_writers, *self.kv_writers, *self.readers, self.catalog]
        drivers = [Driver(self.server.port, actor) for actor in actors]
        for driver in drivers:
            driver.start()
        time.sleep(seconds)
        self.server.kill()
        for driver in drivers:
            driver.join(JOIN_SECONDS_MAX)
            assert not driver.is_alive(), "a request was never answered nor its connection closed"
            if driver.failure:
                raise driver.failure
            self.operations += driver.operations

    def check(self, everything):
        client = RawClient(self.server.port)
        self.log_checker.check(client)
        self.kv_checker.check(client)
        self.catalog.check(client)
        for reader in self.readers:
            known = self.log_checker.rows[reader.bucket]
            assert reader.seen == known[:len(reader.seen)], "a reader had seen rows that are gone now"
        if everything:
            self.log_checker.check_everything(client)
        client.close()

    def change_writer(self, writer):
        """A writer without a request in doubt starts over under a new id, which nobody had before."""
        if writer.writer_id is not None and writer.in_doubt is None:
            self.writer_ids.add(writer.writer_id)
            client = RawClient(self.server.port)
            writer.writer_id = client.init_writer(DATABASE, "log")
            client.close()
            assert writer.writer_id not in self.writer_ids, "a writer id was given out twice"
            writer.sequences = [0] * BUCKETS


def test_nothing_acknowledged_is_lost_by_kill_9(tmp_path):
    dice = random.Random(SEED)
    rig = Rig(tmp_path / "data")
    kills = 0
    while kills < KILLS:
        try:
            rig.load_and_kill(dice.uniform(0.01, 0.25))
            kills += 1
            while dice.random() < 0.2:
                rig.server.launch(wait=False)
                time.sleep(dice.uniform(0, 0.06))  # into the recovery
                rig.server.kill()
                kills += 1
            rig.server.launch()
            rig.check(everything=kills % 25 == 0)
            rig.change_writer(dice.choice(rig.log_writers + rig.kv_writers))
        except BaseException:
            print(f"seed {SEED}, after {kills} kills and {rig.operations} operations\n{rig.server.log_tail()}")
            raise
    rig.check(everything=True)
    assert rig.server.stop() == 0
    rig.server.launch()
    rig.check(everything=True)
    rig.server.stop()
    rows = sum(len(rows) for rows in rig.log_checker.rows)
    print(f"{kills} kills, {rig.operations} operations, {rows} log rows")
    assert rig.operations > kills
