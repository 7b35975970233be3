"""The built-in Iceberg REST catalog with PyIceberg as its client, and what the specification says of plain requests."""
import concurrent.futures
import itertools
import json
import urllib.error
import urllib.parse
import urllib.request
import uuid

import pyarrow as pa
import pytest
from pyarrow import parquet
from pyiceberg.catalog.rest import RestCatalog
from pyiceberg.exceptions import (CommitFailedException, NamespaceAlreadyExistsError, NamespaceNotEmptyError,
                                  NoSuchNamespaceError, NoSuchTableError, TableAlreadyExistsError)
from pyiceberg.expressions import EqualTo
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import BucketTransform, IdentityTransform
from pyiceberg.types import IntegerType, LongType, NestedField, StringType, StructType
from lake import wait_for
from weir_server import WeirServer

pytestmark = pytest.mark.weir_only
_numbers = itertools.count()

SCHEMA = Schema(NestedField(1, "id", LongType(), required=True), NestedField(2, "name", StringType()),
                identifier_field_ids=[1])
ROWS = pa.table({"id": [1, 2, 3], "name": ["a", "b", None]},
                schema=pa.schema([pa.field("id", pa.int64(), False), pa.field("name", pa.string())]))


def connect(server, **properties):
    return RestCatalog("weir", uri=f"http://{server.http}/api/catalog", **properties)


def call(server, method, path, body=None, headers=None):
    """(status, JSON or None, headers) of one plain request."""
    request = urllib.request.Request(
        f"http://{server.http}/api/catalog{path}", method=method,
        data=None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode(),
        headers={"Content-Type": "application/json", **(headers or {})})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            text, status, fields = answer.read(), answer.status, answer.headers
    except urllib.error.HTTPError as error:
        text, status, fields = error.read(), error.code, error.headers
    return status, json.loads(text) if text else None, fields


@pytest.fixture
def catalog(server):
    return connect(server)


@pytest.fixture
def namespace(catalog):
    name = f"rest{next(_numbers)}"
    catalog.create_namespace(name, {"owner": "me"})
    return name


def rows(table, **scan):
    return sorted(table.scan(**scan).to_arrow().to_pylist(), key=lambda row: row["id"])


def test_namespaces_live_nested_with_properties(catalog, namespace):
    catalog.create_namespace((namespace, "inner"))
    assert catalog.list_namespaces(namespace) == [(namespace, "inner")]
    assert catalog.load_namespace_properties(namespace)["owner"] == "me"
    summary = catalog.update_namespace_properties(namespace, removals={"owner", "nobody"}, updates={"team": "x"})
    assert (summary.removed, summary.updated, summary.missing) == (["owner"], ["team"], ["nobody"])
    with pytest.raises(NamespaceAlreadyExistsError):
        catalog.create_namespace(namespace)
    with pytest.raises(NamespaceNotEmptyError):
        catalog.drop_namespace(namespace)
    catalog.drop_namespace((namespace, "inner"))
    catalog.drop_namespace(namespace)
    with pytest.raises(NoSuchNamespaceError):
        catalog.load_namespace_properties(namespace)


def test_lists_come_in_pages(server, catalog, namespace):
    for number in range(5):
        catalog.create_table(f"{namespace}.t{number}", SCHEMA)
    names, token = [], ""
    while token is not None:
        path = f"/v1/namespaces/{namespace}/tables?pageSize=2&pageToken={token}"
        _, body, _ = call(server, "GET", path)
        assert len(body["identifiers"]) <= 2
        names += [one["name"] for one in body["identifiers"]]
        token = body.get("next-page-token")
    assert names == [f"t{number}" for number in range(5)]
    assert len(catalog.list_tables(namespace)) == 5


def test_rows_are_appended_overwritten_and_deleted(catalog, namespace):
    table = catalog.create_table(f"{namespace}.t", SCHEMA)
    assert rows(table) == []
    table.append(ROWS)
    table.append(ROWS.set_column(0, ROWS.schema.field(0), pa.array([4, 5, 6])))
    assert [row["id"] for row in rows(catalog.load_table(f"{namespace}.t"))] == [1, 2, 3, 4, 5, 6]
    table.delete("id = 2")
    table.overwrite(ROWS.slice(0, 1), overwrite_filter=EqualTo("id", 1))
    assert [row["id"] for row in rows(table)] == [1, 3, 4, 5, 6]
    assert [row["id"] for row in rows(table, row_filter="id >= 5")] == [5, 6]
    first = table.metadata.snapshots[0].snapshot_id
    assert [row["id"] for row in rows(table, snapshot_id=first)] == [1, 2, 3]
    table.overwrite(ROWS)
    assert rows(catalog.load_table(f"{namespace}.t")) == ROWS.to_pylist()


