"""What happens to a lake table from outside: damaged and missing files, commits of others, a full disk. A clear error on
that table, in the status, the metrics and once in the log; everything else goes on; it recovers when it is mended.
"""
import json
import pathlib
import subprocess
import urllib.error
import urllib.request

import pytest
from fluss_session import FlussSession, append, lookup, upsert
from lake import lake_catalog, rows_of, wait_for
from lake_files import files_on_disk, orphans, plain_path
from pyiceberg.exceptions import ForbiddenError
from pyiceberg.types import LongType
from rows import KEYED, LOG, log_batch
from small_disk import fill_disk
from test_lake_maintenance import by_id
from verify import FINDINGS, assert_clean, verify
from weir_server import WeirServer, weir_binary

pytestmark = pytest.mark.weir_only

FAST = {"table.datalake.enabled": "true", "table.datalake.freshness": "1s", "table.datalake.iceberg.live": "off"}
EAGER = ["--set=lake.tiering.backoff-min=10ms", "--set=lake.tiering.backoff-max=200ms"]
TIDY = ["--set=lake.maintenance.interval=100ms", "--set=lake.maintenance.small-files=2"]


def get(server, path):
    return urllib.request.urlopen(f"http://{server.http}{path}", timeout=30).read().decode()


def sql(server, statement):
    """The rows of a statement; a failure raises with the server's words."""
    events = [json.loads(line) for line in server.sql(statement, "application/vnd.weir.frames+json").splitlines()]
    for event in events:
        if "error" in event:
            raise RuntimeError(event["error"]["message"])
    return [row for event in events for row in event.get("rows", [])]


def status(server, table):
    return next(one for one in json.loads(get(server, "/v1/lake"))["tables"] if one["table"] == table)


def metric(server, name):
    return sum(float(line.split()[-1]) for line in get(server, "/metrics").splitlines() if line.startswith(f"{name} "))


def wait_for_error(server, table, word, key="error"):
    wait_for(lambda: word in status(server, table).get(key, ""), True)
    shown = subprocess.run([weir_binary(), "lake", "status", "--http", server.http], capture_output=True, text=True)
    assert shown.returncode == 4 and word in shown.stdout, shown
    return status(server, table)[key]


def log_lines(server, *words):
    return [line for line in server.log_path.read_text(errors="replace").splitlines() if all(w in line for w in words)]


class Damage:
    """A file changed behind everybody's back; mended at the end."""

    def __init__(self, path, change):
        self.path, self.change = pathlib.Path(path), change

    def __enter__(self):
        self.before = self.path.read_bytes()
        after = self.change(self.before)
        self.path.unlink() if after is None else self.path.write_bytes(after)
        return self

    def __exit__(self, *_):
        self.path.write_bytes(self.before)


def flipped(at):
    """A change of one byte, `at` from the beginning or, negative, from the end."""
    return lambda data: data[:at % len(data)] + bytes([data[at % len(data)] ^ 0x55]) + data[at % len(data) + 1:]


def files_of_kind(table, kind):
    snapshot = table.refresh().current_snapshot()
    manifests = snapshot.manifests(table.io)
    entries = [entry for manifest in manifests for entry in manifest.fetch_manifest_entry(table.io)]
    found = {"metadata": [table.metadata_location], "manifest list": [snapshot.manifest_list],
             "manifest": [manifest.manifest_path for manifest in manifests],
             "data": [e.data_file.file_path for e in entries if e.data_file.content == 0],
             "deletes": [e.data_file.file_path for e in entries if e.data_file.content != 0]}
    return [plain_path(path) for path in found[kind]]


async def fill(session, victim, rows=100):
    """Two tables in the lake, `victim` and `other`, each with `rows` rows."""
    for name in (victim, "other"):
        table = await session.table(name)
        await append(table, log_batch(rows)) if name != "keyed" else await upsert(table, keyed_rows(rows))


def keyed_rows(count, first=0, turn=0):
    return [{"id": i, "name": f"t{turn}", "v": i} for i in range(first, first + count)]


def lake_table(server, name):
    return lake_catalog(server).load_table(("db", name))


def wait_for_lake(server, name, wanted):
    table = lake_table(server, name)
    wait_for(lambda: by_id(rows_of(table.refresh())), by_id(wanted))
    return table


async def others_go_on(server, first):
    """Another table is written, read by SQL and tiered meanwhile."""
    async with FlussSession(server.bootstrap, "db") as session:
        await append(await session.table("other"), log_batch(10, first))
    wait_for_lake(server, "other", log_batch(first + 10).to_pylist())
    assert sql(server, "SELECT count(*) FROM db.other") == [[str(first + 10)]]


