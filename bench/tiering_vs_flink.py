"""Tiering of Weir against Apache Fluss' tiering job on Flink: rows that a CPU second brings to the lake.

    ./dev bench --vs-flink-tiering [--rounds 3] [--rows 1000000] [--only log,insert,update] [--write]

Both servers get the same rows from the same client (pyfluss) into tables of the same schema, with tiering far away (freshness
1 h). Then the table is made due, and CPU time is read until the lake snapshot covers the log: for Fluss of the Flink process
alone (cluster and job in one JVM) and with the three server processes; for Weir of its one process. What the processes use when
idle is taken off. The servers take turns; rounds that only warm the JVMs up come first; medians over the rounds.
--write puts the table into docs/benchmarks.md.
"""
import argparse
import asyncio
import datetime
import json
import os
import pathlib
import random
import re
import shutil
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time

REPOSITORY = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(REPOSITORY / path) for path in ("bench/vs_fluss", "test/e2e", "test/flink", "tests/java")]

import official_client  # noqa: E402
import official_flink  # noqa: E402
import pyarrow as pa  # noqa: E402
from fluss import FlussError, OffsetSpec  # noqa: E402
from fluss_cluster import FlussCluster, server_jars  # noqa: E402
from fluss_session import FlussSession  # noqa: E402
from run import machine  # noqa: E402
from servers import WeirServer, cpu_seconds, memory_mib  # noqa: E402
from weir_server import _read_exactly  # noqa: E402

WARM_UP_ROUNDS = 2
BATCH = 50_000
#: bronze.event of the demo pipeline.
EVENT = pa.schema([pa.field("event_id", pa.string(), nullable=False), ("customer_id", pa.string()),
                   ("event_type", pa.string()), ("campaign_id", pa.string()), ("event_ts", pa.int64())])
TYPES = ["view", "click", "open", "bounce"]
IDLE_SECONDS = 2
IDLE_CPUS_MAX, SETTLE_SECONDS_MAX = 0.1, 30
COVERED_SECONDS_MAX = 300
GOAL, MEMORY_MIB_MAX = 3, 256
LAKE_JARS = ("fluss-lake-iceberg-*.jar", "hadoop-apache-*.jar")
SCENARIOS = {"log": "append to a log table", "insert": "new keys of a primary-key table",
             "update": "updates of random keys, half as many as the table has"}
START, END = "<!-- tiering: begin -->\n", "<!-- tiering: end -->\n"
ALTER_TABLE = 1044


