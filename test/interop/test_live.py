"""Readers that plan through the catalog see every acknowledged row at once: nothing here waits for the lake."""
import asyncio

import pytest
from engines import LIVE_ENGINES, Engine
from fluss_session import FlussSession
from weir_server import WeirServer
from world import DATABASE, DELETE_MODES, LAKE, World

LIVE = {**LAKE, "table.datalake.iceberg.live": "plan", "table.datalake.freshness": "1h"}
STAGES = ("first rows", "updates and deletes")


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with WeirServer.start(tmp_path_factory.mktemp("live") / "data") as server:
        yield World(server, LIVE)


@pytest.fixture(scope="module")
def engines(world, tmp_path_factory):
    folder = tmp_path_factory.mktemp("live_engines")
    running = {name: Engine(name, world.catalog_uri, folder) for name in LIVE_ENGINES}
    yield running
    for engine in running.values():
        engine.close()


@pytest.mark.parametrize("table", ["log", "every_type", *(f"keyed_{mode.replace('-', '_')}" for mode in DELETE_MODES)])
@pytest.mark.parametrize("stage", STAGES)
def test_acknowledged_rows_are_there(world, engines, stage, table):
    async def write():
        async with FlussSession(world.server.bootstrap, DATABASE) as session:
            if stage == STAGES[0]:
                await world.create(session, [world.tables[table]])
            await world.write(session, world.tables[table], stage)

    asyncio.run(write())
    wanted = world.tables[table]
    found = {name: engine.ask(**world.question(wanted)) for name, engine in engines.items()}
    assert found == {name: wanted.expected() for name in engines}