@pytest.fixture
def restartable(tmp_path):
    server = WeirServer.start(tmp_path / "data", EAGER)
    yield server
    server.kill()


DAMAGES = {"cut": lambda data: data[:len(data) // 2], "garbage": lambda data: b"\xff\0garbage" * 40,
           "empty": lambda data: b"", "missing": lambda data: None}


@pytest.mark.parametrize("kind", ["metadata", "manifest list"])
@pytest.mark.parametrize("damage", DAMAGES)
async def test_damaged_metadata_stops_only_its_table(restartable, kind, damage):
    server = restartable
    async with FlussSession(server.bootstrap, "db") as session:
        for name in ("victim", "other"):
            await append(await session.create(name, LOG, properties=FAST), log_batch(100))
    victim = wait_for_lake(server, "victim", log_batch(100).to_pylist())
    wait_for_lake(server, "other", log_batch(100).to_pylist())
    path, = files_of_kind(victim, kind)
    server.kill()  # what is in memory would hide it
    with Damage(path, DAMAGES[damage]):
        server.launch()
        async with FlussSession(server.bootstrap, "db") as session:
            await append(await session.table("victim"), log_batch(50, 100))
        wait_for_error(server, "db.victim", pathlib.Path(path).name)
        assert metric(server, "weir_lake_tiering_failures_total") > 0
        with pytest.raises(RuntimeError, match=pathlib.Path(path).name):
            sql(server, "SELECT count(*) FROM db.victim$lake")
        await others_go_on(server, 100)
        if kind == "metadata":
            assert sql(server, "SELECT count(*) FROM db.victim") == [["150"]], "the log has all of it"
            with pytest.raises(urllib.error.HTTPError) as refused:
                get(server, "/api/catalog/v1/namespaces/db/tables/victim")
            assert refused.value.code >= 500 and pathlib.Path(path).name in refused.value.read().decode()
        code, report = verify("db.victim", server)
        assert code != 0, report
        wait_for(lambda: status(server, "db.victim")["failures"] > 8, True)
        assert len(log_lines(server, "round failed", "table=db.victim")) <= 8, "the log is not flooded"
    wait_for_lake(server, "victim", log_batch(150).to_pylist())
    assert "error" not in status(server, "db.victim")
    assert_clean("db.victim", server)


@pytest.mark.parametrize("kind, damage", [("manifest", "cut"), ("manifest", "garbage"), ("data", "cut"),
                                          ("data", "missing"), ("data", "footer"), ("data", "page")])
async def test_a_damaged_file_is_named_and_tiering_goes_on(tmp_path, kind, damage):
    change = {**DAMAGES, "footer": flipped(-20), "page": flipped(40)}[damage]
    server = WeirServer.start(tmp_path / "data", EAGER)
    try:
        async with FlussSession(server.bootstrap, "db") as session:
            for name in ("victim", "other"):
                await append(await session.create(name, LOG, properties=FAST), log_batch(100))
        victim = wait_for_lake(server, "victim", log_batch(100).to_pylist())
        wait_for_lake(server, "other", log_batch(100).to_pylist())
        path = files_of_kind(victim, kind)[0]
        server.stop()
        server.options += TIDY
        with Damage(path, change):
            server.launch()
            async with FlussSession(server.bootstrap, "db") as session:
                await append(await session.table("victim"), log_batch(50, 100))
            wait_for(lambda: status(server, "db.victim")["rounds"], 1)  # appending reads no old file
            wait_for_error(server, "db.victim", pathlib.Path(path).name, "maintenance_error")
            assert metric(server, "weir_lake_maintenance_failures_total") > 0
            with pytest.raises(RuntimeError, match=pathlib.Path(path).name):
                sql(server, "SELECT sum(id), sum(score), count(name) FROM db.victim")
            code, report = verify("db.victim", server)
            assert code == FINDINGS and pathlib.Path(path).name in str(report), report
            await others_go_on(server, 100)
            assert len(log_lines(server, "maintenance failed", "table=db.victim")) <= 8, "the log is not flooded"
        wait_for(lambda: "maintenance_error" in status(server, "db.victim"), False)
        wait_for_lake(server, "victim", log_batch(150).to_pylist())
        assert_clean("db.victim", server)
    finally:
        server.kill()


async def test_a_damaged_deletion_vector_stops_only_its_table(restartable):
    server = restartable
    async with FlussSession(server.bootstrap, "db") as session:
        keyed = await session.create("keyed", KEYED, ["id"], properties={
            **FAST, "table.datalake.iceberg.delete-mode": "deletion-vector"})
        await append(await session.create("other", LOG, properties=FAST), log_batch(100))
        await upsert(keyed, keyed_rows(100))
        wait_for_lake(server, "keyed", keyed_rows(100))
        await upsert(keyed, keyed_rows(10, turn=1))
        table = wait_for_lake(server, "keyed", keyed_rows(10, turn=1) + keyed_rows(90, 10))
        wait_for_lake(server, "other", log_batch(100).to_pylist())
        path = files_of_kind(table, "deletes")[0]
        with Damage(path, flipped(30)):
            await upsert(keyed, keyed_rows(20, turn=2))
            wait_for_error(server, "db.keyed", pathlib.Path(path).name)
            assert verify("db.keyed", server)[0] == FINDINGS
            assert (await lookup(keyed, {"id": 5}))["name"] == "t2"
            assert sql(server, "SELECT count(*) FROM db.keyed") == [["100"]], "the state needs no lake"
            await others_go_on(server, 100)
        wait_for_lake(server, "keyed", keyed_rows(20, turn=2) + keyed_rows(80, 20))
        assert_clean("db.keyed", server)


# ---- commits of others -----------------------------------------------------------------------------------------

def foreign_append(table):
    table.append(table.scan(limit=1).to_arrow())


def foreign_delete(table):
    table.delete("id = 7")


def foreign_overwrite(table):
    rows = table.scan(row_filter="id = 8").to_arrow()
    table.overwrite(rows, overwrite_filter="id = 8")


def foreign_expiry(table):
    keep = table.current_snapshot().snapshot_id
    old = [snapshot.snapshot_id for snapshot in table.snapshots() if snapshot.snapshot_id != keep]
    table.maintenance.expire_snapshots().by_ids(old).commit()


def foreign_rewrite(table):
    """All rows in new files, as somebody's compaction does."""
    table.overwrite(table.scan().to_arrow())


def foreign_property(table):
    with table.transaction() as change:
        change.set_properties({"owner": "somebody"})


FOREIGN = {foreign_append: ("duplicated", 1), foreign_delete: ("missing", -1), foreign_overwrite: (None, 0),
           foreign_expiry: (None, 0), foreign_rewrite: (None, 0), foreign_property: (None, 0)}


@pytest.mark.parametrize("commit", FOREIGN, ids=lambda f: f.__name__)
async def test_after_a_foreign_commit_on_a_log_table_tiering_goes_on(restartable, commit):
    server = restartable
    found, more = FOREIGN[commit]
    async with FlussSession(server.bootstrap, "db") as session:
        log = await session.create("log", LOG, properties=FAST)
        for turn in range(3):
            await append(log, log_batch(20, turn * 20))
            wait_for(lambda turn=turn: len(rows_of(lake_table(server, "log"))), turn * 20 + 20)
        commit(lake_table(server, "log"))
        before = sorted(row["id"] for row in rows_of(lake_table(server, "log")))
        assert len(before) == 60 + more
        await append(log, log_batch(20, 60))
        wait_for(lambda: sorted(row["id"] for row in rows_of(lake_table(server, "log"))), before + list(range(60, 80)))
    code, report = verify("db.log", server)
    if found is None:
        assert code == 0, report
    else:
        assert code == FINDINGS and {one["kind"] for one in report["findings"]} == {found}, report


@pytest.mark.parametrize("mode", ["position", "copy-on-write"])
@pytest.mark.parametrize("commit", FOREIGN, ids=lambda f: f.__name__)
async def test_after_a_foreign_commit_on_a_primary_key_table_tiering_goes_on(restartable, commit, mode):
    server = restartable
    found, more = FOREIGN[commit]
    async with FlussSession(server.bootstrap, "db") as session:
        keyed = await session.create("keyed", KEYED, ["id"], properties={
            **FAST, "table.datalake.iceberg.delete-mode": mode})
        await upsert(keyed, keyed_rows(40))
        wait_for_lake(server, "keyed", keyed_rows(40))
        await upsert(keyed, keyed_rows(5, turn=1))
        wait_for_lake(server, "keyed", keyed_rows(5, turn=1) + keyed_rows(35, 5))
        commit(lake_table(server, "keyed"))
        await upsert(keyed, keyed_rows(20, 10, turn=2))
        expected = keyed_rows(5, turn=1) + keyed_rows(5, 5) + keyed_rows(20, 10, turn=2) + keyed_rows(10, 30)
        untouched = range(5, 10)  # where the foreign commits are

        def looks():
            rows = rows_of(lake_table(server, "keyed"))
            return by_id([{k: row[k] for k in ("id", "name", "v")} for row in rows if row["id"] not in untouched
                          and not (more > 0 and row["id"] == min(rows, key=lambda r: r["id"])["id"])])

        wanted = by_id([row for row in expected if row["id"] not in untouched and not (more > 0 and row["id"] == 0)])
        wait_for(looks, wanted)
    code, report = verify("db.keyed", server)
    if found is None:
        assert code == 0, report
    else:
        assert code == FINDINGS, report


async def test_columns_of_a_tiered_table_are_not_others_to_change(restartable):
    server = restartable
    async with FlussSession(server.bootstrap, "db") as session:
        await append(await session.create("log", LOG, properties=FAST), log_batch(20))
        table = wait_for_lake(server, "log", log_batch(20).to_pylist())
        with pytest.raises(ForbiddenError, match="change its columns there"), table.update_schema() as update:
            update.add_column("theirs", LongType())
        await append(await session.table("log"), log_batch(20, 20))
        wait_for_lake(server, "log", log_batch(40).to_pylist())


# ---- no room ---------------------------------------------------------------------------------------------------

async def test_a_full_warehouse_stops_no_writes_and_recovers(tmp_path, small_disk):
    ballast = small_disk / "ballast"
    tidy = [*EAGER, *TIDY, "--set=lake.maintenance.orphan-age=0s", f"--set=datalake.iceberg.warehouse={small_disk}/w"]
    with WeirServer.start(tmp_path / "data", tidy) as server:
        async with FlussSession(server.bootstrap, "db") as session:
            log = await session.create("log", LOG, properties=FAST)
            keyed = await session.create("keyed", KEYED, ["id"], properties=FAST)
            await append(log, log_batch(100))
            await upsert(keyed, keyed_rows(100))
            wait_for_lake(server, "log", log_batch(100).to_pylist())
            wait_for_lake(server, "keyed", keyed_rows(100))
            fill_disk(ballast)
            await append(log, log_batch(2000, 100))
            await upsert(keyed, keyed_rows(50, turn=1))
            for table in ("db.log", "db.keyed"):
                wait_for_error(server, table, "No space left")
            assert sql(server, "SELECT count(*) FROM db.log") == [["2100"]]
            assert (await lookup(keyed, {"id": 5}))["name"] == "t1"
            assert len(log_lines(server, "round failed", "table=db.log")) <= 8, "the log is not flooded"
            ballast.unlink()
            wait_for_lake(server, "log", log_batch(2100).to_pylist())
            wait_for_lake(server, "keyed", keyed_rows(50, turn=1) + keyed_rows(50, 50))
        for table in ("db.log", "db.keyed"):
            assert_clean(table, server)
        server.restart()
        catalog = lake_catalog(server)
        wait_for(lambda: orphans(catalog, lambda: files_on_disk(small_disk)), set())


async def test_a_full_disk_of_the_key_index_stops_only_tables_with_keys(tmp_path, small_disk):
    ballast = small_disk / "ballast"
    (tmp_path / "data").mkdir()
    (small_disk / "index").mkdir()
    (tmp_path / "data/lake-index").symlink_to(small_disk / "index")
    with WeirServer.start(tmp_path / "data", EAGER) as server:
        async with FlussSession(server.bootstrap, "db") as session:
            keyed = await session.create("keyed", KEYED, ["id"], properties=FAST)
            await append(await session.create("other", LOG, properties=FAST), log_batch(100))
            await upsert(keyed, keyed_rows(100))
            wait_for_lake(server, "keyed", keyed_rows(100))
            server.stop()
            fill_disk(ballast)
            server.launch()
        async with FlussSession(server.bootstrap, "db") as session:
            keyed = await session.table("keyed")
            await upsert(keyed, keyed_rows(50, turn=1))
            wait_for_error(server, "db.keyed", "No space left")
            assert (await lookup(keyed, {"id": 5}))["name"] == "t1"
            await others_go_on(server, 100)
            ballast.unlink()
            wait_for_lake(server, "keyed", keyed_rows(50, turn=1) + keyed_rows(50, 50))
        assert_clean("db.keyed", server)
