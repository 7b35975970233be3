"""Bytes no official client sends, clients that misbehave, a full disk: a clear error, and everybody else goes on."""
import asyncio
import pathlib
import random
import socket
import struct
import sys
import time

import pytest
from fluss_session import append, error_of, read_all
from rows import LOG, log_batch
from small_disk import fill_disk
from weir_server import WeirServer

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "crash"))

from crash_model import KV_TABLE, LOG_TABLE  # noqa: E402
from raw_client import RawClient, ServerError, kv_batch, kv_row, log_batch as raw_log_batch, message, parse  # noqa: E402

pytestmark = pytest.mark.weir_only
UNSUPPORTED_VERSION, NOT_A_KEY_TABLE, UNKNOWN_TABLE, TOO_LARGE, INVALID_TABLE = 2, 20, (7, 21), 13, 15
LOOKUP, PREFIX_LOOKUP = 1017, 1034
CORRUPT_RECORDS = (3, 9, 14)  # a flipped schema id is noticed before the checksum


@pytest.fixture
def client(server):
    raw = RawClient(server.port)
    yield raw
    raw.close()


@pytest.fixture
def log_id(client, request):
    name = "bad_" + "".join(c if c.isalnum() else "_" for c in request.node.name)[:80]
    client.create_table("fluss", name, LOG_TABLE, 1, {"table.log.arrow.compression.type": "NONE"})
    return client.table_id("fluss", name)


def code_of(call, *arguments):
    try:
        call(*arguments)
    except ServerError as error:
        return error.code
    return None


def good_batch():
    return raw_log_batch([(1, 2, "three"), (4, 5, "six")], -1, -1)


def test_a_batch_with_any_byte_flipped_is_refused_and_the_connection_stays(client, log_id):
    good = good_batch()
    # The server itself writes the base offset, the time stamp and ignores what they were; all else is checked.
    for at in [*range(8, 13), *range(21, len(good))]:
        bad = bytearray(good)
        bad[at] ^= 0x40
        code = code_of(client.produce, log_id, 0, bytes(bad))
        assert code in CORRUPT_RECORDS, (at, code)
    assert client.produce(log_id, 0, good) == 0
    assert client.latest_offset(log_id, 0) == 2


@pytest.mark.parametrize("records", [b"", b"\0", b"\xff" * 100, good_batch()[:-1], good_batch() + b"\0" * 7])
def test_what_is_no_batch_is_refused(client, log_id, records):
    assert code_of(client.produce, log_id, 0, records) is not None
    assert client.latest_offset(log_id, 0) == 0


def test_a_request_cannot_ask_for_more_rows_than_a_reply_may_hold(client):
    client.create_table("fluss", "bad_repeats", KV_TABLE, 1)
    table = client.table_id("fluss", "bad_repeats")
    text = "x" * 60_000
    client.put(table, 0, kv_batch([(1, kv_row(1, 2, text))], -1, -1))
    slot = message((2, 0), (3, b"\1"))
    answer = client.call(LOOKUP, 1, message((1, table), *[(2, slot)] * 6000))[1]
    codes = [parse(bucket).get(3, [None])[0] for bucket in answer]
    assert len(codes) == 6000 and sum(map(len, answer)) < 257 << 20
    found = codes.index(TOO_LARGE)
    assert found == (256 << 20) // (60_000 + 15) and set(codes[:found]) == {None} and set(codes[found:]) == {TOO_LARGE}
    assert client.lookup(table, 0, [1]) == [(1, 2, text)]


def test_a_prefix_look_up_that_would_walk_through_the_bucket_is_refused(client):
    client.create_table("fluss", "bad_prefix", KV_TABLE, 1)
    table = client.table_id("fluss", "bad_prefix")
    client.put(table, 0, kv_batch([(1, kv_row(1, 2, "x"))], -1, -1))
    for prefix in (b"", b"\1"):
        answer = client.call(PREFIX_LOOKUP, 1, message((1, table), (2, message((2, 0), (3, prefix)))))
        assert parse(answer[1][0])[3] == [INVALID_TABLE]