def test_columns_change(catalog, namespace):
    table = catalog.create_table(f"{namespace}.t", SCHEMA)
    table.append(ROWS)
    with table.update_schema() as change:
        change.add_column("age", IntegerType())
        change.rename_column("name", "title")
        change.add_column("place", StructType(NestedField(10, "city", StringType())))
    with table.update_schema() as change:
        change.update_column("age", LongType())
    table = catalog.load_table(f"{namespace}.t")
    assert [field.name for field in table.schema().fields] == ["id", "title", "age", "place"]
    assert rows(table)[0] == {"id": 1, "title": "a", "age": None, "place": None}
    with table.update_schema() as change:
        change.delete_column("place")
    assert "place" not in catalog.load_table(f"{namespace}.t").schema().column_names


def test_partitions_prune_what_a_scan_reads(catalog, namespace):
    schema = Schema(NestedField(1, "id", LongType(), required=True), NestedField(2, "country", StringType()))
    spec = PartitionSpec(PartitionField(2, 1000, IdentityTransform(), "country"))
    table = catalog.create_table(f"{namespace}.t", schema, partition_spec=spec)
    table.append(pa.table({"id": [1, 2, 3], "country": ["FR", "DE", "FR"]},
                          schema=pa.schema([pa.field("id", pa.int64(), False), ("country", pa.string())])))
    assert len(list(table.scan().plan_files())) == 2
    assert [task.file.record_count for task in table.scan(row_filter="country = 'DE'").plan_files()] == [1]
    assert len(list(table.scan(row_filter="id > 2").plan_files())) == 1
    assert [row["id"] for row in rows(table, row_filter="country = 'FR'")] == [1, 3]
    with table.update_spec() as change:
        change.add_field("id", BucketTransform(4), "id_bucket")
        change.remove_field("country")
    spec = catalog.load_table(f"{namespace}.t").spec()
    assert [(field.name, str(field.transform)) for field in spec.fields] == [("id_bucket", "bucket[4]")]


def test_a_staged_table_appears_with_its_first_commit(catalog, namespace):
    with catalog.create_table_transaction(f"{namespace}.t", SCHEMA, properties={"a": "b"}) as transaction:
        transaction.append(ROWS)
        assert not catalog.table_exists(f"{namespace}.t")
    table = catalog.load_table(f"{namespace}.t")
    assert rows(table) == ROWS.to_pylist() and table.properties["a"] == "b"


def test_tables_are_renamed_registered_and_dropped(catalog, namespace):
    table = catalog.create_table(f"{namespace}.t", SCHEMA)
    table.append(ROWS)
    with pytest.raises(TableAlreadyExistsError):
        catalog.create_table(f"{namespace}.t", SCHEMA)
    catalog.rename_table(f"{namespace}.t", f"{namespace}.u")
    assert not catalog.table_exists(f"{namespace}.t")
    location = catalog.load_table(f"{namespace}.u").metadata_location
    catalog.drop_table(f"{namespace}.u")
    with pytest.raises(NoSuchTableError):
        catalog.load_table(f"{namespace}.u")
    catalog.register_table(f"{namespace}.v", location)
    assert rows(catalog.load_table(f"{namespace}.v")) == ROWS.to_pylist()
    catalog.purge_table(f"{namespace}.v")
    assert catalog.list_tables(namespace) == []


def test_of_two_concurrent_changes_one_is_refused(server, namespace):
    one, two = connect(server), connect(server)
    one.create_table(f"{namespace}.t", SCHEMA).append(ROWS)
    first, second = one.load_table(f"{namespace}.t"), two.load_table(f"{namespace}.t")
    with first.update_schema() as change:
        change.add_column("x", IntegerType())
    with pytest.raises(CommitFailedException):
        with second.update_schema() as change:
            change.add_column("y", IntegerType())


def test_writers_that_retry_lose_nothing(server, namespace):
    connect(server).create_table(f"{namespace}.t", SCHEMA)

    def write(writer):
        catalog, done = connect(server), 0
        while done < 5:
            table = catalog.load_table(f"{namespace}.t")
            try:
                table.append(ROWS.slice(0, 1).set_column(0, ROWS.schema.field(0), pa.array([writer * 100 + done])))
                done += 1
            except CommitFailedException:
                pass

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    table = connect(server).load_table(f"{namespace}.t")
    assert [row["id"] for row in rows(table)] == sorted(w * 100 + n for w in range(4) for n in range(5))
    assert len(table.metadata.snapshots) == 20


