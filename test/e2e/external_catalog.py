"""A server whose tables are in the catalog of another one, and what tests ask of the two.

The other one is a second Weir; with WEIR_REFERENCE_CATALOG=CLASSPATH it is Iceberg's own REST server
(test/catalogs/run.py).
"""
import contextlib
import dataclasses
import json
import os
import subprocess
import time
import urllib.error
import urllib.request

import pytest
from faulty_proxy import FaultyProxy
from lake import rows_of
from pyiceberg.catalog import load_catalog
from weir_server import WeirServer, free_port, weir_binary

REFERENCE = os.environ.get("WEIR_REFERENCE_CATALOG")

SECRET = "s3cr3t-of-the-catalog"
CREDENTIAL = f"tier:{SECRET}"
FAST = {"table.datalake.enabled": "true", "table.datalake.freshness": "1s"}
QUICK = {"lake.tiering.backoff-min": "10ms", "lake.tiering.backoff-max": "200ms", "lake.catalog.backoff-min": "5ms",
         "lake.catalog.backoff-max": "50ms", "lake.maintenance.interval": "1s"}


def options(settings):
    return [f"--set={key}={value}" for key, value in settings.items()]


#: Below which path a catalog answers.
BASE = "" if REFERENCE else "/api/catalog"


def external(tmp_path, address, **more):
    """Settings of a server that tiers into the REST catalog at `address` (host:port)."""
    return {"datalake.iceberg.type": "rest", "datalake.iceberg.uri": f"http://{address}{BASE}",
            "datalake.iceberg.credential": CREDENTIAL,
            "datalake.iceberg.other-locations": str(tmp_path / "warehouse"), **QUICK, **more}


@dataclasses.dataclass
class House:
    """Where the tables live."""
    http: str  # host:port


@contextlib.contextmanager
def catalog_server(tmp_path):
    """The external catalog. A Weir asks for a credential; Iceberg's server takes any."""
    if REFERENCE:
        with reference_server(tmp_path) as house:
            yield house
        return
    settings = {"security.users": CREDENTIAL, "datalake.iceberg.warehouse": str(tmp_path / "warehouse")}
    with WeirServer.start(tmp_path / "house", options(settings)) as server:
        yield House(server.http)


@contextlib.contextmanager
def reference_server(tmp_path):
    port = free_port()
    environment = {**os.environ, "CATALOG_REST_PORT": str(port), "CATALOG_WAREHOUSE": str(tmp_path / "warehouse"),
                   "CATALOG_URI": f"jdbc:sqlite:file:{tmp_path}/catalog.db"}
    with open(tmp_path / "reference.log", "ab") as log:
        process = subprocess.Popen(["java", "-Xmx512m", "-cp", REFERENCE, "org.apache.iceberg.rest.RESTCatalogServer"],
                                   env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/config").read()
                break
            except OSError:
                assert process.poll() is None and time.monotonic() < deadline, (tmp_path / "reference.log").read_text()
                time.sleep(0.05)
        yield House(f"127.0.0.1:{port}")
    finally:
        process.kill()
        process.wait()


def catalog_of(house):
    """Its catalog as PyIceberg sees it."""
    uri = f"http://{house.http}{BASE}"
    return load_catalog("house", type="rest", uri=uri, credential=CREDENTIAL,
                        **{"oauth2-server-uri": f"{uri}/v1/oauth/tokens"})


@pytest.fixture
def house(tmp_path):
    with catalog_server(tmp_path) as server:
        yield server


@pytest.fixture
def proxy(house):
    """Between a server and the catalog, failing on demand."""
    with FaultyProxy(house.http) as between:
        yield between


def start(tmp_path, address, env=None, **more):
    """A server that tiers into the catalog at `address`."""
    return WeirServer.start(tmp_path / "data", options(external(tmp_path, address, **more)), env)


def ids(table):
    return sorted(row["id"] for row in rows_of(table.refresh()))


def status(server):
    with urllib.request.urlopen(f"http://{server.http}/v1/lake") as answer:
        return json.load(answer)


def table_status(server, name):
    return next(one for one in status(server)["tables"] if one["table"] == name)


def lake_status_text(server):
    done = subprocess.run([weir_binary(), "lake", "status", "--http", server.http], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def sql(server, text):
    """Rows of a query as lists."""
    try:
        return server.sql(text, "text/csv")
    except urllib.error.HTTPError as error:
        return error.read().decode()
