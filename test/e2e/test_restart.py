"""What a restart must keep, clean or not, and what a server costs while it does nothing."""
import subprocess

import pytest
from fluss import OffsetSpec
from fluss_session import FlussSession, append, changes, lookup, read_all, read_records, upsert
from rows import BY_REGION, KEYED, LOG, log_batch
from weir_server import WeirServer, weir_binary

pytestmark = pytest.mark.weir_only
IDLE_MEMORY_KIB_MAX = 35 * 1024


@pytest.fixture
def own_server(tmp_path):
    with WeirServer.start(tmp_path / "data") as server:
        yield server


def stop_cleanly(server):
    assert server.stop() == 0


@pytest.mark.parametrize("stop", [stop_cleanly, WeirServer.kill])
async def test_everything_is_there_after_a_restart(own_server, stop):
    async with FlussSession(own_server.bootstrap, "kept") as session:
        log = await session.create("log", LOG, buckets=2, bucket_keys=["id"])
        keyed = await session.create("keyed", KEYED, ["id"])
        await session.create("by_region", BY_REGION, partition_keys=["region"])
        await session.create_partition("by_region", region="US")
        await append(log, log_batch(1000))
        await upsert(keyed, [[i, f"n{i}", i] for i in range(100)] + [[5, "five", 55]])
        await keyed.new_upsert().create_writer().delete([6]).wait()
        before = changes(await read_records(keyed, 103))
    stop(own_server)
    own_server.launch()
    async with FlussSession(own_server.bootstrap, "kept") as session:
        assert sorted(await session.admin.list_tables("kept")) == ["by_region", "keyed", "log"]
        infos = await session.admin.list_partition_infos(session.path("by_region"))
        assert [info.partition_name for info in infos] == ["US"]
        log, keyed = await session.table("log"), await session.table("keyed")
        assert sorted((await read_all(log, 2))["id"].to_pylist()) == list(range(1000))
        assert await lookup(keyed, [5]) == {"id": 5, "name": "five", "v": 55}
        assert await lookup(keyed, [6]) is None
        assert changes(await read_records(keyed, 103)) == before
        await upsert(keyed, [[7, "seven", 77]])
        assert changes(await read_records(keyed, 2, start=103)) == [("-U", {"id": 7, "name": "n7", "v": 7}),
                                                                   ("+U", {"id": 7, "name": "seven", "v": 77})]


async def test_a_client_survives_a_restart(own_server):
    async with FlussSession(own_server.bootstrap, "kept") as session:
        table = await session.create("log", LOG)
        await append(table, log_batch(10))
        own_server.restart()
        await append(table, log_batch(10, 10))
        records = await read_records(table, 20)
        assert [record.row["id"] for record in records] == list(range(20))
        assert [record.offset for record in records] == list(range(20))


async def test_dropped_tables_stay_dropped(own_server):
    async with FlussSession(own_server.bootstrap, "kept") as session:
        await append(await session.create("gone", LOG), log_batch(10))
        await session.admin.drop_table(session.path("gone"))
    own_server.kill()
    own_server.launch()
    async with FlussSession(own_server.bootstrap, "kept") as session:
        assert await session.admin.list_tables("kept") == []
        table = await session.create("gone", LOG)
        assert await session.offsets("gone", OffsetSpec.latest()) == {0: 0}
        assert (await read_all(table)).num_rows == 0


def test_an_idle_server_is_small(own_server):
    assert own_server.memory_kib() <= IDLE_MEMORY_KIB_MAX


async def test_a_thousand_tables_of_four_buckets_work(own_server):
    async with FlussSession(own_server.bootstrap, "many") as session:
        for number in range(1000):
            await session.create(f"t{number}", LOG, buckets=4)
        for number in (0, 499, 999):
            table = await session.table(f"t{number}")
            await append(table, log_batch(10))
            assert (await read_all(table, 4)).num_rows == 10
    own_server.kill()
    own_server.launch()
    async with FlussSession(own_server.bootstrap, "many") as session:
        assert len(await session.admin.list_tables("many")) == 1000
        assert (await read_all(await session.table("t499"), 4)).num_rows == 10


def test_a_start_that_fails_late_ends_with_its_reason(tmp_path):
    command = [str(weir_binary()), "serve", "--data-dir", str(tmp_path / "data"), "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0",
               "--set", "lake.tiering=sometimes"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and "internal, external or off" in done.stderr, done
