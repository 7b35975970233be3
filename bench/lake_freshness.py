"""How long after its acknowledgement a row is in the committed Iceberg table, without live reads.

    python bench/lake_freshness.py [--seconds 120]

One log and one primary-key table for each freshness, `table.datalake.iceberg.live` OFF. A row is written at a random
moment, then PyIceberg loads the table every 20 ms until the committed snapshot has it. Goal: freshness + 1 s.
"""
import argparse
import asyncio
import pathlib
import random
import statistics
import sys
import tempfile
import time

REPOSITORY = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY / "test/e2e"))

import pyarrow as pa  # noqa: E402
from fluss_session import FlussSession  # noqa: E402
from pyiceberg.catalog import load_catalog  # noqa: E402
from weir_server import WeirServer  # noqa: E402

ROW = pa.schema([pa.field("id", pa.int64(), nullable=False), ("v", pa.string())])
FRESHNESS = (1, 5, 30)


async def delays(session, catalog, freshness, keys, seconds):
    """Seconds from each acknowledgement to the commit that has the row."""
    name = f"{'keyed' if keys else 'log'}_{freshness}"
    table = await session.create(name, ROW, keys, properties={
        "table.datalake.enabled": "true", "table.datalake.freshness": f"{freshness}s",
        "table.datalake.iceberg.live": "OFF"})
    writer = table.new_upsert().create_writer() if keys else table.new_append().create_writer()
    ident, out, number, end = (session.database, name), [], 0, time.monotonic() + seconds
    while time.monotonic() < end:
        await asyncio.sleep(random.uniform(0, freshness))
        number += 1
        row = {"id": number, "v": "x"}
        await (writer.upsert(row) if keys else writer.append(row)).wait()
        acknowledged = time.monotonic()
        while await asyncio.to_thread(rows, catalog, ident) < number:
            await asyncio.sleep(0.02)
        out.append(time.monotonic() - acknowledged)
    return out


def rows(catalog, ident):
    snapshot = catalog.load_table(ident).current_snapshot()
    return int(snapshot.summary["total-records"]) if snapshot else 0


async def run(seconds):
    with tempfile.TemporaryDirectory(prefix="weir-freshness-") as folder, \
            WeirServer.start(pathlib.Path(folder) / "data") as server:
        catalog = load_catalog("weir", type="rest", uri=f"http://{server.http}/api/catalog")
        async with FlussSession(server.bootstrap, "db") as session:
            cases = [(freshness, keys) for freshness in FRESHNESS for keys in (None, ["id"])]
            results = await asyncio.gather(*(delays(session, catalog, *case, seconds) for case in cases))
    print("| table | freshness s | rows | median s | max s | goal s |\n|---|--:|--:|--:|--:|--:|")
    for (freshness, keys), found in zip(cases, results):
        print(f"| {'primary key' if keys else 'log'} | {freshness} | {len(found)} | {statistics.median(found):.2f} | "
              f"{max(found):.2f} | {freshness + 1} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=120)
    asyncio.run(run(parser.parse_args().seconds))


if __name__ == "__main__":
    main()
