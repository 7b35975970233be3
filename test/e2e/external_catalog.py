"""A server whose tables are in the catalog of another one, and what tests ask of the two."""
import contextlib
import json
import subprocess
import urllib.request

from lake import lake_catalog
from weir_server import WeirServer, weir_binary

SECRET = "s3cr3t-of-the-catalog"
CREDENTIAL = f"tier:{SECRET}"
FAST = {"table.datalake.enabled": "true", "table.datalake.freshness": "1s"}
QUICK = {"lake.tiering.backoff-min": "10ms", "lake.tiering.backoff-max": "200ms", "lake.catalog.backoff-min": "5ms",
         "lake.catalog.backoff-max": "50ms", "lake.maintenance.interval": "1s"}


def options(settings):
    return [f"--set={key}={value}" for key, value in settings.items()]


def external(tmp_path, address, **more):
    """Settings of a server that tiers into the REST catalog at `address` (host:port or a whole URI)."""
    uri = address if "://" in address else f"http://{address}/api/catalog"
    return {"datalake.iceberg.type": "rest", "datalake.iceberg.uri": uri, "datalake.iceberg.credential": CREDENTIAL,
            "datalake.iceberg.other-locations": str(tmp_path / "warehouse"), **QUICK, **more}


@contextlib.contextmanager
def catalog_server(tmp_path, **more):
    """Another Weir, whose built-in catalog is the external one; it asks for a credential."""
    settings = {"security.users": CREDENTIAL, "datalake.iceberg.warehouse": str(tmp_path / "warehouse"), **more}
    with WeirServer.start(tmp_path / "house", options(settings)) as server:
        yield server


def catalog_of(server):
    """Its catalog as PyIceberg sees it."""
    return lake_catalog(server, credential=CREDENTIAL)


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
    request = urllib.request.Request(f"http://{server.http}/v1/sql", text.encode(), {"Accept": "text/csv"})
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.read().decode()