def test_a_load_without_change_answers_304(server, catalog, namespace):
    catalog.create_table(f"{namespace}.t", SCHEMA)
    path = f"/v1/namespaces/{namespace}/tables/t"
    status, body, fields = call(server, "GET", path)
    assert status == 200 and body["metadata-location"].endswith(".metadata.json")
    assert call(server, "GET", path, headers={"If-None-Match": fields["ETag"]})[0] == 304
    # Another representation of the same state has another tag.
    assert call(server, "GET", path + "?snapshots=refs", headers={"If-None-Match": fields["ETag"]})[0] == 200
    catalog.load_table(f"{namespace}.t").append(ROWS)
    assert call(server, "GET", path, headers={"If-None-Match": fields["ETag"]})[0] == 200


def test_refs_are_the_snapshots_that_something_names(server, catalog, namespace):
    table = catalog.create_table(f"{namespace}.t", SCHEMA)
    for _ in range(3):
        table.append(ROWS)
    path = f"/v1/namespaces/{namespace}/tables/t"
    assert len(call(server, "GET", path)[1]["metadata"]["snapshots"]) == 3
    shown = call(server, "GET", path + "?snapshots=refs")[1]["metadata"]
    assert [one["snapshot-id"] for one in shown["snapshots"]] == [shown["current-snapshot-id"]]
    assert call(server, "GET", path + "?snapshots=some")[0] == 400


def test_a_transaction_changes_all_its_tables_or_none(server, catalog, namespace):
    for name in ("a", "b"):
        catalog.create_table(f"{namespace}.{name}", SCHEMA)

    def change(name, key, schema_id):
        return {"identifier": {"namespace": [namespace], "name": name},
                "requirements": [{"type": "assert-current-schema-id", "current-schema-id": schema_id}],
                "updates": [{"action": "set-properties", "updates": {key: "1"}}]}

    path = "/v1/transactions/commit"
    status, body, _ = call(server, "POST", path, {"table-changes": [change("a", "x", 0), change("b", "x", 7)]})
    assert status == 409 and body["error"]["type"] == "CommitFailedException" and body["error"]["code"] == 409
    assert "x" not in catalog.load_table(f"{namespace}.a").properties
    assert call(server, "POST", path, {"table-changes": [change("a", "x", 0), change("b", "x", 0)]})[0] == 204
    for name in ("a", "b"):
        assert catalog.load_table(f"{namespace}.{name}").properties["x"] == "1"


def test_a_request_with_an_idempotency_key_happens_once(server, namespace):
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    body = {"namespace": [namespace, "once"]}
    assert call(server, "POST", "/v1/namespaces", body, headers)[0] == 200
    assert call(server, "POST", "/v1/namespaces", body, headers)[0] == 200
    assert call(server, "POST", "/v1/namespaces", body)[0] == 409
    assert call(server, "POST", "/v1/namespaces", {"namespace": ["other"]}, headers)[0] == 422


@pytest.mark.parametrize("method, path, body, status, kind", [
    ("GET", "/v1/namespaces/missing", None, 404, "NoSuchNamespaceException"),
    ("GET", "/v1/namespaces/missing/tables/t", None, 404, "NoSuchTableException"),
    ("GET", "/v1/namespaces/missing/views/v", None, 404, "NoSuchViewException"),
    ("POST", "/v1/namespaces/missing/tables", {"name": "t", "schema": {"type": "struct", "fields": []}}, 404,
     "NoSuchNamespaceException"),
    ("POST", "/v1/namespaces", b"{", 400, "BadRequestException"),
    ("POST", "/v1/namespaces", {"namespace": []}, 400, "BadRequestException"),
    ("PUT", "/v1/namespaces", None, 405, "MethodNotAllowedException"),
    ("GET", "/v2/namespaces", None, 404, "NotFoundException"),
    ("DELETE", "/v1/namespaces/missing", None, 404, "NoSuchNamespaceException"),
])
def test_errors_are_those_of_the_specification(server, method, path, body, status, kind):
    got, answer, _ = call(server, method, path, body)
    assert (got, answer["error"]["type"], answer["error"]["code"]) == (status, kind, status)


