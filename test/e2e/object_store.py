"""A local object store for tests: moto behind a proxy that fails on demand (test/peers/faulty_s3.py)."""
import pathlib
import subprocess
import sys
import threading

import boto3

ACCESS = {"access-key-id": "k", "secret-access-key": "s", "region": "us-east-1"}


class FaultyS3:
    def __init__(self):
        script = pathlib.Path(__file__).parents[1] / "peers/faulty_s3.py"
        self.process = subprocess.Popen([sys.executable, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)
        self.port = int(self.process.stdout.readline().split()[1])
        self.lock = threading.Lock()
        self.ask("bucket lake")

    def ask(self, line):
        with self.lock:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
            return self.process.stdout.readline().split()

    def requests(self):
        """How many were seen so far."""
        return int(self.ask("requests")[1])

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.port}"

    def keys(self, prefix=""):
        client = boto3.client("s3", endpoint_url=self.endpoint, region_name="us-east-1",
                              aws_access_key_id="k", aws_secret_access_key="s")
        pages = client.get_paginator("list_objects_v2").paginate(Bucket="lake", Prefix=prefix)
        # A key that ends in a slash is an empty mark that Arrow leaves where it deleted a folder's last file.
        return {f"s3://lake/{item['Key']}" for page in pages for item in page.get("Contents", [])
                if not item["Key"].endswith("/")}

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=20)


def lake_options(endpoint, **settings):
    """Options of a server whose lake is there, which tries again soon and looks after its tables often."""
    values = {"datalake.iceberg.warehouse": "s3://lake/w", "datalake.iceberg.s3.endpoint": endpoint,
              **{f"datalake.iceberg.s3.{key}": value for key, value in ACCESS.items()},
              "lake.tiering.backoff-min": "10ms", "lake.tiering.backoff-max": "200ms", "lake.object-store.attempts-max": "2",
              "lake.object-store.backoff-min": "5ms", "lake.object-store.backoff-max": "50ms", **settings}
    return [f"--set={key}={value}" for key, value in values.items()]
