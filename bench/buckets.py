#!/usr/bin/env python3
"""What many buckets and many connections cost a server: memory, files, time until it answers again.

    bench/buckets.py [--weir build/release/weir] [--log 10000] [--kv 4000] [--connections 10000] [--nofile 0]

One JSON line per measurement. The server runs alone in a scratch folder; every bucket gets one row, so that it is
open and in the journal. "killed" is a kill -9 right after the last acknowledgement.
"""
import argparse
import json
import os
import pathlib
import resource
import shutil
import socket
import struct
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "test/crash"), str(ROOT / "test/e2e")]
from crash_model import KV_TABLE, LOG_TABLE  # noqa: E402
from raw_client import RawClient, check_bucket, field, kv_batch, kv_row, log_batch, message, parse  # noqa: E402
import weir_server  # noqa: E402
from weir_server import WeirServer  # noqa: E402

BUCKETS_PER_TABLE = 100
IDLE_SECONDS = 6  # the housekeeping has synced everything by then
DATABASE = "fluss"  # always there


def report(**values):
    print(json.dumps(values), flush=True)


def check_all(answer):
    for slot in answer[1]:
        check_bucket(parse(slot))


def write_log(client, table_id):
    batch = log_batch([(0, 0, "x" * 100)], -1, -1)
    slots = b"".join(field(4, message((2, bucket), (3, batch))) for bucket in range(BUCKETS_PER_TABLE))
    check_all(client.call(1014, 0, message((1, -1), (2, table_id), (3, 30000)) + slots))


def write_kv(client, table_id):
    batch = kv_batch([(1, kv_row(1, 1, "x" * 100))], -1, -1)
    slots = b"".join(field(5, message((2, bucket), (3, batch))) for bucket in range(BUCKETS_PER_TABLE))
    check_all(client.call(1016, 1, message((1, -1), (2, table_id), (3, 30000)) + slots))


class Subject:
    """A server on a folder of its own, and what is measured on it."""

    def __init__(self, nofile, options):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="weir-buckets-"))
        program = weir_server.weir_binary()
        if nofile:
            limited = self.folder / "weir"
            limited.write_text(f'#!/bin/sh\nulimit -n {nofile}\nexec {program} "$@"\n')
            limited.chmod(0o755)
            program = limited
        self.server = WeirServer(self.folder / "data", options, binary=program)
        self.launch()

    def launch(self):
        self.server.launch()
        return round(self.server.ready_seconds * 1000)

    def client(self):
        return RawClient(self.server.port, timeout=60)

    def files(self):
        return len(os.listdir(f"/proc/{self.server.pid}/fd"))

    def close(self):
        self.server.kill()
        shutil.rmtree(self.folder)


def measure_buckets(kind, count, nofile, options):
    """Memory of open idle buckets, and starts with all of them after kill -9 and after a clean stop."""
    schema, write = (LOG_TABLE, write_log) if kind == "log" else (KV_TABLE, write_kv)
    subject = Subject(nofile, options)
    try:
        time.sleep(1)
        empty = subject.server.memory_kib()
        report(what="idle server", rss_mib=round(empty / 1024, 1), ready_ms=round(subject.server.ready_seconds * 1000))
        client = subject.client()
        tables = []
        for number in range(count // BUCKETS_PER_TABLE):
            client.create_table(DATABASE, f"t{number}", schema, BUCKETS_PER_TABLE)
            tables.append(client.table_id(DATABASE, f"t{number}"))
        created = subject.server.memory_kib()
        started = time.monotonic()
        for table in tables:
            write(client, table)
        wrote = time.monotonic() - started
        subject.server.kill()
        report(what="ready after kill -9", kind=kind, buckets=count, ready_ms=subject.launch(),
               wrote_seconds=round(wrote, 1))
        client = subject.client()
        for table in tables:
            write(client, table)
        time.sleep(IDLE_SECONDS)
        idle = subject.server.memory_kib()
        report(what="idle buckets", kind=kind, buckets=count, kib_per_bucket=round((idle - created) / count, 2),
               catalog_kib_per_bucket=round((created - empty) / count, 2), rss_mib=round(idle / 1024, 1),
               open_files=subject.files())
        client.close()
        started = time.monotonic()
        subject.server.process.terminate()
        subject.server.process.wait(timeout=120)
        report(what="ready after a clean stop", kind=kind, buckets=count, stop_ms=round(1000 * (time.monotonic() - started)),
               ready_ms=subject.launch())
    finally:
        subject.close()


def measure_connections(count, nofile, options):
    """Idle connections that have sent one request each; all are closed by us at the end."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(limits[1], count + 200), limits[1]))
    subject = Subject(nofile, options)
    connections, refused = [], 0
    try:
        time.sleep(1)
        before = subject.server.memory_kib()
        request = api_versions_frame()
        for _ in range(count):
            try:
                connection = socket.create_connection(("127.0.0.1", subject.server.port), timeout=10)
                connection.sendall(request)
                if not connection.recv(4096):
                    raise ConnectionError
                connections.append(connection)
            except OSError:
                refused += 1
        after = subject.server.memory_kib()
        report(what="idle connections", asked=count, open=len(connections), refused=refused, nofile=nofile,
               kib_per_connection=round((after - before) / max(1, len(connections)), 2),
               still_answers=weir_server.answers(subject.server.port) if not refused else None)
        for connection in connections:
            connection.close()
        deadline = time.monotonic() + 10
        while not weir_server.answers(subject.server.port) and time.monotonic() < deadline:
            time.sleep(0.01)
        report(what="after they closed", answers=weir_server.answers(subject.server.port))
    finally:
        subject.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


def api_versions_frame():
    body = b"\x0a\x04test\x12\x01\x31"
    frame = struct.pack(">hhi", 1000, 0, 1) + body
    return struct.pack(">i", len(frame)) + frame


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weir", default=str(ROOT / "build/release/weir"))
    parser.add_argument("--log", type=int, default=0, help="log buckets")
    parser.add_argument("--kv", type=int, default=0, help="primary-key buckets")
    parser.add_argument("--connections", type=int, default=0)
    parser.add_argument("--nofile", type=int, default=0, help="`ulimit -n` of the server; 0: as it is here")
    parser.add_argument("options", nargs="*", help="of `weir serve`")
    args = parser.parse_args()
    os.environ["WEIR"] = args.weir
    if args.log:
        measure_buckets("log", args.log, args.nofile, args.options)
    if args.kv:
        measure_buckets("kv", args.kv, args.nofile, args.options)
    if args.connections:
        measure_connections(args.connections, args.nofile, args.options)


if __name__ == "__main__":
    main()
