"""Tiering into an object store that fails: errors, lost answers, slow answers. Nothing is lost, nothing twice, and no
file stays that nobody names."""
import os
import pathlib
import random
import subprocess
import sys
import threading

import pytest
from fluss_session import FlussSession, append
from lake import lake_catalog, rows_of, wait_for
from rows import KEYED, LOG, log_batch
from verify import assert_clean
from weir_server import WeirServer

pytestmark = pytest.mark.weir_only
boto3 = pytest.importorskip("boto3")

FAST = {"table.datalake.enabled": "true", "table.datalake.freshness": "1s", "table.datalake.iceberg.live": "off"}
TURNS = int(os.environ.get("WEIR_LAKE_FAULT_TURNS", "30"))
CREDENTIALS = {"aws_access_key_id": "k", "aws_secret_access_key": "s"}


class FaultyS3:
    """test/peers/faulty_s3.py: moto behind a proxy that obeys."""

    def __init__(self):
        script = pathlib.Path(__file__).parents[1] / "peers/faulty_s3.py"
        self.process = subprocess.Popen([sys.executable, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)
        self.port = int(self.process.stdout.readline().split()[1])
        self.lock = threading.Lock()

    def ask(self, line):
        with self.lock:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
            return self.process.stdout.readline().split()

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.port}"

    def keys(self):
        client = boto3.client("s3", endpoint_url=self.endpoint, region_name="us-east-1", **CREDENTIALS)
        pages = client.get_paginator("list_objects_v2").paginate(Bucket="lake")
        # A key that ends in a slash is an empty mark that Arrow leaves where it deleted a folder's last file.
        return {f"s3://lake/{item['Key']}" for page in pages for item in page.get("Contents", [])
                if not item["Key"].endswith("/")}

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=20)


@pytest.fixture
def s3():
    store = FaultyS3()
    store.ask("bucket lake")
    yield store
    store.close()


def start(tmp_path, s3):
    settings = {"datalake.iceberg.warehouse": "s3://lake/w", "datalake.iceberg.s3.endpoint": s3.endpoint,
                "datalake.iceberg.s3.access-key-id": "k", "datalake.iceberg.s3.secret-access-key": "s",
                "datalake.iceberg.s3.region": "us-east-1", "lake.tiering.backoff-min": "10ms",
                "lake.tiering.backoff-max": "200ms", "lake.object-store.attempts-max": "2",
                "lake.object-store.backoff-min": "5ms", "lake.object-store.backoff-max": "50ms"}
    return WeirServer.start(tmp_path / "data", [f"--set={key}={value}" for key, value in settings.items()])


def files_named(table):
    """Every data and delete file of every snapshot that the table still has."""
    return {entry.data_file.file_path for snapshot in table.snapshots() for manifest in snapshot.manifests(table.io)
            for entry in manifest.fetch_manifest_entry(table.io, discard_deleted=False)}


async def test_faults_of_the_object_store_lose_and_double_nothing(tmp_path, s3):
    dice = random.Random(TURNS)
    faults = [lambda: f"status {dice.choice([500, 503, 429])} {dice.randrange(1, 7)}",
              lambda: f"drop {dice.randrange(1, 5)}", lambda: f"late {dice.randrange(1, 5)}",
              lambda: f"hang 0.3 {dice.randrange(1, 4)}"]
    with start(tmp_path, s3) as server:
        async with FlussSession(server.bootstrap, "db") as session:
            log = await session.create("log", LOG, buckets=2, properties=FAST)
            keyed = await session.create("keyed", KEYED, ["id"], buckets=2, properties=FAST)
            model = {}
            for turn in range(TURNS):
                s3.ask(dice.choice(faults)())
                await append(log, log_batch(20, turn * 20))
                async with keyed.new_upsert().create_writer() as writer:
                    for _ in range(20):
                        key = dice.randrange(100)
                        if dice.random() < 0.2:
                            writer.delete([key])
                            model.pop(key, None)
                        else:
                            model[key] = {"id": key, "name": f"t{turn}", "v": turn}
                            writer.upsert(model[key])
        catalog = lake_catalog(server, **{"s3.endpoint": s3.endpoint, "s3.access-key-id": "k",
                                          "s3.secret-access-key": "s", "s3.region": "us-east-1"})
        tables = [catalog.load_table(("db", name)) for name in ("log", "keyed")]
        wait_for(lambda: sorted(row["id"] for row in rows_of(tables[0].refresh())), list(range(TURNS * 20)), 90)
        wait_for(lambda: sorted(rows_of(tables[1].refresh()), key=lambda row: row["id"]),
                 [model[key] for key in sorted(model)], 90)
        for name in ("log", "keyed"):
            assert_clean(f"db.{name}", server)

        def orphans():
            named = set().union(*(files_named(table.refresh()) for table in tables))
            return {key for key in s3.keys() if "/data/" in key} - named
        wait_for(orphans, set())
