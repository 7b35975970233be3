"""What is acknowledged is in the Iceberg table at once (docs/decisions/0012-live-iceberg.md): rows written by the official
Fluss client, read by PyIceberg, which lets the catalog plan its scans, or loads a table that shows live rows.

The freshness of the tables here is an hour: whatever is seen was seen live."""
import asyncio

import pyarrow as pa
import pytest
from fluss_session import FlussSession, append, upsert
from pyiceberg.catalog.rest import RestCatalog
from pyiceberg.exceptions import CommitFailedException, ValidationException
from weir_server import WeirServer

pytestmark = pytest.mark.weir_only

LOG = pa.schema([pa.field("id", pa.int64()), pa.field("name", pa.string())])
KEYED = pa.schema([pa.field("id", pa.int64(), False), pa.field("name", pa.string())])
HOUR = "1 h"


@pytest.fixture(scope="module")
def live(tmp_path_factory):
    with WeirServer.start(tmp_path_factory.mktemp("live") / "data") as server:
        yield server


@pytest.fixture
def writer(live, request):
    return FlussSession(live.bootstrap, f"live_{abs(hash(request.node.name)) % 10**9}")


def connect(server, **properties):
    return RestCatalog("weir", uri=f"http://{server.http}/api/catalog", **properties)


def lake(mode="PLAN", **more):
    return {"table.datalake.enabled": "true", "table.datalake.freshness": HOUR, "table.datalake.iceberg.live": mode, **more}


def batch(*rows):
    return pa.Table.from_pylist([{"id": key, "name": name} for key, name in rows], schema=LOG)


def read(table, **scan):
    """{id: name}, and no id twice."""
    found = [(row["id"], row["name"]) for row in table.scan(selected_fields=("id", "name"), **scan).to_arrow().to_pylist()]
    assert len(found) == len(dict(found)), f"a row is there twice: {sorted(found)}"
    return dict(found)




async def test_an_appended_row_is_seen_at_once(live, writer):
    async with writer:
        table = await writer.create("t", LOG, properties=lake())
        reader = connect(live).load_table(f"{writer.database}.t")
        for number in range(5):
            await append(table, batch((number, f"n{number}")))
            assert read(reader) == {n: f"n{n}" for n in range(number + 1)}
        assert reader.refresh().current_snapshot() is None, "nothing was committed"
        assert read(reader, row_filter="id >= 3") == {3: "n3", 4: "n4"}


async def test_the_newest_row_of_each_key_is_seen(live, writer):
    async with writer:
        table = await writer.create("t", KEYED, ["id"], properties=lake())
        await upsert(table, [{"id": n, "name": f"n{n}"} for n in range(10)])
        reader = connect(live).load_table(f"{writer.database}.t")
        assert read(reader) == {n: f"n{n}" for n in range(10)}
        await upsert(table, [{"id": 3, "name": "three"}, {"id": 10, "name": "ten"}])
        assert read(reader) == {**{n: f"n{n}" for n in range(10)}, 3: "three", 10: "ten"}
        deleter = table.new_upsert().create_writer()
        await deleter.delete({"id": 4}).wait()
        assert 4 not in read(reader)


@pytest.mark.parametrize("mode", ["POSITION", "DELETION-VECTOR", "COPY-ON-WRITE"])
async def test_rows_in_the_lake_are_replaced_live(live, writer, mode):
    async with writer:
        table = await writer.create("t", KEYED, ["id"], properties=lake(
            **{"table.datalake.iceberg.delete-mode": mode, "table.datalake.freshness": "1 s"}))
        await upsert(table, [{"id": n, "name": f"n{n}"} for n in range(10)])
        reader = connect(live).load_table(f"{writer.database}.t")
        expected = {n: f"n{n}" for n in range(10)}
        for version in range(20):
            expected[version % 7] = f"v{version}"
            await upsert(table, [{"id": version % 7, "name": f"v{version}"}])
            assert read(reader) == expected
        assert reader.refresh().current_snapshot() is not None, "some of it was tiered"