def test_unknown_updates_are_refused(server, catalog, namespace):
    catalog.create_table(f"{namespace}.t", SCHEMA)
    path = f"/v1/namespaces/{namespace}/tables/t"
    for body in ({"requirements": [], "updates": [{"action": "fly"}]},
                 {"requirements": [{"type": "assert-moon"}], "updates": []}):
        assert call(server, "POST", path, body)[0] == 400


def test_a_table_stays_where_it_was_put(server, catalog, namespace):
    """One validator for everything that names a place: a client must not make the server write elsewhere."""
    catalog.create_table(f"{namespace}.t", SCHEMA)
    path = f"/v1/namespaces/{namespace}/tables/t"
    for update in ({"action": "set-location", "location": "file:///etc"},
                   {"action": "set-properties", "updates": {"write.metadata.path": "/etc"}},
                   {"action": "set-properties", "updates": {"write.data.path": "s3://other/place"}}):
        status, body, _ = call(server, "POST", path, {"requirements": [], "updates": [update]})
        assert status in (400, 403), (update, body)
    status, _, _ = call(server, "POST", f"/v1/namespaces/{namespace}/register",
                        {"name": "u", "metadata-location": "file:///etc/passwd"})
    assert status in (400, 403)


def test_files_elsewhere_are_not_read(server, catalog, namespace, tmp_path):
    """Manifests name files, too, and clients write manifests: another's file under a path of the server's disk."""
    table = catalog.create_table(f"{namespace}.t", SCHEMA)
    table.append(ROWS)
    query = f"SELECT name FROM {namespace}.t"
    assert len(server.sql(query).splitlines()) == len(ROWS)
    parquet.write_table(ROWS, tmp_path / "secret.parquet")
    table.add_files([f"file://{tmp_path}/secret.parquet"])
    try:
        answer = server.sql(query)
    except urllib.error.HTTPError as error:
        answer = error.read().decode()
    assert "outside of the places of tables" in answer


def test_views_live_beside_tables(server, catalog, namespace):
    body = {"name": "v", "schema": {"type": "struct", "schema-id": 0,
                                    "fields": [{"id": 1, "name": "n", "type": "int", "required": False}]},
            "view-version": {"version-id": 1, "schema-id": 0, "timestamp-ms": 1, "summary": {"engine-name": "test"},
                             "default-namespace": [namespace],
                             "representations": [{"type": "sql", "sql": "SELECT 1 AS n", "dialect": "spark"}]},
            "properties": {"comment": "one"}}
    base = f"/v1/namespaces/{namespace}/views"
    status, view, _ = call(server, "POST", base, body)
    assert status == 200 and view["metadata"]["versions"][0]["representations"][0]["sql"] == "SELECT 1 AS n"
    assert call(server, "POST", base, body)[0] == 409
    assert catalog.list_views(namespace) == [(namespace, "v")]
    assert catalog.view_exists(f"{namespace}.v")
    assert call(server, "POST", "/v1/views/rename", {"source": {"namespace": [namespace], "name": "v"},
                                                     "destination": {"namespace": [namespace], "name": "w"}})[0] == 204
    with pytest.raises(TableAlreadyExistsError):
        catalog.create_table(f"{namespace}.w", SCHEMA)
    catalog.drop_view(f"{namespace}.w")
    assert catalog.list_views(namespace) == []


def test_clients_may_report_what_they_did(server, catalog, namespace):
    catalog.create_table(f"{namespace}.t", SCHEMA)
    path = f"/v1/namespaces/{namespace}/tables/t/metrics"
    assert call(server, "POST", path, {"report-type": "scan-report", "table-name": "t"})[0] == 204
    assert call(server, "POST", path, {"report-type": "weather"})[0] == 400


def test_everything_is_there_after_a_restart(tmp_path):
    with WeirServer.start(tmp_path / "data") as server:
        catalog = connect(server)
        catalog.create_namespace("kept")
        catalog.create_table("kept.t", SCHEMA).append(ROWS)
        server.restart()
        table = connect(server).load_table("kept.t")
        assert rows(table) == ROWS.to_pylist()
        table.append(ROWS)
        assert len(rows(connect(server).load_table("kept.t"))) == 6


# Who may come in.

@pytest.fixture(scope="module")
def closed(tmp_path_factory):
    options = ["--set", "security.users=admin:admin-secret,alice:alice-secret"]
    with WeirServer.start(tmp_path_factory.mktemp("closed") / "data", options) as server:
        yield server


def test_credentials_become_a_token(closed):
    catalog = connect(closed, credential="alice:alice-secret")
    catalog.create_namespace_if_not_exists("mine")
    assert ("mine",) in catalog.list_namespaces()


