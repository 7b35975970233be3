"""What an external catalog answers is checked before it is believed: it gets an error on the table, and nothing else
of the server notices. And https."""
import json
import subprocess

import pytest
from external_catalog import CREDENTIAL, FAST, SECRET, catalog_of, external, ids, sql, start, status, table_status
from faulty_proxy import FaultyProxy
from fluss_session import FlussSession, append
from lake import wait_for
from rows import LOG, log_batch

pytestmark = pytest.mark.weir_only


def of_table(change):
    """`change` of the JSON of every answer that has a table's metadata."""
    def apply(request, code, body):
        if code == 200 and b'"metadata"' in body:
            document = json.loads(body)
            change(document)
            body = json.dumps(document).encode()
        return code, body
    return apply


def lie(name, tmp_path):
    def uuid(document):
        document["metadata"]["table-uuid"] = "00000000-0000-4000-8000-000000000000"

    def root(document):
        document["metadata"]["location"] = "/etc"

    def ours(document):
        document["metadata"]["location"] = str(tmp_path / "data" / "meta")

    def up(document):
        document["metadata"]["location"] += "/../../../data"

    def snapshots(document):
        for snapshot in document["metadata"]["snapshots"]:
            snapshot["manifest-list"] = "/etc/passwd"

    def data_path(document):
        document["metadata"].setdefault("properties", {})["write.data.path"] = "/etc"

    def schema(document):
        document["metadata"]["current-schema-id"] = 4711

    def location(document):
        document["metadata-location"] = "/etc/passwd"
    return {"uuid": (of_table(uuid), "another table in the place"), "root": (of_table(root), "may not lie"),
            "ours": (of_table(ours), "may not lie"), "up": (of_table(up), "may not lie"),
            "snapshots": (of_table(snapshots), "manifest-list"), "data-path": (of_table(data_path), "write.data.path"),
            "schema": (of_table(schema), "schema"), "metadata-location": (of_table(location), "outside of its table"),
            "no-json": (lambda request, code, body: (code, b"<html>hello</html>"), "not JSON"),
            "array": (lambda request, code, body: (code, b"[]"), "external catalog"),
            "huge": (lambda request, code, body: (code, b" " * (1 << 20)), "body limit exceeded"),
            }[name]


LIES = ["uuid", "root", "ours", "up", "snapshots", "data-path", "schema", "metadata-location", "no-json", "array", "huge"]


async def test_lies_are_errors_of_the_table_and_the_truth_mends_them(tmp_path, house, proxy):
    with start(tmp_path, proxy.address, **{"lake.catalog.response-size-max": "256kb"}) as server:
        async with FlussSession(server.bootstrap, "db") as session:
            log = await session.create("log", LOG, properties=FAST)
            await append(log, log_batch(10))
            table = catalog_of(house)
            wait_for(lambda: ids(table.load_table(("db", "log"))), list(range(10)))
            for turn, name in enumerate(LIES, 1):
                change, words = lie(name, tmp_path)

                def of_the_table(request, code, body, change=change):
                    return change(request, code, body) if request.path.endswith("/tables/log") else (code, body)
                proxy.change = of_the_table
                await append(log, log_batch(10, 10 * turn))
                wait_for(lambda words=words: words in table_status(server, "db.log").get("error", ""), True)
                assert sql(server, "SELECT count(*) AS n FROM db.log").split() == ["n", str(10 * (turn + 1))], name
                proxy.change = None
                wait_for(lambda turn=turn: ids(table.load_table(("db", "log"))), list(range(10 * (turn + 1))))


async def test_an_answer_that_hides_the_commit_does_not_double_it(tmp_path, house, proxy):
    """200, but of the state before: the table is read back."""
    def hide(request, code, body):
        if request.command == "POST" and "/tables/" in request.path and code == 200:
            document = json.loads(body)
            document["metadata"]["snapshots"] = []
            document["metadata"]["refs"] = {}
            document["metadata"]["current-snapshot-id"] = -1
            body = json.dumps(document).encode()
        return code, body
    proxy.change = hide
    with start(tmp_path, proxy.address) as server:
        async with FlussSession(server.bootstrap, "db") as session:
            log = await session.create("log", LOG, properties=FAST)
            catalog = catalog_of(house)
            for turn in range(3):
                await append(log, log_batch(10, 10 * turn))
                wait_for(lambda: catalog.table_exists(("db", "log")), True)
                wait_for(lambda turn=turn: ids(catalog.load_table(("db", "log"))), list(range(10 * (turn + 1))))
        assert "failures" in table_status(server, "db.log")


