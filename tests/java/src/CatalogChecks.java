import static org.apache.fluss.types.DataTypes.BIGINT;
import static org.apache.fluss.types.DataTypes.INT;
import static org.apache.fluss.types.DataTypes.STRING;

import org.apache.fluss.client.table.Table;
import org.apache.fluss.cluster.ServerNode;
import org.apache.fluss.metadata.DatabaseDescriptor;
import org.apache.fluss.metadata.Schema;
import org.apache.fluss.metadata.TableChange;
import org.apache.fluss.metadata.TableDescriptor;
import org.apache.fluss.metadata.TableInfo;
import org.apache.fluss.metadata.TablePath;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Databases, tables, their descriptions and the errors about them. */
final class CatalogChecks {
    private CatalogChecks() {}

    static Schema.Builder idAndName() {
        return Schema.newBuilder().column("id", BIGINT()).column("name", STRING());
    }

    static Schema.Builder keyed() {
        return Schema.newBuilder().column("id", INT()).column("name", STRING()).column("v", BIGINT())
                .primaryKey("id");
    }

    static TableDescriptor.Builder buckets(int count, String... keys) {
        return TableDescriptor.builder().distributedBy(count, keys);
    }

    static void run() {
        Check.check("catalog: databases are made, listed, described and dropped", () -> {
            String name = Session.database + "_other";
            DatabaseDescriptor descriptor =
                    DatabaseDescriptor.builder().comment("hello").customProperty("k", "v").build();
            Check.get(Session.admin.createDatabase(name, descriptor, false));
            Check.isTrue(Check.get(Session.admin.listDatabases()).contains(name), "not listed");
            Check.isTrue(Check.get(Session.admin.databaseExists(name)), "does not exist");
            DatabaseDescriptor read = Check.get(Session.admin.getDatabaseInfo(name)).getDatabaseDescriptor();
            Check.equal(new String(descriptor.toJsonBytes()), new String(read.toJsonBytes()));
            Check.get(Session.admin.dropDatabase(name, false, true));
            Check.isTrue(!Check.get(Session.admin.databaseExists(name)), "still exists");
        });
        Check.check("catalog: wrong database requests fail with the right exceptions", () -> {
            Check.fails("DatabaseAlreadyExistException", () -> Check.get(
                    Session.admin.createDatabase(Session.database, DatabaseDescriptor.EMPTY, false)));
            Check.fails("DatabaseNotExistException",
                    () -> Check.get(Session.admin.dropDatabase("no_such_db", false, true)));
            Check.fails("DatabaseNotExistException", () -> Check.get(Session.admin.listTables("no_such_db")));
            Check.get(Session.admin.dropDatabase("no_such_db", true, true));
        });
        Check.check("catalog: a database with tables is dropped only by cascade", () -> {
            String name = Session.database + "_full";
            Check.get(Session.admin.createDatabase(name, DatabaseDescriptor.EMPTY, false));
            Check.get(Session.admin.createTable(TablePath.of(name, "t"),
                    buckets(1).schema(idAndName().build()).build(), false));
            Check.fails("DatabaseNotEmptyException",
                    () -> Check.get(Session.admin.dropDatabase(name, false, false)));
            Check.get(Session.admin.dropDatabase(name, false, true));
        });
        Check.check("catalog: a table is described as it was declared", () -> {
            Table table = Session.create(keyed(), buckets(3).comment("a table").customProperty("owner", "me")
                    .property("table.log.ttl", "3d"));
            TableInfo info = Check.get(Session.admin.getTableInfo(table.getTableInfo().getTablePath()));
            Check.equal(3, info.getNumBuckets());
            Check.equal("a table", info.getComment().orElse(""));
            Check.equal(Collections.singletonList("id"), info.getPrimaryKeys());
            Check.equal(Collections.singletonList("id"), info.getBucketKeys());
            Check.equal("me", info.getCustomProperties().toMap().get("owner"));
            Check.equal("3d", info.getProperties().toMap().get("table.log.ttl"));
            Check.equal(keyed().build().getRowType(), info.getRowType());
            Check.equal(1, info.getSchemaId());
        });
        Check.check("catalog: the schema can be asked for by its id", () -> {
            Table table = Session.create(keyed(), buckets(1));
            TablePath path = table.getTableInfo().getTablePath();
            Check.equal(table.getTableInfo().getSchema(), Check.get(Session.admin.getTableSchema(path, 1)).getSchema());
            Check.equal(1, Check.get(Session.admin.getTableSchema(path)).getSchemaId());
        });
        Check.check("catalog: wrong table requests fail with the right exceptions", () -> {
            TablePath path = Session.create(idAndName(), buckets(1)).getTableInfo().getTablePath();
            TableDescriptor descriptor = buckets(1).schema(idAndName().build()).build();
            Check.fails("TableAlreadyExistException",
                    () -> Check.get(Session.admin.createTable(path, descriptor, false)));
            Check.get(Session.admin.createTable(path, descriptor, true));
            Check.fails("TableNotExistException",
                    () -> Check.get(Session.admin.getTableInfo(Session.path("no_such_table"))));
            Check.fails("TableNotExistException",
                    () -> Check.get(Session.admin.dropTable(Session.path("no_such_table"), false)));
            Check.fails("DatabaseNotExistException", () -> Check.get(
                    Session.admin.createTable(TablePath.of("no_such_db", "t"), descriptor, false)));
        });
        Check.check("catalog: contradictory tables are refused", () -> {
            Check.fails("InvalidConfigException",
                    () -> Session.create(idAndName(), buckets(1).property("table.merge-engine", "first_row")));
            Check.fails("InvalidConfigException",
                    () -> Session.create(idAndName(), buckets(1).property("table.no-such-option", "1")));
        });
        Check.check("catalog: tables are listed until dropped", () -> {
            TablePath path = Session.create(idAndName(), buckets(1)).getTableInfo().getTablePath();
            Check.isTrue(Check.get(Session.admin.listTables(Session.database)).contains(path.getTableName()), "listed");
            Check.get(Session.admin.dropTable(path, false));
            Check.isTrue(!Check.get(Session.admin.tableExists(path)), "gone");
        });
        Check.check("catalog: a column can be added and old rows read as null", CatalogChecks::addColumn);
        Check.check("catalog: a column added to a keyed table reads as null in old rows", CatalogChecks::addColumnKeyed);
        Check.check("catalog: table properties can be altered", () -> {
            TablePath path = Session.create(idAndName(), buckets(1)).getTableInfo().getTablePath();
            Check.get(Session.admin.alterTable(path, List.of(TableChange.set("client.note", "hi")), false));
            Check.equal("hi", Check.get(Session.admin.getTableInfo(path)).getCustomProperties().toMap().get("client.note"));
            Check.get(Session.admin.alterTable(path, List.of(TableChange.reset("client.note")), false));
            Check.isTrue(!Check.get(Session.admin.getTableInfo(path)).getCustomProperties().toMap()
                    .containsKey("client.note"), "still set");
        });
        Check.check("catalog: the cluster lists a coordinator and a tablet server", () -> {
            List<String> kinds = new ArrayList<>();
            for (ServerNode node : Check.get(Session.admin.getServerNodes())) {
                kinds.add(node.serverType().name());
            }
            Collections.sort(kinds);
            Check.equal(List.of("COORDINATOR", "TABLET_SERVER"), kinds);
        });
    }

