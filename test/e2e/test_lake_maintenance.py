"""The lake stays tidy by itself: files are compacted, snapshots expire, what nothing leads to is deleted, and PyIceberg
reads the same rows before, meanwhile and after."""
import os
import pathlib
import random
import time

import pytest
from fluss_session import FlussSession, append
from lake import lake_catalog, rows_of, wait_for
from rows import KEYED, LOG, change_at_random, log_batch
from weir_server import WeirServer

pytestmark = pytest.mark.weir_only

FAST = {"table.datalake.enabled": "true", "table.datalake.freshness": "1s", "table.datalake.iceberg.live": "off"}
EAGER = [argument for option in ("interval=200ms", "small-files=3", "snapshot-age=5s", "reader-grace=5s", "purge-delay=0s")
         for argument in ("--set", f"lake.maintenance.{option}")]
TURNS = 6


def by_id(rows):
    return sorted(rows, key=lambda row: row["id"])


def folder_of(table):
    return pathlib.Path(table.location().removeprefix("file://"))


def data_files_on_disk(table):
    return {str(path) for path in (folder_of(table) / "data").rglob("*") if path.is_file()}


def data_files_named(table):
    named = set()
    for snapshot in table.snapshots():
        for manifest in snapshot.manifests(table.io):
            for entry in manifest.fetch_manifest_entry(table.io, discard_deleted=True):
                named.add(entry.data_file.file_path.removeprefix("file://"))
    return named


def replaced(table):
    return [s for s in table.snapshots() if s.summary.additional_properties.get("commit-user") == "weir-maintenance"]


def wait_until(holds, what, seconds_max=40):
    deadline = time.monotonic() + seconds_max
    while not (found := holds()):
        assert time.monotonic() < deadline, f"not after {seconds_max} s: {what}"
        time.sleep(0.1)
    return found


@pytest.fixture
def eager(tmp_path):
    server = WeirServer.start(tmp_path / "data", EAGER)
    yield server
    server.stop()


async def test_small_files_of_a_log_table_are_compacted(eager):
    async with FlussSession(eager.bootstrap, "db") as session:
        table = await session.create("t", LOG, buckets=1, properties=FAST)
        lake = lake_catalog(eager).load_table(("db", "t"))
        compactions = set()
        for turn in range(TURNS):
            await append(table, log_batch(100, turn * 100))
            wait_for(lambda: by_id(rows_of(lake.refresh())), by_id(log_batch(turn * 100 + 100).to_pylist()))
            compactions |= {s.snapshot_id for s in replaced(lake)}
        wait_until(lambda: len(list(lake.refresh().scan().plan_files())) < 4, "few files")
        assert compactions or replaced(lake)
        assert by_id(rows_of(lake)) == by_id(log_batch(TURNS * 100).to_pylist())


@pytest.mark.parametrize("mode", ["position", "deletion-vector", "copy-on-write"])
async def test_a_table_that_changes_is_compacted_and_its_index_follows(eager, mode):
    dice = random.Random(3)
    model = {}

    def expected():
        return [model[key] for key in sorted(model)]

    async with FlussSession(eager.bootstrap, "db") as session:
        table = await session.create("t", KEYED, ["id"], buckets=1,
                                     properties={**FAST, "table.datalake.iceberg.delete-mode": mode})
        lake = lake_catalog(eager).load_table(("db", "t"))
        compactions = set()
        for turn in range(TURNS):
            await change_at_random(table, model, dice, turn, keys=100, count=60)
            wait_for(lambda: by_id(rows_of(lake.refresh())), expected())
            compactions |= {s.snapshot_id for s in replaced(lake)}
    if mode != "copy-on-write":
        assert compactions or replaced(lake), "deletes and small files ask for it"
    eager.restart()
    async with FlussSession(eager.bootstrap, "db") as session:
        await change_at_random(await session.table("t"), model, dice, TURNS, keys=100, count=60)
        lake = lake_catalog(eager).load_table(("db", "t"))
        wait_for(lambda: by_id(rows_of(lake.refresh())), expected())


