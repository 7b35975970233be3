#!/usr/bin/env python3
"""Weir against Apache Fluss: the same requests of the official client to both, on the same machine, in turns.

  ./dev bench --vs-fluss [--rounds 7] [--seconds 2] [--rows 300000] [--only append,fetch] [--write]

Servers run on the first half of the CPUs and clients on the second. Each operation is run in all rounds, the servers
taking turns, after rounds that only warm the JVMs up. The main figure is CPU seconds of all server processes per unit of
work; medians over the rounds. --write puts the table into docs/benchmarks.md and keeps its "## Notes".
"""
import argparse
import datetime
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]
sys.path[:0] = [str(HERE), str(REPOSITORY / "tests/java")]

import calibration  # noqa: E402
import official_client  # noqa: E402
from fluss_cluster import FlussCluster, server_jars  # noqa: E402
from servers import WeirServer, cpu_seconds, memory_mib, pin, start_pinned  # noqa: E402

# operation: (title, unit, how many units the CPU figure is per, goal as a share of the other server)
OPERATIONS = {
    "append": ("append, batches of the official writer", "row", 1e6, 1 / 2),
    "fetch": ("fetch of all columns", "row", 1e6, 1 / 3),
    "project": ("fetch of 1 of 10 columns", "row", 1e6, 1 / 2),
    "upsert": ("upsert of new keys", "row", 1e6, 1 / 2),
    "update": ("update of random keys", "row", 1e6, 1 / 3),
    "lookup128": ("look-up of 128 keys per request", "key", 1e6, 1 / 5),
    "lookup1": ("look-up of one key, one request under way", "key", 1e6, 1 / 3),
}
LATENCIES = {"e2e": "produce to consume, client defaults", "e2e1ms": "produce to consume, batch-timeout 1 ms"}
WARM_UP_ROUNDS = 2
NOTES = "## Notes\n"


class Load:
    """One JVM with the official client, connected to one server."""

    def __init__(self, server, rows, cpus, log):
        options = ["-Xmx1500m", "-XX:+UseG1GC", "--add-opens=java.base/java.nio=ALL-UNNAMED"]
        command = official_client.command("1.0.0", "RawLoad", [server.bootstrap, str(rows)], HERE, options)
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True)
        self.server = server
        self.cpus = cpus

    def run(self, operation, seconds):
        pin([self.process.pid], self.cpus)
        before = cpu_seconds(self.server.pids)
        self.process.stdin.write(f"{operation} {seconds}\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        result = json.loads(line) if line else {"error": "the load ended"}
        if "error" in result:
            raise RuntimeError(f"{self.server.name}: {operation}: {result['error']}")
        result["cpu"] = cpu_seconds(self.server.pids) - before
        return result

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=20)


def measure(loads, operations, arguments):
    """{operation: {server: [result of each round]}}"""
    results = {operation: {load.server.name: [] for load in loads} for operation in operations}
    for number in range(-WARM_UP_ROUNDS, arguments.rounds):
        for operation in operations:
            for load in loads if number % 2 else loads[::-1]:
                pin(load.server.pids, load.server_cpus)
                result = load.run(operation, arguments.seconds)
                if number >= 0:
                    results[operation][load.server.name].append(result)
        print(f"round {number + 1} of {arguments.rounds}", file=sys.stderr, flush=True)
    return results


def median(results, key):
    return statistics.median(key(result) for result in results)


def cpu_row(operation, results):
    title, unit, per, goal = OPERATIONS[operation]
    ours, theirs = (median(results[name], lambda r: r["cpu"] * per / r["units"])
                    for name in (WeirServer.name, FlussCluster.name))
    rates = [median(results[name], lambda r: r["units"] / r["seconds"]) for name in (WeirServer.name, FlussCluster.name)]
    share = ours / theirs if theirs else float("nan")
    verdict = "yes" if share <= goal else "**no**"
    return (f"| {title} | {ours:.3f} | {theirs:.3f} | {share:.2f} | {goal:.2f} | {verdict} | {rates[0]:,.0f} | "
            f"{rates[1]:,.0f} |"), share <= goal


