"""Compaction while the table is written: rows that are replaced and deleted while their files are rewritten stay
replaced and deleted, and every other row stays, by PyIceberg and by `weir verify`."""
import random

import pytest
from fluss_session import FlussSession
from lake import lake_catalog, rows_of, wait_for
from rows import KEYED
from test_lake_bad_input import metric
from verify import assert_clean
from weir_server import WeirServer

pytestmark = pytest.mark.weir_only

FAST = {"table.datalake.enabled": "true", "table.datalake.freshness": "100ms", "table.datalake.iceberg.live": "off"}
EAGER = [argument for option in ("interval=100ms", "small-files=2", "reader-grace=5s", "snapshot-age=5s")
         for argument in ("--set", f"lake.maintenance.{option}")]
KEYS = 20_000
TURNS_MAX = 400


@pytest.mark.parametrize("mode", ["position", "deletion-vector"])
async def test_rows_that_change_while_their_files_are_compacted(tmp_path, mode):
    dice = random.Random(5)
    model = {}

    def put(writer, keys, turn):
        for key in keys:
            writer.upsert({"id": key, "name": f"n{turn}-{key}", "v": turn})
            model[key] = turn

    def expected():
        return [(key, f"n{model[key]}-{key}", model[key]) for key in sorted(model)]

    with WeirServer.start(tmp_path / "data", EAGER) as server:
        async with FlussSession(server.bootstrap, "db") as session:
            table = await session.create("t", KEYED, ["id"], buckets=1,
                                         properties={**FAST, "table.datalake.iceberg.delete-mode": mode})
            async with table.new_upsert().create_writer() as writer:
                for turn in range(TURNS_MAX):
                    if turn % 10 == 0:  # large files, which take long
                        put(writer, range(turn * 100, turn * 100 + KEYS), turn)
                    put(writer, dice.sample(range(KEYS), 100), turn)
                    for key in dice.sample(sorted(model), 20):
                        writer.delete([key])
                        del model[key]
                    await writer.flush()
                    if turn >= 20 and metric(server, "weir_lake_compaction_deletes_followed_total") > 0:
                        break
            assert metric(server, "weir_lake_compaction_deletes_followed_total") > 0, "no step met a round"
        lake = lake_catalog(server).load_table(("db", "t"))

        def rows():
            return sorted((row["id"], row["name"], row["v"]) for row in rows_of(lake.refresh()))

        wait_for(lambda: rows() == expected(), True)
        assert_clean("db.t", server)