async def test_what_a_catalog_repeats_of_a_secret_is_hidden(tmp_path, house, proxy):
    told = []

    def repeat(request, code, body):
        if request.path.endswith("/oauth/tokens") and code == 200:
            told.append(json.loads(body)["access_token"])
        if request.command == "POST" and "/namespaces" in request.path:
            said = f"you sent {request.headers['Authorization']} of {CREDENTIAL}, {SECRET} and {request.headers['X-Key']}"
            return 400, json.dumps({"error": {"message": said, "type": "BadRequestException", "code": 400}}).encode()
        return code, body
    proxy.change = repeat
    with start(tmp_path, proxy.address, **{"datalake.iceberg.header.X-Key": "header-secret-0815"}) as server:
        async with FlussSession(server.bootstrap, "db") as session:
            log = await session.create("log", LOG, properties=FAST)
            await append(log, log_batch(10))
        wait_for(lambda: "you sent" in table_status(server, "db.log").get("error", ""), True)
        everywhere = str(status(server)) + server.log_path.read_text() + sql(server, "SELECT * FROM db.log$lake")
        assert told
        for secret in (*told, SECRET, "header-secret-0815"):
            assert secret not in everywhere
        assert "***" in everywhere


async def test_a_list_without_an_end_ends(tmp_path, house, proxy):
    pages = []

    def more(request, code, body):
        if request.command == "GET" and "/v1/namespaces?" in request.path:
            pages.append(request.path)
            return 200, json.dumps({"namespaces": [["n"]], "next-page-token": str(len(pages))}).encode()
        return code, body
    proxy.change = more
    with start(tmp_path, proxy.address) as server:
        assert "fluss" in sql(server, "SHOW DATABASES")
        assert 1 < len(pages) <= 1000


async def test_https_is_trusted_by_certificate_only(tmp_path, house):
    pem = tmp_path / "certificate.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=weir-test", "-days", "2",
                    "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", pem, "-out", tmp_path / "public.pem"],
                   check=True, capture_output=True)
    pem.write_text(pem.read_text() + (tmp_path / "public.pem").read_text())
    with FaultyProxy(house.http, certificate=pem) as proxy:
        settings = {"datalake.iceberg.uri": external(tmp_path, proxy.address)["datalake.iceberg.uri"]
                    .replace("http://", "https://")}
        with start(tmp_path, proxy.address, **settings) as server:
            async with FlussSession(server.bootstrap, "db") as session:
                log = await session.create("log", LOG, properties=FAST)
                await append(log, log_batch(10))
            wait_for(lambda: "certificate verify failed" in table_status(server, "db.log").get("error", ""), True)
            assert proxy.seen == []
            server.stop()
            server.env = {"SSL_CERT_FILE": str(tmp_path / "public.pem")}
            server.launch()
            catalog = catalog_of(house)
            wait_for(lambda: catalog.table_exists(("db", "log")), True)
            wait_for(lambda: ids(catalog.load_table(("db", "log"))), list(range(10)))


async def test_a_404_of_somebody_else_does_not_lose_the_table(tmp_path, house, proxy):
    """A gateway that knows no route, or a catalog that has lost sight of the table for a while: it is the same after."""
    def no_route(request, code, body):
        return 404, b"<html>no such page</html>"

    def forgotten(request, code, body):
        if request.path.endswith("/tables/log") and request.command == "GET":
            return 404, json.dumps({"error": {"message": "Table does not exist: db.log", "code": 404,
                                              "type": "NoSuchTableException"}}).encode()
        return code, body
    with start(tmp_path, proxy.address) as server:
        async with FlussSession(server.bootstrap, "db") as session:
            log = await session.create("log", LOG, properties=FAST)
            await append(log, log_batch(10))
            catalog = catalog_of(house)
            wait_for(lambda: ids(catalog.load_table(("db", "log"))), list(range(10)))
            uuid = catalog.load_table(("db", "log")).metadata.table_uuid
            for turn, change in enumerate((no_route, forgotten), 1):
                failures = table_status(server, "db.log")["failures"]
                proxy.change = change
                await append(log, log_batch(10, 10 * turn))
                wait_for(lambda failures=failures: table_status(server, "db.log")["failures"] > failures, True)
                proxy.change = None
                wait_for(lambda turn=turn: ids(catalog.load_table(("db", "log"))), list(range(10 * (turn + 1))))
        assert catalog.load_table(("db", "log")).metadata.table_uuid == uuid