def report(results, latencies, acks, facts, arguments):
    lines = ["# Benchmarks: Weir against Apache Fluss", "",
             f"Made by `./dev bench --vs-fluss --rounds {arguments.rounds} --seconds {arguments.seconds:g} --rows "
             f"{arguments.rows} --write` on {facts['date']}, commit {facts['commit']}, {facts['machine']}.", "",
             f"{FlussCluster.name} is the newest server on Maven Central; its three JVMs count together. Both servers get the "
             "same bytes from the official Java client 1.0.0, encoded before the clock starts (bench/vs_fluss/src/RawLoad.java). "
             f"Servers and clients are pinned to different CPUs, JVMs are warmed up, servers take turns; medians of "
             f"{arguments.rounds} rounds. Weir acknowledges what is on disk (fdatasync), Fluss what is in the page cache.", "",
             "## Server CPU", "",
             "Seconds of CPU (user and system, all server processes) per million rows or keys.", "",
             "| operation | Weir | Fluss | share | goal | met | Weir /s | Fluss /s |", "|---|--:|--:|--:|--:|---|--:|--:|"]
    missed = []
    for operation in results:
        row, met = cpu_row(operation, results[operation])
        lines.append(row)
        if not met:
            missed.append(OPERATIONS[operation][0])
    lines += ["", "## Beside it", "", "| | Weir | Fluss |", "|---|--:|--:|"]
    for title, ours, theirs in facts["beside"]:
        lines.append(f"| {title} | {ours} | {theirs} |")
    for operation, title in LATENCIES.items():
        if operation in latencies:
            both = [latencies[operation][name] for name in (WeirServer.name, FlussCluster.name)]
            cells = [f"{median(r, lambda x: x['p50_us']) / 1000:.1f} / {median(r, lambda x: x['p99_us']) / 1000:.1f}" for r in both]
            lines.append(f"| {title}, p50 / p99 ms | {cells[0]} | {cells[1]} |")
    if acks:
        both = [median(acks[name], lambda r: r["requests"] / r["seconds"]) for name in (WeirServer.name, FlussCluster.name)]
        lines.append(f"| acknowledgements /s, 64 buckets, fsync before each on both sides | {both[0]:,.0f} | {both[1]:,.0f} |")
    if "fetch" in results:
        rate = median(results["fetch"][WeirServer.name], lambda r: r["bytes"] / 1e6 / r["seconds"])
        lines.append(f"| fetch, MB/s (share of the sendfile rate below) | {rate:,.0f} ({rate / facts['sendfile']:.0%}) | |")
    lines += ["", "## The machine in the same run", "",
              f"sendfile over loopback {facts['sendfile']:,.0f} MB/s · memcpy {facts['memcpy']:.1f} GB/s · 4 KiB write and "
              f"fdatasync {facts['fdatasync']:,.0f} µs (median) · load average at the start {facts['load']:.1f}", ""]
    if missed:
        lines += ["Goals missed: " + "; ".join(missed) + ".", ""]
    return "\n".join(lines)


def write_page(path, text):
    """Replace the measured part of the page; what people wrote under "## Notes" stays."""
    old = path.read_text() if path.exists() else ""
    notes = old[old.index(NOTES):] if NOTES in old else ""
    path.write_text(text + ("\n" + notes if notes else ""))


def machine():
    model = next((line.split(":")[1].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), "unknown CPU")
    return f"{os.cpu_count()} × {model}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--rows", type=int, default=300_000)
    parser.add_argument("--only", default=",".join(OPERATIONS))
    parser.add_argument("--no-latency", action="store_true", help="leave out produce-to-consume and fsync acknowledgements")
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md")
    arguments = parser.parse_args()
    operations = [name for name in arguments.only.split(",") if name in OPERATIONS]
    cpus = sorted(os.sched_getaffinity(0))
    server_cpus, client_cpus = cpus[:max(1, len(cpus) // 2)], cpus[len(cpus) // 2:]
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="weir-vs-fluss-"))
    facts = {"date": datetime.date.today().isoformat(), "machine": machine(), "load": os.getloadavg()[0],
             "commit": subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=REPOSITORY, capture_output=True,
                                      text=True).stdout.strip(),
             "memcpy": calibration.memcpy_gb_per_s(), "fdatasync": calibration.fdatasync_us(scratch),
             "sendfile": calibration.sendfile_mb_per_s(scratch, server_cpus, client_cpus)}
    subjects, loads = [], []
    log = open(scratch / "load.log", "w")

    def start(subject):
        subjects.append(subject)
        start_pinned(subject, server_cpus)
        return subject

    try:
        jars = server_jars(official_client.CACHE)
        weir = start(WeirServer(REPOSITORY / "build/release/weir", scratch / "weir"))
        fluss = start(FlussCluster(jars, scratch / "fluss"))
        facts["beside"] = [("ready to serve after start, ms", f"{weir.ready_seconds * 1e3:.0f}", f"{fluss.ready_seconds * 1e3:.0f}"),
                           ("resident memory idle, MiB", f"{memory_mib(weir.pids):.0f}", f"{memory_mib(fluss.pids):.0f}")]
        for subject in (weir, fluss):
            load = Load(subject, arguments.rows, client_cpus, log)
            load.server_cpus = server_cpus
            loads.append(load)
            load.run("setup", 0)
        results = measure(loads, operations, arguments)
        latencies = {} if arguments.no_latency else measure(loads, list(LATENCIES), arguments)
        facts["beside"].append(("resident memory after the load, MiB", f"{memory_mib(weir.pids):.0f}", f"{memory_mib(fluss.pids):.0f}"))
        acks = {}
        if not arguments.no_latency:
            loads.pop().close()
            fluss.stop()
            # One fsync per message is the only durable setting Fluss has.
            fluss = start(FlussCluster(jars, scratch / "fluss-fsync", ["log.flush.interval-messages: 1"]))
            load = Load(fluss, 1000, client_cpus, log)
            load.server_cpus = server_cpus
            loads.append(load)
            acks = measure(loads, ["acks64"], arguments)["acks64"]
        text = report(results, latencies, acks, facts, arguments)
        print(text)
        (scratch / "results.json").write_text(json.dumps(results))
        if arguments.write:
            write_page(REPOSITORY / "docs/benchmarks.md", text)
    except BaseException:
        log.flush()
        print((scratch / "load.log").read_text()[-3000:], file=sys.stderr)
        raise
    finally:
        for load in loads:
            load.close()
        for subject in subjects:
            subject.stop()
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    main()
