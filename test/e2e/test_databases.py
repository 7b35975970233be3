"""Databases and the table catalog through the official Python client."""
import pyarrow as pa
import pytest
from fluss import DatabaseDescriptor
from fluss_session import append, error_of, read_all
from rows import KEYED, LOG, log_batch

DATABASE_NOT_EXIST, DATABASE_NOT_EMPTY, DATABASE_EXISTS, TABLE_NOT_EXIST, TABLE_EXISTS = 4, 5, 6, 7, 8
INVALID_DATABASE = 16


async def test_a_database_keeps_its_comment_and_properties(session):
    async with session:
        name = session.database + "_described"
        await session.admin.create_database(name, DatabaseDescriptor(comment="hello", custom_properties={"k": "v"}))
        info = await session.admin.get_database_info(name)
        described = info.get_database_descriptor()
        assert (info.database_name, described.comment) == (name, "hello")
        assert described.get_custom_properties() == {"k": "v"}
        assert info.created_time > 1_700_000_000_000


async def test_databases_are_listed_until_dropped(session):
    async with session:
        name = session.database + "_short_lived"
        assert not await session.admin.database_exists(name)
        await session.admin.create_database(name, None)
        assert await session.admin.database_exists(name)
        assert name in await session.admin.list_databases()
        await session.admin.drop_database(name)
        assert not await session.admin.database_exists(name)
        assert name not in await session.admin.list_databases()


async def test_the_default_database_is_there_from_the_start(session):
    async with session:
        assert "fluss" in await session.admin.list_databases()


async def test_wrong_database_requests_have_the_protocols_codes(session):
    async with session:
        admin, name = session.admin, session.database
        await session.create("t", LOG)
        assert await error_of(admin.create_database(name)) == DATABASE_EXISTS
        assert await error_of(admin.create_database(name, None, True)) is None
        assert await error_of(admin.drop_database(name, cascade=False)) == DATABASE_NOT_EMPTY
        assert await error_of(admin.drop_database("nope_" + name)) == DATABASE_NOT_EXIST
        assert await error_of(admin.drop_database("nope_" + name, ignore_if_not_exists=True)) is None
        assert await error_of(admin.list_tables("nope_" + name)) == DATABASE_NOT_EXIST
        assert await error_of(admin.get_database_info("nope_" + name)) == DATABASE_NOT_EXIST
        assert await error_of(admin.create_database("bad name!")) == INVALID_DATABASE


async def test_dropping_with_cascade_takes_the_tables_along(session):
    async with session:
        await session.create("t", LOG)
        await session.admin.drop_database(session.database, cascade=True)
        assert not await session.admin.database_exists(session.database)
        assert await error_of(session.admin.get_table_info(session.path("t"))) in (DATABASE_NOT_EXIST, TABLE_NOT_EXIST)


async def test_table_info_returns_what_was_declared(session):
    async with session:
        await session.create("described", KEYED, primary_keys=["id"], buckets=3, comment="a table",
                             custom_properties={"owner": "me"}, properties={"table.log.ttl": "3d"})
        info = await session.admin.get_table_info(session.path("described"))
        assert info.num_buckets == 3
        assert info.get_column_names() == ["id", "name", "v"]
        assert info.get_primary_keys() == ["id"]
        assert info.get_bucket_keys() == ["id"]
        assert info.comment == "a table"
        assert info.schema_id == 1
        assert info.get_properties()["table.log.ttl"] == "3d"
        assert info.get_custom_properties() == {"owner": "me"}


async def test_tables_are_listed_until_dropped(session):
    async with session:
        await session.create("one", LOG)
        await session.create("two", KEYED, primary_keys=["id"])
        assert sorted(await session.admin.list_tables(session.database)) == ["one", "two"]
        await session.admin.drop_table(session.path("one"))
        assert await session.admin.list_tables(session.database) == ["two"]
        assert not await session.admin.table_exists(session.path("one"))
        assert await session.admin.table_exists(session.path("two"))


async def test_wrong_table_requests_have_the_protocols_codes(session):
    async with session:
        admin = session.admin
        await session.create("t", LOG)
        assert await error_of(session.create("t", LOG)) == TABLE_EXISTS
        assert await error_of(admin.get_table_info(session.path("nope"))) == TABLE_NOT_EXIST
        assert await error_of(session.connection.get_table(session.path("nope"))) is not None
        assert await error_of(admin.drop_table(session.path("nope"))) == TABLE_NOT_EXIST
        assert await error_of(admin.drop_table(session.path("nope"), ignore_if_not_exists=True)) is None


INVALID_TABLE, INVALID_CONFIG, BUCKET_MAX = 15, 39, 49


@pytest.mark.parametrize("keys, buckets, properties, code", [
    (None, 1, {"table.no-such-option": "1"}, INVALID_CONFIG),
    (None, 1, {"table.merge-engine": "first_row"}, INVALID_CONFIG),
    (["id"], 1, {"table.merge-engine": "versioned"}, INVALID_CONFIG),
    (["id"], 1, {"table.merge-engine": "versioned", "table.merge-engine.versioned.ver-column": "nope"},
     INVALID_CONFIG),
    (["id"], 1, {"table.merge-engine": "first_row", "table.delete.behavior": "allow"}, INVALID_CONFIG),
    (None, 1, {"table.delete.behavior": "ignore"}, INVALID_CONFIG),
    (None, 1, {"table.log.arrow.compression.zstd.level": "99"}, INVALID_CONFIG),
])
async def test_contradictory_tables_are_refused(session, keys, buckets, properties, code):
    async with session:
        assert await error_of(session.create("t", KEYED, keys, buckets=buckets, properties=properties)) == code
        assert not await session.admin.table_exists(session.path("t"))


@pytest.mark.fluss_1_0
async def test_a_table_has_at_most_so_many_buckets(session):
    async with session:
        assert await error_of(session.create("t", LOG, buckets=100_000)) == BUCKET_MAX


async def test_reserved_column_names_are_refused(session):
    async with session:
        schema = pa.schema([("id", pa.int64()), ("__offset", pa.int64())])
        assert await error_of(session.create("t", schema)) == INVALID_TABLE


async def test_a_recreated_table_starts_empty(session):
    async with session:
        table = await session.create("again", LOG)
        await append(table, log_batch(10))
        first_id = table.get_table_info().table_id
        await session.admin.drop_table(session.path("again"))
        table = await session.create("again", LOG)
        assert table.get_table_info().table_id > first_id
        await append(table, log_batch(3))
        assert (await read_all(table)).num_rows == 3


async def test_the_cluster_has_one_coordinator_and_a_tablet_server(session):
    async with session:
        kinds = [node.server_type for node in await session.admin.get_server_nodes()]
        assert sorted(kinds) == ["CoordinatorServer", "TabletServer"]
