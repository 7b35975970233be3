#!/usr/bin/env python3
"""How long after its acknowledgement a row is in a PyIceberg scan, while the table is written and tiered.

    .deps/venv/bin/python bench/live_iceberg.py [--probes 200] [--rate 2000] [--freshness 1s] [--keys 20000]

A process writes `rate` rows a second with the official Fluss client; another writes a marker row, waits for its
acknowledgement, and scans the table for it with PyIceberg, which lets the server plan. A marker that is not there is
an error. Per table: percentiles of the scan, and of the part of it that the server answers (the plan).
"""
import argparse
import asyncio
import json
import multiprocessing
import pathlib
import sys
import tempfile
import time
import urllib.request

REPOSITORY = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY / "test/e2e"))

import pyarrow as pa  # noqa: E402
from fluss_session import FlussSession, append, upsert  # noqa: E402
from pyiceberg.catalog.rest import RestCatalog  # noqa: E402
from weir_server import WeirServer  # noqa: E402

DATABASE = "bench"
LOG = pa.schema([("id", pa.int64()), ("name", pa.string())])
KEYED = pa.schema([pa.field("id", pa.int64(), False), pa.field("name", pa.string())])
ROUNDS_A_SECOND = 20
MARKER = 10**12


def load(bootstrap, name, keys, rate, stop):
    """Write until told to stop."""

    async def run():
        async with FlussSession(bootstrap, DATABASE) as session:
            table = await session.table(name)
            step, at = max(1, rate // ROUNDS_A_SECOND), 0
            due = time.monotonic()
            while not stop.is_set():
                rows = [{"id": (at + i) % keys, "name": f"v{at}"} for i in range(step)]
                if name == "log":
                    await append(table, pa.Table.from_pylist(rows, LOG))
                else:
                    await upsert(table, rows)
                at += step
                due = max(due + 1 / ROUNDS_A_SECOND, time.monotonic())
                await asyncio.sleep(due - time.monotonic())

    asyncio.run(run())


def show(what, seconds):
    ordered = sorted(seconds)
    at = {p: ordered[min(len(ordered) - 1, int(len(ordered) * p / 100))] * 1e3 for p in (50, 95, 99)}
    print(f"{what}: p50 {at[50]:.1f} ms, p95 {at[95]:.1f} ms, p99 {at[99]:.1f} ms, max {ordered[-1] * 1e3:.1f} ms, "
          f"n={len(ordered)}", flush=True)


async def probe(server, name, probes):
    reader = RestCatalog("weir", uri=f"http://{server.http}/api/catalog").load_table(f"{DATABASE}.{name}")
    url = f"http://{server.http}/api/catalog/v1/namespaces/{DATABASE}/tables/{name}/plan"
    scans, plans = [], []
    async with FlussSession(server.bootstrap, DATABASE) as session:
        table = await session.table(name)
        for number in range(2 * probes):
            row = {"id": MARKER + number if name == "log" else MARKER, "name": f"m{number}"}
            await (append(table, pa.Table.from_pylist([row], LOG)) if name == "log" else upsert(table, [row]))
            began = time.perf_counter()
            if number % 2:
                request = urllib.request.Request(url, json.dumps({}).encode(), {"Content-Type": "application/json"})
                urllib.request.urlopen(request).read()
                plans.append(time.perf_counter() - began)
                continue
            found = reader.scan(row_filter=f"id = {row['id']}").to_arrow().to_pylist()
            scans.append(time.perf_counter() - began)
            assert len(found) == 1 and found[0]["name"] == row["name"], (name, number, found)
    show(f"{name}: acknowledged -> in a PyIceberg scan", scans)
    show(f"{name}: acknowledged -> planned", plans)


async def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--probes", type=int, default=200)
    arguments.add_argument("--rate", type=int, default=2000)
    arguments.add_argument("--keys", type=int, default=20000)
    arguments.add_argument("--freshness", default="1s")
    arguments.add_argument("--tables", default="log,position,deletion-vector,copy-on-write")
    flags = arguments.parse_args()
    processes = multiprocessing.get_context("spawn")  # the client has threads: a fork would hang
    with tempfile.TemporaryDirectory() as folder, WeirServer.start(pathlib.Path(folder) / "data") as server:
        for name in flags.tables.split(","):
            lake = {"table.datalake.enabled": "true", "table.datalake.freshness": flags.freshness}
            async with FlussSession(server.bootstrap, DATABASE) as session:
                if name == "log":
                    await session.create(name, LOG, properties=lake)
                else:
                    await session.create(name, KEYED, ["id"],
                                         properties={**lake, "table.datalake.iceberg.delete-mode": name})
            stop = processes.Event()
            writer = processes.Process(target=load, args=(server.bootstrap, name, flags.keys, flags.rate, stop))
            writer.start()
            try:
                await probe(server, name, flags.probes)
            finally:
                stop.set()
                writer.join()


if __name__ == "__main__":
    asyncio.run(main())