def test_a_keyed_batch_with_any_byte_flipped_is_refused(client):
    client.create_table("fluss", "bad_keyed", KV_TABLE, 1)
    table = client.table_id("fluss", "bad_keyed")
    good = kv_batch([(1, kv_row(1, 2, "x")), (2, None)], -1, -1)
    for at in range(len(good)):
        bad = bytearray(good)
        bad[at] ^= 0x40
        assert code_of(client.put, table, 0, bytes(bad)) is not None, at
    client.put(table, 0, good)
    assert client.lookup(table, 0, [1, 2]) == [(1, 2, "x"), None]


def test_wrong_tables_and_buckets_have_codes(client, log_id):
    assert code_of(client.produce, 999_999, 0, good_batch()) in UNKNOWN_TABLE
    assert code_of(client.produce, log_id, 77, good_batch()) in UNKNOWN_TABLE
    assert code_of(client.lookup, log_id, 0, [1]) == NOT_A_KEY_TABLE
    assert code_of(client.put, log_id, 0, kv_batch([(1, None)], -1, -1)) is not None


def test_unknown_requests_are_answered(client):
    for api in (0, 999, 1999, 1013, -1):
        assert code_of(client.call, api, 0, b"") == UNSUPPORTED_VERSION
    assert code_of(client.call, 1003, 99, b"") == UNSUPPORTED_VERSION
    assert client.list_tables("fluss") is not None


def test_noise_closes_only_its_own_connection(server, client):
    dice = random.Random(3)
    for number in range(200):
        noise = dice.randbytes(dice.randrange(1, 2000))
        if number % 2:  # a plausible header in front
            api = dice.randrange(1000, 1067)
            noise = struct.pack(">ihhi", len(noise) + 8, api, dice.randrange(3), number) + noise
        with socket.create_connection(("127.0.0.1", server.port)) as conn:
            conn.sendall(noise)
    assert client.list_tables("fluss") is not None


def test_a_frame_too_large_is_refused(server, client):
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as conn:
        conn.sendall(struct.pack(">ihhi", (1 << 31) - 1, 1014, 0, 1))
        answer = conn.recv(4096)  # a refusal, or just the end
        assert answer == b"" or answer[4] == 2
    assert client.list_tables("fluss") is not None


async def test_a_hot_loop_of_metadata_requests_disturbs_nobody(session, server):
    async with session:
        table = await session.create("t", LOG)
        hot = [RawClient(server.port) for _ in range(4)]
        stop = False

        def spin(raw):
            missing = message((1, "fluss"), (2, "no_such_table"))
            while not stop:
                code_of(raw.call, 1012, 0, message((1, missing)))

        spinning = [asyncio.create_task(asyncio.to_thread(spin, raw)) for raw in hot]
        for number in range(20):
            await append(table, log_batch(10, number * 10))
        stop = True
        await asyncio.gather(*spinning)
        assert (await read_all(table)).num_rows == 200


async def test_a_table_dropped_under_a_scan_ends_the_scan(session):
    async with session:
        table = await session.create("t", LOG)
        await append(table, log_batch(10))
        scanner = await table.new_scan().create_log_scanner()
        scanner.subscribe(0, 0)
        assert len(await scanner.poll(5000)) > 0
        await session.admin.drop_table(session.path("t"))
        await error_of(scanner.poll(1000))
        other = await session.create("other", LOG)
        await append(other, log_batch(10))
        assert (await read_all(other)).num_rows == 10


def test_five_thousand_idle_connections_are_cheap(server, client):
    before = server.memory_kib()
    idle = []
    try:
        while len(idle) < 5000:
            idle.append(socket.create_connection(("127.0.0.1", server.port)))
    except OSError:
        pass  # our own limit of open files
    assert len(idle) >= 500
    assert client.list_tables("fluss") is not None
    assert server.memory_kib() - before <= 16 * len(idle)
    for conn in idle:
        conn.close()


