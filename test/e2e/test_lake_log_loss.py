"""Covered offsets and the log (INV-5): a log that lost what the lake covers is refused before its offsets are given to other rows."""
import shutil

import pyarrow as pa
import pytest
from external_catalog import FAST, sql
from fluss_session import FlussSession, append, upsert
from lake import lake_catalog, rows_of, wait_for
from rows import KEYED
from verify import assert_clean
from weir_server import WeirServer

pytestmark = pytest.mark.weir_only

RELAXED = {**FAST, "table.durability": "os", "table.datalake.iceberg.live": "off"}
LOG = pa.schema([pa.field(field.name, field.type) for field in KEYED])


def count_of(server):
    return sql(server, "SELECT count(*) AS n, count(DISTINCT id) AS d FROM db.t").split()[1:]


@pytest.mark.parametrize("keyed", [False, True])
async def test_a_log_that_lost_rows_of_the_lake_is_refused(tmp_path, keyed):
    """The files of a bucket are brought back as they were before the last round."""
    async def write(first):
        rows = [{"id": i, "name": "n", "v": i} for i in range(first, first + 10)]
        async with FlussSession(server.bootstrap, "db") as session:
            table = await session.table("t")
            await (upsert(table, rows) if keyed else append(table, pa.Table.from_pylist(rows, LOG)))

    def in_lake():
        return sorted(row["id"] for row in rows_of(lake_catalog(server).load_table(("db", "t"))))

    with WeirServer.start(tmp_path / "data") as server:
        async with FlussSession(server.bootstrap, "db") as session:
            await session.create("t", KEYED if keyed else LOG, ["id"] if keyed else None, properties=RELAXED)
        await write(0)
        wait_for(in_lake, list(range(10)))
        server.stop()
        log, = (server.data_dir / "data/db").glob("t-*/log-0")
        shutil.copytree(log, tmp_path / "older")
        server.launch()
        await write(10)
        wait_for(in_lake, list(range(20)))
        server.stop()
        log.rename(tmp_path / "newer")
        (tmp_path / "older").rename(log)

        server.launch()
        for refused in ("SELECT count(*) FROM db.t", "INSERT INTO db.t VALUES (20, 'n', 20)"):
            assert "the log ends before what the lake has" in sql(server, refused)
        assert sql(server, "SELECT count(*) AS n FROM db.t$lake").split() == ["n", "20"]
        assert in_lake() == list(range(20))
        server.stop()
        shutil.rmtree(log)
        (tmp_path / "newer").rename(log)

        server.launch()
        assert count_of(server) == ["20,20"]
        await write(20)
        wait_for(in_lake, list(range(30)))
        assert count_of(server) == ["30,30"]
        assert_clean("db.t", server)
