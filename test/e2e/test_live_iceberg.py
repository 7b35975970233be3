"""What is acknowledged is in the Iceberg table at once (docs/decisions/0012-live-iceberg.md): rows written by the official
Fluss client, read by PyIceberg, which lets the catalog plan its scans, or loads a table that shows live rows.

The freshness of the tables here is an hour: whatever is seen was seen live."""
import asyncio
import itertools

import pyarrow as pa
import pytest
from fluss_session import FlussSession, append, upsert
from pyiceberg.catalog.rest import RestCatalog
from pyiceberg.exceptions import CommitFailedException, ForbiddenError, ValidationException
from lake import wait_for
from verify import assert_clean
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



def committed_rows(table):
    """Of the newest snapshot that is committed: not of the live one, which a loaded table may show as well."""
    real = [s for s in table.snapshots() if "weir.live" not in s.summary.additional_properties]
    return read(table, snapshot_id=max(real, key=lambda s: s.sequence_number).snapshot_id) if real else {}


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
        versions = itertools.count()
        for _ in ("before", "after"):
            # Some before, and as many after some of it was tiered.
            for version in itertools.islice(versions, 20):
                expected[version % 7] = f"v{version}"
                await upsert(table, [{"id": version % 7, "name": f"v{version}"}])
                assert read(reader) == expected
            wait_for(lambda: reader.refresh().current_snapshot() is not None, True)


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


CLEAN = {"table.datalake.iceberg.layout": "CLEAN"}


async def test_changes_of_live_rows_are_committed_at_the_first_try(live, writer):
    async with writer:
        table = await writer.create("t", LOG, properties=lake("LOAD", **CLEAN))
        await append(table, batch((1, "a"), (2, "b"), (3, "c")))
        catalog = connect(live, **{"scan-planning-mode": "client"})
        seen = catalog.load_table(f"{writer.database}.t")
        seen.delete("id = 2")
        assert read(catalog.load_table(f"{writer.database}.t")) == {1: "a", 3: "c"}
        # What the client saw is a snapshot of the table now, and can be read on.
        assert read(seen, snapshot_id=seen.snapshots()[0].snapshot_id) == {1: "a", 2: "b", 3: "c"}
        assert "weir.live" not in seen.refresh().snapshots()[0].summary.additional_properties
        # Live rows and committed ones together.
        await append(table, batch((4, "d"), (5, "e")))
        catalog.load_table(f"{writer.database}.t").overwrite(batch((4, "D"), (6, "f")), overwrite_filter="id in (1, 4)")
        assert read(catalog.load_table(f"{writer.database}.t")) == {3: "c", 4: "D", 5: "e", 6: "f"}
        await append(table, batch((7, "g")))
        done = catalog.load_table(f"{writer.database}.t").upsert(batch((7, "G"), (8, "h"), (3, "C")), join_cols=["id"])
        assert (done.rows_updated, done.rows_inserted) == (2, 1)
        expected = {3: "C", 4: "D", 5: "e", 6: "f", 7: "G", 8: "h"}
        assert read(catalog.load_table(f"{writer.database}.t")) == expected
        # Nothing of it comes a second time when the rest is tiered.
        await append(table, batch((9, "i")))
        live.sql(f"ALTER TABLE {writer.database}.t SET ('table.datalake.freshness' = '1 s')")
        tiered = connect(live).load_table(f"{writer.database}.t")
        wait_for(lambda: committed_rows(tiered.refresh()), {**expected, 9: "i"})


async def test_a_change_on_top_of_rows_that_were_tiered_meanwhile_is_refused(live, writer):
    async with writer:
        table = await writer.create("t", LOG, properties=lake("LOAD", **CLEAN))
        await append(table, batch((1, "a"), (2, "b")))
        catalog = connect(live, **{"scan-planning-mode": "client"})
        seen = catalog.load_table(f"{writer.database}.t")
        live.sql(f"ALTER TABLE {writer.database}.t SET ('table.datalake.freshness' = '1 s')")
        tiered = connect(live).load_table(f"{writer.database}.t")
        wait_for(lambda: committed_rows(tiered.refresh()), {1: "a", 2: "b"})
        # PyIceberg retries by itself, looks for the snapshot it saw, and gives up with the second exception.
        with pytest.raises((CommitFailedException, ValidationException)):
            seen.delete("id = 2")
        catalog.load_table(f"{writer.database}.t").delete("id = 2")
        assert read(catalog.load_table(f"{writer.database}.t")) == {1: "a"}


