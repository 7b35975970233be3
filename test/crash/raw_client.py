"""The wire protocol in plain Python, written from the format pages and sharing nothing with the server.

Only what the crash test needs: create tables, idempotent produce and put, fetch, look-up, limit scan.
Every call raises ConnectionError when the server goes away and ServerError for an error it answers.
"""
import json
import socket
import struct

import pyarrow as pa


class ServerError(Exception):
    def __init__(self, code, message):
        super().__init__(f"{code}: {message}")
        self.code = code


# ---- protobuf ------------------------------------------------------------------------------------------------

def varint(number):
    number &= (1 << 64) - 1
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def field(number, value):
    """One field: ints and bools as varints, str and bytes as length-delimited."""
    if isinstance(value, str):
        value = value.encode()
    if isinstance(value, (bytes, bytearray)):
        return varint(number << 3 | 2) + varint(len(value)) + value
    return varint(number << 3) + varint(int(value))


def message(*fields):
    """A message from (number, value) pairs; None leaves the field out."""
    return b"".join(field(number, value) for number, value in fields if value is not None)


def read_varint(data, at):
    result = shift = 0
    while True:
        byte = data[at]
        at += 1
        result |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return result, at


def parse(data):
    """{number: [value, …]} of a message."""
    fields, at = {}, 0
    while at < len(data):
        key, at = read_varint(data, at)
        kind = key & 7
        if kind == 0:
            value, at = read_varint(data, at)
            value = value - (1 << 64) if value >> 63 else value
        elif kind == 2:
            size, at = read_varint(data, at)
            value, at = data[at:at + size], at + size
        else:
            size = 8 if kind == 1 else 4
            value, at = data[at:at + size], at + size
        fields.setdefault(key >> 3, []).append(value)
    return fields


def check_bucket(fields, code=3, text=4):
    """Raise the error of a per-bucket answer."""
    number = fields.get(code, [0])[0]
    if number:
        raise ServerError(number, fields.get(text, [b""])[0].decode())
    return fields


# ---- checksums and batches -----------------------------------------------------------------------------------

def _crc_table():
    table = []
    for index in range(256):
        for _ in range(8):
            index = index >> 1 ^ (0x82F63B78 if index & 1 else 0)
        table.append(index)
    return table


