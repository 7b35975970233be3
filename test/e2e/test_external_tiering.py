"""The APIs of Fluss' own tiering job, on a server that leaves the lake to it (lake.tiering: external), in its order of calls."""
import json
import socket
import struct
import urllib.request

import pytest
from fluss_session import FlussSession
from lake import wait_for
from rows import LOG
from weir_server import WeirServer, _read_exactly

pytestmark = pytest.mark.weir_only

COMMIT, GET_SNAPSHOT, HEARTBEAT, PREPARE = 1030, 1032, 1042, 1052
GET_TABLE_INFO, DESCRIBE_CONFIGS = 1007, 1045
INVALID_COORDINATOR, FENCED, NO_SNAPSHOT, INVALID_CONFIG = 23, 50, 53, 39


def varint(number):
    out = b""
    number &= (1 << 64) - 1
    while number >= 0x80:
        out += bytes([number & 0x7f | 0x80])
        number >>= 7
    return out + bytes([number])


def message(*fields):
    """(field number, int | bytes | str) pairs as protobuf."""
    out = b""
    for number, value in fields:
        if isinstance(value, int):
            out += varint(number << 3) + varint(value)
        else:
            value = value.encode() if isinstance(value, str) else value
            out += varint(number << 3 | 2) + varint(len(value)) + value
    return out


def parse(data):
    """{field number: [int | bytes]}"""
    fields, at = {}, 0

    def number():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 0x7f) << shift
            shift += 7
            if byte < 0x80:
                return value
    while at < len(data):
        tag = number()
        if tag & 7 == 0:
            value = number()
        else:
            length = number()
            value = data[at:at + length]
            at += length
        fields.setdefault(tag >> 3, []).append(value)
    return fields


def call(server, api, body):
    """(error code, fields of the answer)"""
    frame = struct.pack(">hhi", api, 0, 1) + body
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as conn:
        conn.sendall(struct.pack(">i", len(frame)) + frame)
        size, = struct.unpack(">i", _read_exactly(conn, 4))
        reply = _read_exactly(conn, size)
    fields = parse(reply[5:])
    return (0, fields) if reply[0] == 0 else (fields[1][0], fields)


def path(name):
    return message((1, "db"), (2, name))