async def test_a_table_that_shows_nothing_live(live, writer):
    async with writer:
        table = await writer.create("t", LOG, properties=lake("OFF"))
        await append(table, batch((1, "a")))
        assert read(connect(live).load_table(f"{writer.database}.t")) == {}


async def test_clients_that_plan_themselves_see_a_snapshot_that_was_never_committed(live, writer):
    async with writer:
        table = await writer.create("t", LOG, properties=lake("LOAD"))
        catalog = connect(live, **{"scan-planning-mode": "client"})
        await append(table, batch((1, "a")))
        loaded = catalog.load_table(f"{writer.database}.t")
        assert read(loaded) == {1: "a"}
        assert loaded.current_snapshot().summary["weir.live"] == "true"
        again = catalog.load_table(f"{writer.database}.t")
        assert again.metadata_location == loaded.metadata_location, "readers share a state"
        await append(table, batch((2, "b")))
        assert read(catalog.load_table(f"{writer.database}.t")) == {1: "a", 2: "b"}
        assert read(loaded) == {1: "a"}, "a state stays as it was"


async def test_an_append_on_top_of_live_rows_is_committed_without_them(live, writer):
    async with writer:
        table = await writer.create("t", LOG, properties=lake("LOAD", **{"table.datalake.iceberg.layout": "CLEAN"}))
        await append(table, batch((1, "a")))
        catalog = connect(live, **{"scan-planning-mode": "client"})
        catalog.load_table(f"{writer.database}.t").append(batch((100, "mine")))
        await append(table, batch((2, "b")))
        assert read(catalog.load_table(f"{writer.database}.t")) == {1: "a", 2: "b", 100: "mine"}
        # Again, with something committed below.
        catalog.load_table(f"{writer.database}.t").append(batch((101, "mine too")))
        assert read(catalog.load_table(f"{writer.database}.t")) == {1: "a", 2: "b", 100: "mine", 101: "mine too"}


async def test_a_change_of_live_rows_is_refused_once_and_then_an_ordinary_one(live, writer):
    async with writer:
        table = await writer.create("t", LOG, properties=lake("LOAD", **{"table.datalake.iceberg.layout": "CLEAN"}))
        await append(table, batch((1, "a"), (2, "b"), (3, "c")))
        catalog = connect(live, **{"scan-planning-mode": "client"})
        # PyIceberg retries by itself, looks for the snapshot it saw, and gives up with the second exception.
        with pytest.raises((CommitFailedException, ValidationException)):
            catalog.load_table(f"{writer.database}.t").delete("id = 2")
        # They were tiered, so that the second attempt changes committed rows.
        catalog.load_table(f"{writer.database}.t").delete("id = 2")
        assert read(catalog.load_table(f"{writer.database}.t")) == {1: "a", 3: "c"}


async def test_the_lake_side_of_a_table_is_dropped_and_renamed_in_weir(live, writer):
    async with writer:
        await writer.create("t", LOG, properties=lake())
        catalog = connect(live)
        for refused in (lambda: catalog.drop_table(f"{writer.database}.t"),
                        lambda: catalog.rename_table(f"{writer.database}.t", f"{writer.database}.u")):
            with pytest.raises(Exception, match="lake side of a Weir table"):
                refused()
        with pytest.raises(Exception, match="lake side of a Weir table"):
            with catalog.load_table(f"{writer.database}.t").update_schema() as change:
                change.rename_column("name", "title")
        assert catalog.table_exists(f"{writer.database}.t")


async def test_many_readers_share_one_state(live, writer):
    async with writer:
        table = await writer.create("t", LOG, properties=lake())
        await append(table, batch((1, "a")))
        reader = connect(live).load_table(f"{writer.database}.t")
        await asyncio.gather(*(asyncio.to_thread(read, reader) for _ in range(8)))
        assert read(reader) == {1: "a"}