async def test_old_snapshots_expire_with_their_files(eager):
    async with FlussSession(eager.bootstrap, "db") as session:
        table = await session.create("t", LOG, buckets=1, properties=FAST)
        lake = lake_catalog(eager).load_table(("db", "t"))
        for turn in range(4):
            await append(table, log_batch(10, turn * 10))
            wait_for(lambda: len(rows_of(lake.refresh())), turn * 10 + 10)
        first = lake.history()[0].snapshot_id
        for turn in range(4, 12):
            await append(table, log_batch(10, turn * 10))
            wait_for(lambda: len(rows_of(lake.refresh())), turn * 10 + 10)
        wait_until(lambda: lake.refresh().snapshot_by_id(first) is None, "the first snapshot is gone")
        wait_until(lambda: data_files_on_disk(lake.refresh()) == data_files_named(lake), "only named files are there")
        assert by_id(rows_of(lake)) == by_id(log_batch(120).to_pylist())


async def test_metadata_files_that_fell_out_of_the_log_are_deleted(tmp_path):
    options = [*EAGER, "--set", "lake.maintenance.metadata-versions=3", "--set", "lake.maintenance.reader-grace=0s"]
    with WeirServer.start(tmp_path / "data", options) as server:
        async with FlussSession(server.bootstrap, "db") as session:
            table = await session.create("t", LOG, buckets=1, properties=FAST,
                                         custom_properties={"iceberg.write.metadata.previous-versions-max": "2"})
            lake = lake_catalog(server).load_table(("db", "t"))
            first = pathlib.Path(lake.metadata_location.removeprefix("file://"))
            assert first.exists()
            for turn in range(8):
                await append(table, log_batch(10, turn * 10))
                wait_for(lambda: len(rows_of(lake.refresh())), turn * 10 + 10)

            def left():
                lake.refresh()
                logged = {entry.metadata_file.removeprefix("file://") for entry in lake.metadata.metadata_log}
                return {str(path) for path in first.parent.glob("*.metadata.json")} - logged - {
                    lake.metadata_location.removeprefix("file://")}

            wait_until(lambda: not first.exists(), "the first metadata file is gone")
            wait_until(lambda: len(left()) < 3, "hardly any is left that the log does not name")
            assert len(rows_of(lake)) == 80


async def test_files_that_nothing_leads_to_are_deleted_when_they_are_old(tmp_path):
    server = WeirServer.start(tmp_path / "data", EAGER)
    try:
        async with FlussSession(server.bootstrap, "db") as session:
            table = await session.create("t", LOG, buckets=1, properties=FAST)
            await append(table, log_batch(10))
            lake = lake_catalog(server).load_table(("db", "t"))
            wait_for(lambda: len(rows_of(lake.refresh())), 10)
        server.stop()
        old, young = (folder_of(lake) / "data" / name for name in ("old.parquet", "young.parquet"))
        for path in (old, young):
            path.write_bytes(b"lost")
        four_days_ago = time.time() - 4 * 24 * 3600
        os.utime(old, (four_days_ago, four_days_ago))
        server.launch()
        wait_until(lambda: not old.exists(), "the old orphan is gone")
        assert young.exists()
        lake = lake_catalog(server).load_table(("db", "t"))
        assert len(rows_of(lake)) == 10
    finally:
        server.stop()


async def test_files_of_a_dropped_table_go(eager):
    async with FlussSession(eager.bootstrap, "db") as session:
        table = await session.create("t", LOG, buckets=1, properties=FAST)
        await append(table, log_batch(10))
        lake = lake_catalog(eager).load_table(("db", "t"))
        wait_for(lambda: len(rows_of(lake.refresh())), 10)
        await session.admin.drop_table(session.path("t"))
        wait_until(lambda: not any(p.is_file() for p in folder_of(lake).rglob("*")), "its files are gone")
