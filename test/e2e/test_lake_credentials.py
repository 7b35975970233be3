"""A secret that the object store refuses: a clear error on the tables there, everything else goes on, and all is well
once the secret is right. Against versitygw, which checks signatures; `./dev object-store` builds it.
"""
import json
import re
import subprocess
import urllib.request

import pytest
from fluss_session import FlussSession, append, lookup, upsert
from lake import lake_catalog, rows_of, wait_for
from object_store import lake_options
from rows import KEYED, LOG, log_batch
from verify import assert_clean, verify
from weir_server import REPOSITORY, WeirServer, answers_http, free_port

pytestmark = pytest.mark.weir_only
VERSITYGW = REPOSITORY / ".deps/go/versitygw"
FAST = {"table.datalake.enabled": "true", "table.datalake.freshness": "1s", "table.datalake.iceberg.live": "off"}
KEY, SECRET, WRONG = "root", "the-right-secret", "a-wrong-secret"


@pytest.fixture
def versitygw(tmp_path):
    """Its URL."""
    if not VERSITYGW.exists():
        pytest.skip("versitygw is not built: ./dev object-store (needs Go)")
    (tmp_path / "buckets/lake").mkdir(parents=True)
    port = free_port()
    process = subprocess.Popen([VERSITYGW, "--access", KEY, "--secret", SECRET, "--region", "us-east-1", "--port",
                                f"127.0.0.1:{port}", "--quiet", "posix", str(tmp_path / "buckets")],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for(lambda: answers_http(port), True)
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait(timeout=20)


def options(endpoint, secret):
    return lake_options(endpoint, **{"datalake.iceberg.s3.access-key-id": KEY,
                                     "datalake.iceberg.s3.secret-access-key": secret})


def get(server, path):
    return urllib.request.urlopen(f"http://{server.http}{path}", timeout=30).read().decode()


def error_of(server, table):
    tables = json.loads(get(server, "/v1/lake"))["tables"]
    return next((one.get("error", "") for one in tables if one["table"] == table), "")


async def test_a_wrong_secret_stops_only_the_lake_and_is_never_shown(tmp_path, versitygw):
    server = WeirServer.start(tmp_path / "data", options(versitygw, SECRET))
    try:
        async with FlussSession(server.bootstrap, "db") as session:
            log = await session.create("log", LOG, properties=FAST)
            await append(log, log_batch(20))
            catalog = lake_catalog(server)
            wait_for(lambda: len(rows_of(catalog.load_table(("db", "log")))), 20)
        server.stop()
        server.options = options(versitygw, WRONG)
        server.launch()
        async with FlussSession(server.bootstrap, "db") as session:
            await append(await session.table("log"), log_batch(20, 20))
            keyed = await session.create("keyed", KEYED, ["id"], properties=FAST)
            await upsert(keyed, [{"id": 1, "name": "a", "v": 1}])
            for table in ("db.log", "db.keyed"):
                wait_for(lambda table=table: bool(re.search("ACCESS_DENIED|SIGNATURE|403", error_of(server, table))), True)
            assert (await lookup(keyed, {"id": 1}))["name"] == "a"
            assert verify("db.log", server)[0] != 0
            plain = await session.create("plain", LOG)
            await append(plain, log_batch(5))
        said = server.log_path.read_text() + get(server, "/v1/lake") + get(server, "/metrics")
        assert WRONG not in said and SECRET not in said
        assert len([line for line in said.splitlines() if "round failed" in line and "db.log" in line]) <= 8
        server.stop()
        server.options = options(versitygw, SECRET)
        server.launch()
        catalog = lake_catalog(server)
        wait_for(lambda: sorted(row["id"] for row in rows_of(catalog.load_table(("db", "log")))), list(range(40)))
        wait_for(lambda: rows_of(catalog.load_table(("db", "keyed"))), [{"id": 1, "name": "a", "v": 1}])
        for table in ("db.log", "db.keyed"):
            assert_clean(table, server)
    finally:
        server.kill()
