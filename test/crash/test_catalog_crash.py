"""kill -9 while clients commit to the REST catalog: afterwards each table is one that its writers can explain.

Every writer appends one row at a time and knows which commits were acknowledged. A commit whose answer was lost may
have happened, wholly; nothing else may be there, twice or in part, and old rows never go.
"""
import os
import pathlib
import random
import sys
import threading

import pyarrow as pa
import pytest
from pyiceberg.catalog.rest import RestCatalog
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.schema import Schema
from pyiceberg.types import LongType, NestedField

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

from weir_server import WeirServer  # noqa: E402

KILLS = int(os.environ.get("WEIR_CRASH_KILLS", "8"))
WRITERS = 3
SCHEMA = Schema(NestedField(1, "writer", LongType()), NestedField(2, "number", LongType()))


class Writer(threading.Thread):
    """Appends (index, number) until the server dies; the last number is in doubt when its answer was lost."""

    def __init__(self, index, server, table, next_number):
        super().__init__(daemon=True)
        self.index, self.server, self.table, self.next_number = index, server, table, next_number
        self.acknowledged, self.in_doubt, self.failure = [], None, None

    def run(self):
        try:
            catalog = RestCatalog("weir", uri=f"http://{self.server.http}/api/catalog")
            while True:
                table = catalog.load_table(self.table)
                self.in_doubt = self.next_number
                try:
                    table.append(pa.table({"writer": [self.index], "number": [self.next_number]}))
                except CommitFailedException:
                    continue  # it did not happen: the same number again
                self.acknowledged.append(self.next_number)
                self.in_doubt = None
                self.next_number += 1
        except OSError:
            pass  # the server was killed
        except Exception as error:  # noqa: BLE001 - reported by the test
            if "Connection" not in repr(error) and "Remote" not in repr(error):
                self.failure = error


def rows(server, table):
    catalog = RestCatalog("weir", uri=f"http://{server.http}/api/catalog")
    return sorted((row["writer"], row["number"]) for row in catalog.load_table(table).scan().to_arrow().to_pylist())


@pytest.mark.parametrize("shared", [False, True], ids=["a table each", "one table"])
def test_commits_survive_kill_9_wholly_or_not_at_all(tmp_path, shared):
    dice = random.Random(20 + shared)
    tables = ["c.t"] * WRITERS if shared else [f"c.t{writer}" for writer in range(WRITERS)]
    expected = {table: set() for table in tables}
    numbers = [0] * WRITERS
    with WeirServer.start(tmp_path / "data") as server:
        catalog = RestCatalog("weir", uri=f"http://{server.http}/api/catalog")
        catalog.create_namespace("c")
        for table in set(tables):
            catalog.create_table(table, SCHEMA)
        for _ in range(KILLS):
            writers = [Writer(index, server, tables[index], numbers[index]) for index in range(WRITERS)]
            for writer in writers:
                writer.start()
            writers[0].join(dice.uniform(0.2, 1.5))  # the moment of the kill, not a wait for anything
            server.kill()
            for writer in writers:
                writer.join(60)
                assert writer.failure is None, writer.failure
            server.launch()
            for index, writer in enumerate(writers):
                found = rows(server, tables[index])
                assert len(found) == len(set(found)), "a row is there twice"
                mine = {number for who, number in found if who == index}
                known = expected[tables[index]]
                known |= {(index, number) for number in writer.acknowledged}
                if writer.in_doubt is not None and writer.in_doubt in mine:
                    known.add((index, writer.in_doubt))
                numbers[index] = max(mine, default=-1) + 1
            for table in set(tables):
                assert set(rows(server, table)) == expected[table]
        assert sum(map(len, expected.values())) > 0, "nothing was written: the test saw nothing"