async def test_a_round_of_the_job(tmp_path):
    with WeirServer.start(tmp_path / "data", ["--set", "lake.tiering=external"]) as server:
        async with FlussSession(server.bootstrap, "db") as session:
            await session.create("t", LOG, buckets=2, properties={"table.datalake.enabled": "true", "table.datalake.freshness": "1s"})
        code, answer = call(server, HEARTBEAT, b"")
        epoch = answer[1][0]
        assert code == 0 and 2 not in answer

        def request_table():
            return call(server, HEARTBEAT, message((4, 1)))[1].get(2)
        handed = None
        def hand_out():
            nonlocal handed
            handed = request_table() or handed
            return handed is not None
        wait_for(hand_out, True)
        given = parse(handed[0])
        table, tiering_epoch = given[1][0], given[3][0]
        assert parse(given[2][0]) == {1: [b"db"], 2: [b"t"]}
        assert request_table() is None, "handed out once"

        def beat(field, coordinator, tiering):
            entry = message((1, table), (2, coordinator), (3, tiering))
            answer = parse(call(server, HEARTBEAT, message((field, entry)))[1][field + 2][0])
            return parse(answer[2][0])[1][0] if 2 in answer else 0
        assert beat(1, epoch, tiering_epoch) == 0
        assert beat(1, epoch + 1, tiering_epoch) == INVALID_COORDINATOR
        assert beat(1, epoch, tiering_epoch + 1) == FENCED

        assert call(server, GET_SNAPSHOT, message((1, path("t"))))[0] == NO_SNAPSHOT

        def prepare(*offsets):
            table_offsets = message((1, table), (2, path("t")), *[(3, message((2, b), (4, o))) for b, o in offsets])
            answer = parse(call(server, PREPARE, message((1, table_offsets)))[1][1][0])
            assert answer[3] == [table]
            return answer[4][0].decode()

        def commit(snapshot, tiered, readable=None, keep=None):
            fields = [(1, table), (2, snapshot), (3, tiered)]
            fields += [(4, readable)] if readable else []
            fields += [(5, keep)] if keep is not None else []
            answer = parse(call(server, COMMIT, message((2, message(*fields))))[1][1][0])
            assert answer[3] == [table]
            return answer.get(1, [0])[0]

        def snapshot(*fields):
            code, answer = call(server, GET_SNAPSHOT, message((1, path("t")), *fields))
            return code or (answer[2][0], {parse(b)[2][0]: parse(b)[3][0] for b in answer.get(3, [])})
        first = prepare((0, 10))
        assert json.load(open(first)) == {"version": 1, "table_id": table, "bucket_offsets": [10]}
        assert commit(101, first, first) == 0
        assert snapshot() == (101, {0: 10})
        assert snapshot((3, 1)) == (101, {0: 10, 1: 0}), "test_readable_lake_snapshot.py"
        second = prepare((1, 7))
        assert commit(102, second, keep=101) == 0
        assert snapshot() == (102, {0: 10, 1: 7}), "merged with the one before"
        assert snapshot((3, 1)) == (101, {0: 10, 1: 0}), "the newest that can be read"
        assert snapshot((2, 101)) == (101, {0: 10}) and snapshot((2, 55)) == NO_SNAPSHOT
        assert commit(103, "/etc/passwd") == INVALID_CONFIG
        assert commit(104, first.replace("/metadata/", "/metadata/../metadata/")) == INVALID_CONFIG
        assert beat(2, epoch, tiering_epoch) == 0

        server.kill()
        server.launch()
        assert snapshot() == (102, {0: 10, 1: 7})
        assert beat(1, epoch, tiering_epoch) in (INVALID_COORDINATOR, FENCED)


async def test_table_info_says_where_the_lake_is_and_no_secret_shows(tmp_path):
    canary, key = "CANARY-secret-5e1f", "CANARY-key-77aa"
    options = ["--set", f"datalake.iceberg.s3.secret-access-key={canary}", "--set", f"datalake.iceberg.s3.access-key-id={key}",
               "--set", "datalake.iceberg.s3.endpoint=http://127.0.0.1:9", "--set", "datalake.iceberg.s3.region=eu-north-1"]
    with WeirServer.start(tmp_path / "data", options) as server:
        async with FlussSession(server.bootstrap, "db") as session:
            await session.create("t", LOG, properties={"table.datalake.enabled": "true"})
        code, info = call(server, GET_TABLE_INFO, message((1, path("t"))))
        properties = json.loads(info[3][0])["properties"]
        lake = {k.removeprefix("table.datalake.iceberg."): v for k, v in properties.items() if k.startswith("table.datalake.iceberg.")}
        assert lake == {"type": "rest", "uri": f"http://{server.http}/api/catalog", "s3.endpoint": "http://127.0.0.1:9",
                        "s3.path-style-access": "true", "client.region": "eu-north-1"}
        shown = [str(info), str(call(server, DESCRIBE_CONFIGS, b""))]
        for statement in ("SHOW CREATE TABLE db.t", "DESCRIBE db.t"):
            shown.append(server.sql(statement))
        for page in ("metrics", "v1/lake", "api/catalog/v1/config", "api/catalog/v1/namespaces/db/tables/t"):
            shown.append(urllib.request.urlopen(f"http://{server.http}/{page}").read().decode())
        shown.append(server.log_path.read_text())
        for text in shown:
            assert canary not in text and key not in text, text[:2000]


async def test_a_server_that_tiers_itself_hands_nothing_out(session, server):
    async with session:
        await session.create("t", LOG, properties={"table.datalake.enabled": "true"})
        code, answer = call(server, HEARTBEAT, message((4, 1)))
        assert code == 0 and 2 not in answer