def batch(first, count, ids):
    numbers = range(first, first + count)
    return pa.record_batch([
        pa.array([f"e{n % ids:012d}" for n in numbers]), pa.array([f"c{n * 7919 % 100_000:08d}" for n in numbers]),
        pa.array([TYPES[n % 4] for n in numbers]), pa.array([str(1 + n % 2) for n in numbers]),
        pa.array([1_700_000_000 + n // 100 for n in numbers], pa.int64())], schema=EVENT)


class Weir(WeirServer):
    def __init__(self, folder):
        super().__init__(REPOSITORY / "build/release/weir", folder)

    @property
    def tiering_pids(self):
        return self.pids

    @property
    def server_pids(self):
        return []


class Fluss(FlussCluster):
    def __init__(self, folder, parallelism):
        self.parallelism = parallelism
        warehouse = pathlib.Path(folder) / "warehouse"
        lake = [jar for pattern in LAKE_JARS for jar in official_flink.JARS.glob(pattern)]
        super().__init__([*server_jars(official_client.CACHE), *lake], pathlib.Path(folder) / "fluss",
                         ["datalake.format: iceberg", "datalake.iceberg.type: hadoop",
                          f"datalake.iceberg.warehouse: {warehouse}"])
        self.lake = {"type": "hadoop", "warehouse": str(warehouse)}
        self.job = None

    def start(self):
        super().start()
        self.job = official_flink.TieringJob(self.bootstrap, self.lake, self.folder / "flink", self.parallelism)
        return self

    def stop(self):
        if self.job:
            self.job.close()
        super().stop()

    @property
    def tiering_pids(self):
        return [self.job.pid]

    @property
    def server_pids(self):
        return self.pids


def field(number, value):
    """A field of a protobuf message: text, or a small number."""
    if isinstance(value, int):
        return bytes([number << 3, value])
    value = value.encode() if isinstance(value, str) else value
    return bytes([number << 3 | 2, len(value)]) + value


def set_freshness(subject, table, freshness):
    change = field(1, "table.datalake.freshness") + field(2, freshness) + field(3, 0)
    body = field(1, field(1, "bench") + field(2, table)) + field(2, 0) + field(3, change)
    frame = struct.pack(">hhi", ALTER_TABLE, 0, 1) + body
    host, port = subject.bootstrap.split(":")
    with socket.create_connection((host, int(port)), timeout=30) as conn:
        conn.sendall(struct.pack(">i", len(frame)) + frame)
        size, = struct.unpack(">i", _read_exactly(conn, 4))
        reply = _read_exactly(conn, size)
    if reply[0] != 0:
        raise RuntimeError(f"{subject.name}: ALTER TABLE failed: {reply!r}")


class Rows:
    """What is written in every round, made once."""

    def __init__(self, count):
        self.count = count
        self.batches = [batch(first, min(BATCH, count - first), count) for first in range(0, count, BATCH)]
        self.dicts = [row for part in self.batches for row in part.to_pylist()]

    def updates(self, number):
        dice = random.Random(number)
        return [{**row, "event_ts": row["event_ts"] + number + 1, "customer_id": f"c{dice.randrange(100_000):08d}"}
                for row in dice.sample(self.dicts, self.count // 2)]


async def write(table, rows):
    writer = table.new_upsert().create_writer()
    for row in rows:
        writer.upsert(row)
    await writer.flush()


async def covered(session, table, buckets):
    """Whether the lake snapshot has all of the log."""
    ends = await session.offsets(table, OffsetSpec.latest(), buckets)
    try:
        snapshot = await session.admin.get_latest_lake_snapshot(session.path(table))
    except FlussError:
        return False
    found = {bucket.bucket_id: offset for bucket, offset in snapshot.table_buckets_offset.items()}
    return all(found.get(bucket, 0) >= end for bucket, end in ends.items() if end > 0)


async def measured(subject, session, table, rows, buckets):
    """Make the table due, wait until the lake has it all, and say what that took."""
    def read():
        return cpu_seconds(subject.tiering_pids), cpu_seconds(subject.server_pids), time.monotonic()

    deadline = time.monotonic() + SETTLE_SECONDS_MAX
    while True:  # until the servers have done what writing left behind
        first = read()
        await asyncio.sleep(IDLE_SECONDS)
        start = read()
        idle = [(b - a) / (start[2] - first[2]) for a, b in zip(first[:2], start[:2])]
        if sum(idle) < IDLE_CPUS_MAX or start[2] > deadline:
            break
    memory = memory_mib(subject.tiering_pids)
    for pid in subject.tiering_pids:
        pathlib.Path(f"/proc/{pid}/clear_refs").write_text("5")
    set_freshness(subject, table, "1s")
    # The official job cuts a round off that takes longer than the freshness, so it must be long while it runs.
    set_freshness(subject, table, "1h")
    while not await covered(session, table, buckets):
        if time.monotonic() - start[2] > COVERED_SECONDS_MAX:
            raise RuntimeError(f"{subject.name}: {table} is not in the lake after {COVERED_SECONDS_MAX} s")
        await asyncio.sleep(0.05)
    end = read()
    took = end[2] - start[2]
    cpu = [max(0.0, b - a - rate * took) for a, b, rate in zip(start[:2], end[:2], idle)]
    peak = sum(int(re.search(r"VmHWM:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())[1])
               for pid in subject.tiering_pids) / 1024
    return {"rows": rows, "tiering_cpu": cpu[0], "server_cpu": cpu[1], "seconds": took, "idle_mib": memory,
            "over_idle_mib": peak - memory}


async def one_round(subject, rows, number, options):
    """{scenario: measurements}"""
    results = {}
    log, keyed = f"log_{number}", f"keyed_{number}"  # Fluss leaves the lake's table when it drops its own
    slow = {"table.datalake.enabled": "true", "table.datalake.freshness": "1h"}
    async with FlussSession(subject.bootstrap, "bench") as session:
        if "log" in options.only:
            table = await session.create(log, EVENT, buckets=options.buckets, properties=slow)
            writer = table.new_append().create_writer()
            for part in rows.batches:
                writer.write_arrow_batch(part)
            await writer.flush()
            results["log"] = await measured(subject, session, log, rows.count, options.buckets)
            await session.admin.drop_table(session.path(log))
        if "insert" in options.only or "update" in options.only:
            table = await session.create(keyed, EVENT, ["event_id"], buckets=options.buckets, properties=slow)
            await write(table, rows.dicts)
            results["insert"] = await measured(subject, session, keyed, rows.count, options.buckets)
        if "update" in options.only:
            changed = rows.updates(number)
            await write(table, changed)
            results["update"] = await measured(subject, session, keyed, len(changed), options.buckets)
        if "insert" in results:
            await session.admin.drop_table(session.path(keyed))
    return results


def median(results, subject, scenario, key):
    return statistics.median(key(r) for r in results[subject][scenario])


def report(results, facts, options):
    weir, fluss = Weir.name, Fluss.name
    lines = ["## Tiering against the official job on Flink", "",
             f"Made by `./dev bench --vs-flink-tiering --rounds {options.rounds} --rows {options.rows} --write` on {facts['date']}, "
             f"commit {facts['commit']}, {facts['machine']}, load average at the start {facts['load']:.1f}.", "",
             f"The same rows (five columns, about 60 bytes; {options.buckets} buckets) by the same client to both servers, then one round of "
             f"tiering to local files. {fluss}: `fluss-flink-tiering` on Flink 1.20.3 with `fluss-lake-iceberg` and a Hadoop catalog, "
             f"cluster and job in one JVM of {options.parallelism} slots, no checkpoints, {WARM_UP_ROUNDS} rounds of the same size before "
             "the first that counts. CPU beyond what is used when idle, medians; rows are those that the client wrote. Both write "
             "Parquet with Zstandard.", "",
             "| rows per CPU second | Weir, all of it | Flink job alone | with the Fluss server | Weir / job alone | "
             "Weir / with server | goal | met |", "|---|--:|--:|--:|--:|--:|--:|---|"]
    for scenario in results[weir]:
        ours = median(results, weir, scenario, lambda r: r["rows"] / max(r["tiering_cpu"], 0.01))
        job = median(results, fluss, scenario, lambda r: r["rows"] / max(r["tiering_cpu"], 0.01))
        both = median(results, fluss, scenario, lambda r: r["rows"] / max(r["tiering_cpu"] + r["server_cpu"], 0.01))
        lines.append(f"| {SCENARIOS[scenario]} | {ours:,.0f} | {job:,.0f} | {both:,.0f} | {ours / job:.1f} | {ours / both:.1f} | "
                     f"{GOAL} | {'yes' if ours / job >= GOAL else '**no**'} |")
    lines += ["", "| | Weir | Flink job |", "|---|--:|--:|"]
    for scenario in results[weir]:
        cells = [f"{median(results, name, scenario, lambda r: r['seconds']):.1f}" for name in (weir, fluss)]
        lines.append(f"| seconds from due to in the lake: {SCENARIOS[scenario]} | {cells[0]} | {cells[1]} |")
    idle = [statistics.median(r["idle_mib"] for s in results[name].values() for r in s) for name in (weir, fluss)]
    peak = [max(facts["over_idle_mib"][name]) for name in (weir, fluss)]
    lines += [f"| resident memory before a round, MiB | {idle[0]:.0f} | {idle[1]:.0f} |",
              f"| most above that in any round, also of those before, MiB (goal for Weir: {MEMORY_MIB_MAX}) | {peak[0]:.0f} | {peak[1]:.0f} |",
              "", "The job asks for work once a second, which is in its seconds.", ""]
    return "\n".join(lines)


def write_page(text):
    path = REPOSITORY / "docs/benchmarks.md"
    page = path.read_text()
    block = START + text + END
    if START in page:
        page = page[:page.index(START)] + block + page[page.index(END) + len(END):]
    else:
        page = page.rstrip("\n") + "\n\n" + block
    path.write_text(page)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--buckets", type=int, default=2)
    parser.add_argument("--parallelism", type=int, default=os.cpu_count())
    parser.add_argument("--only", type=lambda text: text.split(","), default=list(SCENARIOS))
    parser.add_argument("--write", action="store_true", help="write the section of docs/benchmarks.md")
    options = parser.parse_args()
    official_flink.compiled()
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=REPOSITORY, capture_output=True, text=True)
    facts = {"date": datetime.date.today().isoformat(), "machine": machine(), "load": os.getloadavg()[0],
             "commit": commit.stdout.strip()}
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="weir-vs-flink-"))
    rows = Rows(options.rows)
    subjects = [Weir(scratch / "weir"), Fluss(scratch, options.parallelism)]
    results = {subject.name: {} for subject in subjects}
    facts["over_idle_mib"] = {subject.name: [] for subject in subjects}
    try:
        for subject in subjects:
            subject.start()
        for number in range(-WARM_UP_ROUNDS, options.rounds):
            for subject in subjects if number % 2 else subjects[::-1]:
                found = asyncio.run(one_round(subject, rows, number + WARM_UP_ROUNDS, options))
                print(number, subject.name, json.dumps(found), file=sys.stderr, flush=True)
                for scenario, result in found.items():
                    facts["over_idle_mib"][subject.name].append(result["over_idle_mib"])
                    if number >= 0:
                        results[subject.name].setdefault(scenario, []).append(result)
        text = report(results, facts, options)
        print(text)
        if options.write:
            write_page(text)
    finally:
        for subject in subjects:
            subject.stop()
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    main()
