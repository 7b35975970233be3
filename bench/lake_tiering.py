"""How many rows a CPU second of tiering brings to the lake, by the CPU time of the whole server while it catches up.

    python bench/lake_tiering.py [--rows 4000000] [--mode log|insert|update] [--perf FILE]

Rows are written with tiering far away (freshness 1 h); then the freshness is altered to 1 s, and the CPU time of the
process and its peak of memory are read until `lake_tiering_rows_total` shows all of them.
"""
import argparse
import asyncio
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import urllib.request

REPOSITORY = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY / "test/e2e"))

import pyarrow as pa  # noqa: E402
from fluss_session import FlussSession  # noqa: E402
from weir_server import WeirServer  # noqa: E402

SLOW = {"table.datalake.enabled": "true", "table.datalake.freshness": "1h"}
#: bronze.event of the demo pipeline.
EVENT = pa.schema([pa.field("event_id", pa.string(), nullable=False), ("customer_id", pa.string()), ("event_type", pa.string()),
                   ("campaign_id", pa.string()), ("event_ts", pa.int64())])
TYPES = ["view", "click", "open", "bounce"]
BATCH = 50_000


def batch(first, count, ids):
    numbers = range(first, first + count)
    return pa.record_batch([
        pa.array([f"e{n % ids:012d}" for n in numbers]), pa.array([f"c{n * 7919 % 100_000:08d}" for n in numbers]),
        pa.array([TYPES[n % 4] for n in numbers]), pa.array([str(1 + n % 2) for n in numbers]),
        pa.array([1_700_000_000 + n // 100 for n in numbers], pa.int64())], schema=EVENT)


def metric(server, name):
    text = urllib.request.urlopen(f"http://{server.http}/metrics").read().decode()
    return sum(float(v) for v in re.findall(rf"^weir_{name}(?:{{[^}}]*}})? (\S+)", text, re.M))


def cpu_seconds(pid, thread=None):
    """Of the process, or of its threads called `thread`."""
    ticks = os.sysconf("SC_CLK_TCK")
    total = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        name = (task / "comm").read_text().strip()
        fields = (task / "stat").read_text().rpartition(")")[2].split()
        if thread is None or name == thread:
            total += int(fields[11]) + int(fields[12])
    return total / ticks


def memory_mib(pid, field):
    return int(re.search(rf"{field}:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())[1]) / 1024


async def load(server, options):
    async with FlussSession(server.bootstrap, "db") as session:
        keyed = options.mode != "log"
        table = await session.create("event", EVENT, ["event_id"] if keyed else None, buckets=options.buckets,
                                     properties=SLOW)
        ids = options.rows if options.mode != "update" else max(1, options.rows // 4)
        writer = (table.new_upsert() if keyed else table.new_append()).create_writer()
        for first in range(0, options.rows, BATCH):
            rows = batch(first, min(BATCH, options.rows - first), ids)
            if keyed:
                for row in rows.to_pylist():
                    writer.upsert(row)
            else:
                writer.write_arrow_batch(rows)
        await writer.flush()


def sql(server, statement):
    request = urllib.request.Request(f"http://{server.http}/v1/sql", statement.encode(), {"Content-Type": "text/plain"})
    return urllib.request.urlopen(request).read()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=4_000_000)
    parser.add_argument("--mode", choices=["log", "insert", "update"], default="log")
    parser.add_argument("--buckets", type=int, default=2)
    parser.add_argument("--perf", help="write a profile of the catching up here (perf record)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, WeirServer.start(pathlib.Path(folder) / "data") as server:
        asyncio.run(load(server, options))
        time.sleep(3)
        idle = memory_mib(server.pid, "VmRSS")
        pathlib.Path(f"/proc/{server.pid}/clear_refs").write_text("5")
        before, own = cpu_seconds(server.pid), cpu_seconds(server.pid, "tiering")
        started = time.monotonic()
        profile = options.perf and subprocess.Popen(["perf", "record", "-g", "-o", options.perf, "-p", str(server.pid)],
                                                    stderr=subprocess.DEVNULL)
        sql(server, "ALTER TABLE db.event SET ('table.datalake.freshness' = '1s')")
        while metric(server, "lake_tiering_behind_rows") > 0 or metric(server, "lake_tiering_rows_total") < options.rows:
            time.sleep(0.05)
        seconds = time.monotonic() - started
        rows, files = metric(server, "lake_tiering_rows_total"), metric(server, "lake_tiering_files_total")
        cpu, thread = cpu_seconds(server.pid) - before, cpu_seconds(server.pid, "tiering") - own
        if profile:
            profile.terminate()
            profile.wait()
        print(f"mode={options.mode} rows={rows:.0f} files={files:.0f} bytes={metric(server, 'lake_tiering_bytes_total'):.0f} "
              f"rounds={metric(server, 'lake_tiering_rounds_total'):.0f} seconds={seconds:.2f} cpu={cpu:.2f} tiering_cpu={thread:.2f} "
              f"rows_per_cpu_second={rows / max(cpu, 0.01):.0f} memory_idle_mib={idle:.0f} "
              f"memory_over_idle_mib={memory_mib(server.pid, 'VmHWM') - idle:.0f}")
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