    private static TableChange addNote() {
        return TableChange.addColumn("note", STRING(), "why", TableChange.ColumnPosition.last());
    }

    private static void addColumn() throws Exception {
        Table before = Session.create(idAndName(), buckets(1));
        TablePath path = before.getTableInfo().getTablePath();
        Session.append(before, List.of(Values.row(1L, "old")));
        Check.get(Session.admin.alterTable(path, List.of(addNote()), false));
        try (Table after = Session.connection.getTable(path)) {
            Check.equal(2, after.getTableInfo().getSchemaId());
            Session.append(after, List.of(Values.row(2L, "new", "because")));
            List<Values.Record> records = Session.read(after, 0, 2);
            Check.equal(Values.list(1L, "old", null), records.get(0).row);
            Check.equal(Values.list(2L, "new", "because"), records.get(1).row);
        }
    }

    private static void addColumnKeyed() throws Exception {
        Table before = Session.create(keyed(), buckets(1));
        TablePath path = before.getTableInfo().getTablePath();
        Session.upsert(before, List.of(Values.row(1, "old", 1L)));
        Check.get(Session.admin.alterTable(path, List.of(addNote()), false));
        try (Table after = Session.connection.getTable(path)) {
            Session.upsert(after, List.of(Values.row(2, "new", 2L, "because")));
            Check.equal(Values.list(1, "old", 1L, null), Session.lookup(after, 1));
            Check.equal(Values.list(2, "new", 2L, "because"), Session.lookup(after, 2));
            Session.partialUpdate(after, new String[] {"id", "note"}, Values.row(1, null, null, "late"));
            Check.equal(Values.list(1, "old", 1L, "late"), Session.lookup(after, 1));
        }
    }
}
