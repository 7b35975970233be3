"""What GET_LAKE_SNAPSHOT says of buckets that the lake knows nothing of, to readers who go on with the log."""
import pyarrow as pa
import pytest
from fluss_session import FlussSession, append, upsert
from lake import wait_for
from rows import KEYED, LOG
from test_external_tiering import GET_SNAPSHOT, call, message, parse
from weir_server import WeirServer

pytestmark = pytest.mark.weir_only
TIERED = {"table.datalake.enabled": "true", "table.datalake.freshness": "1s"}
DATABASE, BUCKETS = "db", 4


@pytest.fixture
def server(tmp_path):
    with WeirServer.start(tmp_path / "data") as server:
        yield server


def covered(server, table, readable):
    """Offset of each bucket that is named; none before the first round."""
    path = message((1, DATABASE), (2, table))
    _, answer = call(server, GET_SNAPSHOT, message((1, path), (3, int(readable))))
    return {bucket[2][0]: bucket[3][0] for bucket in map(parse, answer.get(3, []))}


async def test_an_empty_bucket_of_a_table_without_keys_is_covered_for_readers(server):
    async with FlussSession(server.bootstrap, DATABASE) as session:
        table = await session.create("log", LOG, buckets=BUCKETS, bucket_keys=["id"], properties=TIERED)
        await append(table, pa.Table.from_pylist([{"id": 1}], schema=LOG))
        wait_for(lambda: list(covered(server, "log", readable=False).values()), [1])
        with_row, = covered(server, "log", readable=False)
        assert covered(server, "log", readable=True) == {bucket: int(bucket == with_row) for bucket in range(BUCKETS)}

        server.sql(f"ALTER TABLE {DATABASE}.log SET ('table.datalake.freshness' = '1d')")
        await append(table, pa.Table.from_pylist([{"id": i} for i in range(50)], schema=LOG))
        assert covered(server, "log", readable=True) == {with_row: 1}, "the log of the others must be read from its start"


async def test_of_a_table_with_keys_only_what_the_lake_knows_is_covered(server):
    async with FlussSession(server.bootstrap, DATABASE) as session:
        table = await session.create("keyed", KEYED, ["id"], buckets=BUCKETS, properties=TIERED)
        await upsert(table, [{"id": 1, "name": "a", "v": 1}])
        wait_for(lambda: list(covered(server, "keyed", readable=False).values()), [1])
        assert covered(server, "keyed", readable=True) == covered(server, "keyed", readable=False)