@pytest.mark.parametrize("mode", ["POSITION", "DELETION-VECTOR", "COPY-ON-WRITE"])
async def test_a_live_state_of_a_primary_key_table_becomes_a_snapshot(live, writer, mode):
    """A tag asks for the snapshot itself: nothing is left to rewrite."""
    async with writer:
        table = await writer.create("t", KEYED, ["id"], properties=lake("LOAD", **{"table.datalake.iceberg.delete-mode": mode}))
        model = {n: f"n{n}" for n in range(10)}
        await upsert(table, [{"id": key, "name": name} for key, name in model.items()])
        catalog = connect(live, **{"scan-planning-mode": "client"})
        for turn in range(3):
            seen = catalog.load_table(f"{writer.database}.t")
            seen.manage_snapshots().create_tag(seen.current_snapshot().snapshot_id, f"tag{turn}").commit()
            tagged = dict(model)
            model |= {turn: f"again{turn}", 100 + turn: "new"}
            await upsert(table, [{"id": key, "name": model[key]} for key in (turn, 100 + turn)])
            assert read(catalog.load_table(f"{writer.database}.t")) == model
            again = connect(live).load_table(f"{writer.database}.t")
            assert read(again, snapshot_id=again.snapshot_by_name(f"tag{turn}").snapshot_id) == tagged
        assert_clean(f"{writer.database}.t", live)


async def test_the_lake_side_of_a_table_goes_forward_only(live, writer):
    """Rows that were tiered since an older snapshot may be nowhere else any more."""
    async with writer:
        table = await writer.create("t", KEYED, ["id"], properties=lake("OFF", **{"table.datalake.freshness": "1 s"}))
        model = {}
        catalog = connect(live)
        for turn in range(3):
            model |= {key: f"v{turn}" for key in range(turn, turn + 4)}
            await upsert(table, [{"id": key, "name": f"v{turn}"} for key in range(turn, turn + 4)])
            wait_for(lambda: read(catalog.load_table(f"{writer.database}.t")), model)
        seen = catalog.load_table(f"{writer.database}.t")
        first = seen.history()[0].snapshot_id
        for back in (lambda: seen.manage_snapshots().rollback_to_snapshot(first).commit(),
                     lambda: seen.manage_snapshots().set_current_snapshot(first).commit(),
                     lambda: seen.manage_snapshots().remove_branch("main").commit()):
            with pytest.raises(ForbiddenError, match="goes forward only"):
                back()
        assert read(catalog.load_table(f"{writer.database}.t")) == model
        seen.refresh().manage_snapshots().create_branch(first, "first").commit()
        model[2] = "last"
        await upsert(table, [{"id": 2, "name": "last"}])
        wait_for(lambda: read(catalog.load_table(f"{writer.database}.t")), model)
        assert_clean(f"{writer.database}.t", live)


@pytest.mark.parametrize("mode", ["PLAN", "LOAD"])
async def test_snapshots_that_a_client_expires_are_missed_by_nobody(live, writer, mode):
    """Not the one that tiering committed last, nor those between that and the current one: the offsets go with the rows
    that others left of it."""
    name = f"{writer.database}.t"

    def count():
        return live.sql(f"SELECT count(*) AS n, count(DISTINCT id) AS d FROM {name}", "text/csv").split()[1]

    async with writer:
        table = await writer.create("t", LOG, properties=lake(mode, **CLEAN, **{"table.datalake.freshness": "1 s"}))
        model = {n: f"n{n}" for n in range(20)}
        await append(table, batch(*model.items()))
        catalog = connect(live, **{"scan-planning-mode": "client"})
        wait_for(lambda: committed_rows(catalog.load_table(name)), model)
        live.sql(f"ALTER TABLE {name} SET ('table.datalake.freshness' = '{HOUR}')")
        for gone in (7, 8, 9):
            del model[gone]
            catalog.load_table(name).delete(f"id = {gone}")
        tiered, between, _, current = [s.snapshot_id for s in catalog.load_table(name).snapshots()]
        for turn, expired in enumerate((between, tiered)):
            catalog.load_table(name).maintenance.expire_snapshots().by_ids([expired]).commit()
            assert expired not in [s.snapshot_id for s in catalog.load_table(name).snapshots()]
            assert count() == f"{len(model)},{len(model)}"
            assert read(connect(live).load_table(name)) == model
            model[100 + turn] = "hot"
            await append(table, batch((100 + turn, "hot")))
            assert read(connect(live).load_table(name)) == model
            assert count() == f"{len(model)},{len(model)}"
        if mode == "LOAD":
            # The current one is an old one to who sees live rows on top of it.
            catalog.load_table(name).maintenance.expire_snapshots().by_ids([current]).commit()
        assert count() == f"{len(model)},{len(model)}"
        live.sql(f"ALTER TABLE {name} SET ('table.datalake.freshness' = '1 s')")
        wait_for(lambda: committed_rows(catalog.load_table(name)), model)
        assert count() == f"{len(model)},{len(model)}"


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