@pytest.mark.parametrize("end", ["kill", "stop"])
def test_a_server_starts_on_a_full_disk_and_serves_reads(small_disk, end):
    ballast = small_disk / "ballast"
    with WeirServer.start(small_disk / "data", ["--set", "server.log-level=error", "--set", "server.data-disk.reserve-size=2m"]) as server:
        raw = RawClient(server.port)
        raw.create_table("fluss", "full", LOG_TABLE, 3, {"table.log.arrow.compression.type": "NONE"})
        raw.create_table("fluss", "keys", KV_TABLE, 1, {"table.log.arrow.compression.type": "NONE"})
        logs, keys = raw.table_id("fluss", "full"), raw.table_id("fluss", "keys")
        for bucket in range(3):
            raw.produce(logs, bucket, raw_log_batch([(1, 1, "x" * 5_000)], -1, -1))
        raw.put(keys, 0, kv_batch([(7, kv_row(7, 70, "seven"))], -1, -1))
        fill_disk(ballast)
        raw.close()
        server.kill() if end == "kill" else server.stop()
        fill_disk(ballast)
        server.launch()
        raw = RawClient(server.port)
        for bucket in range(3):
            records, high_watermark = raw.fetch(logs, bucket, 0)
            assert records and high_watermark == 1
        assert raw.lookup(keys, 0, [7]) == [(7, 70, "seven")]
        assert code_of(lambda: raw.produce(logs, 0, raw_log_batch([(1, 2, "y" * 50_000)], -1, -1))) is not None
        ballast.unlink()
        for _ in range(400):
            if code_of(lambda: raw.produce(logs, 0, raw_log_batch([(1, 2, "y" * 50_000)], -1, -1))) is None:
                break
            time.sleep(0.05)
        else:
            raise AssertionError("writes did not resume when there was room again")
        raw.close()
        server.kill()
        server.launch()
        raw = RawClient(server.port)
        assert raw.latest_offset(logs, 0) >= 2
        assert raw.lookup(keys, 0, [7]) == [(7, 70, "seven")]
        raw.close()


async def test_a_full_disk_refuses_writes_and_loses_nothing(small_disk):
    ballast = small_disk / "ballast"
    with WeirServer.start(small_disk / "data", ["--set", "server.log-level=error"]) as server:
        raw = RawClient(server.port)
        raw.create_table("fluss", "full", LOG_TABLE, 1, {"table.log.arrow.compression.type": "NONE"})
        table = raw.table_id("fluss", "full")
        row = (1, 1, "x" * 50_000)
        acknowledged = [raw.produce(table, 0, raw_log_batch([row], -1, -1)) for _ in range(20)]
        ballast.write_bytes(bytes(1 << 20))
        with open(ballast, "ab") as file:
            try:
                while True:
                    file.write(bytes(1 << 16))
                    file.flush()
            except OSError:
                pass
        code = None
        for _ in range(2000):
            code = code_of(lambda: acknowledged.append(raw.produce(table, 0, raw_log_batch([row], -1, -1))))
            if code is not None:
                break
        assert code is not None, "the disk never became full"
        assert server.process.poll() is None, "the server ended"
        assert raw.latest_offset(table, 0) >= len(acknowledged)
        records, _ = raw.fetch(table, 0, 0)
        assert records, "reads must go on"
        ballast.unlink()
        for _ in range(200):
            if code_of(lambda: acknowledged.append(raw.produce(table, 0, raw_log_batch([row], -1, -1)))) is None:
                break
            await asyncio.sleep(0.05)
        else:
            raise AssertionError("writes did not resume when there was room again")
        assert len(set(acknowledged)) == len(acknowledged)
        raw.close()
        server.kill()
        server.launch()
        raw = RawClient(server.port)
        assert raw.latest_offset(table, 0) > max(acknowledged)
        raw.close()