_CRC = _crc_table()


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _CRC[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


LOG_SCHEMA = pa.schema([("writer", pa.int32()), ("number", pa.int64()), ("text", pa.string())])


def log_batch(rows, writer_id, sequence):
    """A magic 0 ARROW batch of (writer, number, text) rows."""
    columns = [pa.array([row[at] for row in rows], kind.type) for at, kind in enumerate(LOG_SCHEMA)]
    payload = pa.record_batch(columns, schema=LOG_SCHEMA).serialize().to_pybytes()
    body = struct.pack("<hBiqii", 1, 1, len(rows) - 1, writer_id, sequence, len(rows)) + payload
    return struct.pack("<qibqI", 0, len(body) + 13, 0, 0, crc32c(body)) + body


CHANGES = ("+A", "+I", "-U", "+U", "-D")


def stored_rows(records, schema):
    """([(offset, change, row), …], next offset) of stored ARROW batches; a cut-off tail is ignored."""
    rows, at, end = [], 0, None
    while len(records) - at >= 48:
        base, length = struct.unpack_from("<qi", records, at)
        stop = at + 12 + length
        if stop > len(records):
            break
        crc, = struct.unpack_from("<I", records, at + 21)
        assert crc == crc32c(records[at + 25:stop]), f"the stored batch at offset {base} has a wrong checksum"
        attributes, delta = struct.unpack_from("<Bi", records, at + 27)
        count, = struct.unpack_from("<i", records, at + 44)
        if count:
            changes = bytes(count) if attributes & 1 else records[at + 48:at + 48 + count]
            payload = pa.py_buffer(bytes(records[at + 48 + (0 if attributes & 1 else count):stop]))
            batch = pa.ipc.read_record_batch(pa.ipc.read_message(payload), schema)
            assert batch.num_rows == count
            rows += [(base + index, CHANGES[changes[index]], tuple(row.values()))
                     for index, row in enumerate(batch.to_pylist())]
        at, end = stop, base + delta + 1
    return rows, end


KV_SCHEMA = pa.schema([("key", pa.int32()), ("number", pa.int64()), ("text", pa.string())])


def kv_row(key, number, text):
    """A COMPACTED row (key INT, number BIGINT, text STRING)."""
    data = text.encode()
    return b"\0" + varint(key) + varint(number) + varint(len(data)) + data


def parse_kv_row(row):
    assert row[0] == 0, "a column is null"
    key, at = read_varint(row, 1)
    number, at = read_varint(row, at)
    size, at = read_varint(row, at)
    return key, number, bytes(row[at:at + size]).decode()


def kv_batch(records, writer_id, sequence):
    """A PUT_KV batch of (key, row bytes or None) pairs."""
    body = struct.pack("<hBqii", 1, 0, writer_id, sequence, len(records))
    for key, row in records:
        encoded = varint(key)
        record = varint(len(encoded)) + encoded + (row or b"")
        body += struct.pack("<i", len(record)) + record
    return struct.pack("<ibI", len(body) + 5, 0, crc32c(body)) + body


def value_rows(batch):
    """Rows of a LIMIT_SCAN answer of a primary-key table."""
    if not batch:
        return []
    length, magic, count = struct.unpack_from("<ibi", batch, 0)
    assert (length + 4, magic) == (len(batch), 0)
    rows, at = [], 9
    for _ in range(count):
        size, = struct.unpack_from("<i", batch, at)
        rows.append(parse_kv_row(batch[at + 6:at + 4 + size]))
        at += 4 + size
    return rows


# ---- connection ----------------------------------------------------------------------------------------------

class RawClient:
    def __init__(self, port, timeout=20):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.next_id = 0

    def close(self):
        self.socket.close()

    def _read(self, count):
        data = bytearray()
        while len(data) < count:
            part = self.socket.recv(min(count - len(data), 1 << 20))
            if not part:
                raise ConnectionError("the server closed the connection")
            data += part
        return bytes(data)

    def call(self, api, version, body):
        self.next_id += 1
        frame = struct.pack(">hhi", api, version, self.next_id) + body
        self.socket.sendall(struct.pack(">i", len(frame)) + frame)
        size, = struct.unpack(">i", self._read(4))
        reply = self._read(size)
        kind, request_id = struct.unpack_from(">bi", reply)
        if kind == 0:
            assert request_id == self.next_id
            return parse(reply[5:])
        error = parse(reply[5:] if kind == 1 else reply[1:])
        raise ServerError(error[1][0], error.get(2, [b""])[0].decode())

    # ---- catalog

    @staticmethod
    def _path(database, table):
        return message((1, database), (2, table))

    def create_table(self, database, table, schema, buckets, properties=None):
        descriptor = {"version": 1, "schema": schema, "partition_key": [], "bucket_count": buckets,
                      "properties": properties or {}, "custom_properties": {}}
        self.call(1005, 0, message((1, self._path(database, table)), (2, json.dumps(descriptor)), (3, False)))

    def drop_table(self, database, table):
        self.call(1006, 0, message((1, self._path(database, table)), (2, False)))

    def list_tables(self, database):
        return {name.decode() for name in self.call(1008, 0, message((1, database))).get(1, [])}

    def table_id(self, database, table):
        return self.call(1007, 0, message((1, self._path(database, table))))[1][0]

    def init_writer(self, database, table):
        return self.call(1026, 0, message((1, self._path(database, table))))[1][0]

    # ---- data

    def produce(self, table_id, bucket, records):
        """Append one batch; its base offset."""
        slot = message((2, bucket), (3, records))
        answer = self.call(1014, 0, message((1, -1), (2, table_id), (3, 30000), (4, slot)))
        return check_bucket(parse(answer[1][0])).get(5, [0])[0]

    def put(self, table_id, bucket, records):
        """Write one KV batch; the offset after its changes."""
        slot = message((2, bucket), (3, records))
        answer = self.call(1016, 1, message((1, -1), (2, table_id), (3, 30000), (5, slot)))
        return check_bucket(parse(answer[1][0])).get(5, [0])[0]

    def fetch(self, table_id, bucket, offset, wait_ms=0):
        """(stored bytes from `offset` on, high watermark)."""
        slot = message((2, bucket), (3, offset), (4, 4 << 20))
        table = message((1, table_id), (2, False), (4, slot))
        answer = self.call(1015, 0, message((1, -1), (2, 8 << 20), (3, table), (4, wait_ms), (5, 1)))
        result = check_bucket(parse(parse(answer[1][0])[2][0]))
        return result.get(8, [b""])[0], result.get(5, [0])[0]

    def latest_offset(self, table_id, bucket):
        answer = self.call(1021, 0, message((1, -1), (2, 1), (3, table_id), (5, varint(bucket))))
        return check_bucket(parse(answer[1][0]), 2, 3).get(4, [0])[0]

    def lookup(self, table_id, bucket, keys):
        """One row or None per key."""
        slot = message((2, bucket)) + b"".join(field(3, varint(key)) for key in keys)
        answer = self.call(1017, 1, message((1, table_id), (2, slot)))
        values = [parse(value).get(1) for value in check_bucket(parse(answer[1][0])).get(5, [])]
        return [parse_kv_row(value[0][2:]) if value else None for value in values]

    def limit_scan(self, table_id, bucket, limit):
        answer = self.call(1033, 0, message((2, table_id), (4, bucket), (5, limit)))
        return value_rows(check_bucket(answer, 1, 2).get(4, [b""])[0])