def test_a_token_outlives_a_restart_of_the_server(tmp_path):
    options = ["--set", "security.users=admin:admin-secret"]
    with WeirServer.start(tmp_path / "data", options) as server:
        catalog = connect(server, credential="admin:admin-secret")
        catalog.create_namespace("a")
        server.restart()
        assert catalog.list_namespaces() == [("a",)]


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer nonsense"}, {"Authorization": "Bearer a.b.c"},
                                     {"Authorization": "Basic YWRtaW46d3Jvbmc="}])
def test_nobody_else_comes_in(closed, headers):
    status, body, _ = call(closed, "GET", "/v1/config", headers=headers)
    assert (status, body["error"]["type"]) == (401, "NotAuthorizedException")


def test_wrong_credentials_are_refused_in_the_words_of_oauth(closed):
    form = urllib.parse.urlencode({"grant_type": "client_credentials", "client_id": "admin", "client_secret": "wrong"})
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    status, body, _ = call(closed, "POST", "/v1/oauth/tokens", form.encode(), headers)
    assert (status, body["error"]) == (401, "invalid_client")
    form = urllib.parse.urlencode({"grant_type": "password"})
    assert call(closed, "POST", "/v1/oauth/tokens", form.encode(), headers)[1]["error"] == "unsupported_grant_type"


def test_a_token_opens_sql_too_and_renews_itself(closed):
    form = urllib.parse.urlencode({"grant_type": "client_credentials", "client_id": "admin",
                                   "client_secret": "admin-secret", "scope": "catalog"})
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    _, first, _ = call(closed, "POST", "/v1/oauth/tokens", form.encode(), headers)
    assert first["token_type"] == "bearer" and first["expires_in"] > 0
    form = urllib.parse.urlencode({"grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
                                   "subject_token": first["access_token"],
                                   "subject_token_type": "urn:ietf:params:oauth:token-type:access_token"})
    _, second, _ = call(closed, "POST", "/v1/oauth/tokens", form.encode(), headers)
    bearer = {"Authorization": f"Bearer {second['access_token']}"}
    assert call(closed, "GET", "/v1/config", headers=bearer)[0] == 200
    request = urllib.request.Request(f"http://{closed.http}/v1/sql", data=b"SHOW DATABASES", headers=bearer)
    with urllib.request.urlopen(request) as answer:
        assert b"fluss" in answer.read()


def databases(server):
    return {json.loads(line)["database name"] for line in server.sql("SHOW DATABASES").splitlines()}


@pytest.mark.parametrize("end", ["DROP DATABASE {} CASCADE", "DROP TABLE {}.t; DROP DATABASE {}"])
def test_the_namespace_of_a_database_goes_with_it(server, catalog, end):
    name = f"rest{next(_numbers)}"
    server.sql(f"CREATE DATABASE {name}; CREATE TABLE {name}.t (a INT) WITH ('table.datalake.enabled' = 'true', "
               "'table.datalake.freshness' = '10 ms'); " + f"INSERT INTO {name}.t VALUES (1)")
    wait_for(lambda: catalog.namespace_exists(name), True)
    server.sql(end.format(name, name))
    assert name not in databases(server) and not catalog.namespace_exists(name)


def test_the_namespace_of_a_database_stays_while_others_use_it(server, catalog, namespace):
    made, used = namespace, f"rest{next(_numbers)}"
    server.sql(f"CREATE DATABASE {made}; CREATE DATABASE {used}; CREATE TABLE {used}.t (a INT) WITH "
               "('table.datalake.enabled' = 'true', 'table.datalake.freshness' = '10 ms'); "
               f"INSERT INTO {used}.t VALUES (1)")
    wait_for(lambda: catalog.namespace_exists(used), True)
    theirs = catalog.create_table(f"{used}.theirs", SCHEMA)
    theirs.append(ROWS)
    for name in (made, used):
        said = server.sql(f"DROP DATABASE {name} CASCADE", accept="application/vnd.weir.frames+json")
        assert "its namespace in the lake's catalog stays" in said
        assert catalog.namespace_exists(name) and name in databases(server)
        with pytest.raises(urllib.error.HTTPError) as refused:
            server.sql(f"DROP DATABASE {name}")
        assert "namespace of the lake's catalog" in refused.value.read().decode()
    assert [ident[-1] for ident in catalog.list_tables(used)] == ["theirs"] and len(rows(theirs)) == 3
    catalog.drop_table(f"{used}.theirs")
    for name in (made, used):
        catalog.drop_namespace(name)
    assert not {made, used} & databases(server)
