"""`weir verify`: clean tables are clean, damaged ones are not, and what is damaged is named."""
import pathlib
import subprocess

import pyarrow.parquet as pq
import pytest
from fluss_session import FlussSession, append, upsert
from lake import lake_catalog, rows_of, wait_for
from rows import BY_REGION, EVERY_TYPE, KEYED, LOG, NESTED_ROWS, SCALAR_ROWS, log_batch
from verify import FINDINGS, assert_clean, verify
from weir_server import WeirServer, weir_binary

pytestmark = pytest.mark.weir_only

FAST = {"table.datalake.enabled": "true", "table.datalake.freshness": "1s", "table.datalake.iceberg.live": "off"}


def data_files(table):
    return sorted((pathlib.Path(f.file.file_path.removeprefix("file://")) for f in table.scan().plan_files()),
                  key=lambda path: path.stat().st_size)


async def tiered(session, server, name, rows):
    """The lake table once it has so many rows."""
    lake = lake_catalog(server).load_table((session.database, name))
    wait_for(lambda: len(rows_of(lake.refresh())), rows)
    return lake


@pytest.mark.parametrize("layout", ["fluss", "clean"])
async def test_a_log_table_is_clean_and_every_damage_is_named(session, server, layout):
    async with session:
        table = await session.create("t", LOG, buckets=2,
                                     properties={**FAST, "table.datalake.iceberg.layout": layout})
        await append(table, log_batch(1000))
        name = f"{session.database}.t"
        assert_clean(name, server)
        lake = await tiered(session, server, "t", 1000)
        report = assert_clean(name, server)
        assert report["lake_rows"] == report["compared_rows"] == 1000

        path = data_files(lake)[0]
        kept = path.read_bytes()
        path.unlink()
        code, report = verify(name, server)
        assert code == FINDINGS and {"unreadable", "missing"} == {f["kind"] for f in report["findings"]}
        assert any(str(path) in f["where"] for f in report["findings"])

        path.write_bytes(kept)
        data = pq.read_table(path)
        names = data["name"].to_pylist()
        names[3] = "altered"
        pq.write_table(data.set_column(data.schema.get_field_index("name"), data.schema.field("name"), [names]), path)
        code, report = verify(name, server)
        assert code == FINDINGS
        assert {f["kind"] for f in report["findings"]} == ({"altered"} if layout == "fluss" else
                                                           {"unexpected", "missing"})
        path.write_bytes(kept)
        assert_clean(name, server)


async def test_a_row_that_another_writer_adds_again_is_found(session, server):
    async with session:
        table = await session.create("t", LOG, properties=FAST)
        await append(table, log_batch(10))
        lake = await tiered(session, server, "t", 10)
        lake.append(lake.scan(limit=1).to_arrow())
        code, report = verify(f"{session.database}.t", server)
        assert code == FINDINGS and [f["kind"] for f in report["findings"]] == ["duplicated"]


@pytest.mark.parametrize("mode", ["position", "deletion-vector", "copy-on-write"])
async def test_a_primary_key_table_is_its_state(session, server, mode):
    async with session:
        table = await session.create("t", KEYED, ["id"], buckets=2,
                                     properties={**FAST, "table.datalake.iceberg.delete-mode": mode})
        await upsert(table, [{"id": key, "name": "a", "v": key} for key in range(100)])
        lake = await tiered(session, server, "t", 100)
        await upsert(table, [{"id": key, "name": "b", "v": -key} for key in range(50)])
        wait_for(lambda: len([r for r in rows_of(lake.refresh()) if r["name"] == "b"]), 50)
        await upsert(table, [{"id": 7, "name": "c", "v": 0}])
        report = assert_clean(f"{session.database}.t", server)
        assert report["state_rows"] == 100
        data_files(lake.refresh())[0].unlink()
        code, report = verify(f"{session.database}.t", server)
        assert code == FINDINGS and "missing" in {f["kind"] for f in report["findings"]}


async def test_every_type_and_partitions(session, server):
    async with session:
        every = await session.create("every", EVERY_TYPE, properties=FAST)
        writer = every.new_append().create_writer()
        for scalar, nested in zip(SCALAR_ROWS, NESTED_ROWS):
            writer.append({**scalar, **nested})
        await writer.flush()
        parts = await session.create("parts", BY_REGION, partition_keys=["region"], properties=FAST)
        for region in ("eu", "us"):
            await session.create_partition("parts", region=region)
            writer = parts.new_append().create_writer()
            for v in range(20):
                writer.append({"id": v, "region": region, "v": v})
            await writer.flush()
        await tiered(session, server, "parts", 40)
        assert assert_clean(f"{session.database}.parts", server)["compared_rows"] == 40
        rows = min(len(SCALAR_ROWS), len(NESTED_ROWS))
        await tiered(session, server, "every", rows)
        assert assert_clean(f"{session.database}.every", server)["compared_rows"] == rows


async def test_a_data_folder_without_a_server(tmp_path):
    with WeirServer.start(tmp_path / "data") as server:
        async with FlussSession(server.bootstrap, "db") as session:
            table = await session.create("t", LOG, properties=FAST)
            await append(table, log_batch(10))
            lake = await tiered(session, server, "t", 10)
            path = data_files(lake)[0]
    assert verify("db.t", data_dir=tmp_path / "data")[0] == 0
    path.unlink()
    assert verify("db.t", data_dir=tmp_path / "data")[0] == FINDINGS


def test_what_cannot_be_checked_is_an_error(server):
    assert verify("fluss.none", server)[0] == 1
    done = subprocess.run([weir_binary(), "verify", "a.b", "--http", "127.0.0.1:1"], capture_output=True)
    assert done.returncode == 3
