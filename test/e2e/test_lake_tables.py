"""Tables that our lake code wrote, without a server, as PyIceberg and fastavro see them."""
import json
import os
import pathlib
import subprocess

import pytest

from weir_server import weir_binary

fastavro = pytest.importorskip("fastavro")
pytest.importorskip("pyiceberg")


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    """The folder in which src/lake/peer_tables_test.cc made its tables."""
    binary = weir_binary().parent / "lake_test"
    if not binary.exists():
        pytest.skip("lake_test is not built")
    folder = tmp_path_factory.mktemp("tables")
    subprocess.run([binary, "--gtest_filter=PeerTables.*"], check=True, stdout=subprocess.DEVNULL,
                   env=dict(os.environ, WEIR_PEER_TABLES=str(folder)))
    return folder


def load(tables, version):
    from pyiceberg.table import StaticTable
    return StaticTable.from_metadata(str(tables / f"v{version}/metadata/v1.metadata.json"))


def expected_ids():
    deleted = {0, 1, 99, 105}
    alive = set(range(250)) | set(range(300, 305)) | set(range(400, 406))
    return sorted(alive - deleted)


@pytest.mark.parametrize("version", [2, 3])
def test_pyiceberg_reads_the_same_rows(tables, version):
    rows = load(tables, version).scan().to_arrow().to_pylist()
    assert sorted(row["id"] for row in rows) == expected_ids()
    for row in rows:
        assert row["name"] == (None if row["id"] % 10 == 0 else f"row-{row['id']}")


@pytest.mark.parametrize("version", [2, 3])
def test_pyiceberg_skips_by_partition_and_bounds(tables, version):
    table = load(tables, version)
    assert sorted(r["id"] for r in table.scan("region = 'u/s=1'").to_arrow().to_pylist()) == [
        i for i in expected_ids() if 100 <= i < 200 or 300 <= i < 305]
    assert table.scan("region is null").to_arrow().num_rows == 50
    assert len(list(table.scan("id = 403").plan_files())) == 1


@pytest.mark.parametrize("version", [2, 3])
def test_pyiceberg_sees_every_snapshot_and_file(tables, version):
    table = load(tables, version)
    rows = [table.scan(snapshot_id=s.snapshot_id).to_arrow().num_rows for s in table.snapshots()]
    assert rows == [200, 250, 247, 251, 252, 253, 254, 255, 256, 257, 257]
    files = table.inspect.files().to_pylist()
    data = [f for f in files if f["content"] == 0]
    assert len(data) == 10
    assert all(f["lower_bounds"] and f["value_counts"] for f in data)
    summaries = table.inspect.manifests().to_pylist()
    assert all(m["partition_summaries"] for m in summaries)
    assert table.inspect.partitions().num_rows == 3


@pytest.mark.parametrize("version", [2, 3])
def test_fastavro_reads_every_manifest_and_list(tables, version):
    folder = tables / f"v{version}/metadata"
    metadata = json.loads((folder / "v1.metadata.json").read_text())
    for snapshot in metadata["snapshots"]:
        with open(snapshot["manifest-list"], "rb") as stream:
            reader = fastavro.reader(stream)
            assert reader.metadata["snapshot-id"] == str(snapshot["snapshot-id"])
            manifests = list(reader)
        assert manifests
        for manifest in manifests:
            path = pathlib.Path(manifest["manifest_path"])
            assert path.stat().st_size == manifest["manifest_length"]
            with open(path, "rb") as stream:
                entries = list(fastavro.reader(stream))
            counts = [sum(e["status"] == s for e in entries) for s in (1, 0, 2)]
            assert counts == [manifest["added_files_count"], manifest["existing_files_count"],
                              manifest["deleted_files_count"]]
            if version == 3:
                assert (manifest["first_row_id"] is None) == (manifest["content"] == 1)
