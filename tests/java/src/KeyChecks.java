import static org.apache.fluss.types.DataTypes.BIGINT;
import static org.apache.fluss.types.DataTypes.INT;
import static org.apache.fluss.types.DataTypes.STRING;

import org.apache.fluss.client.table.Table;
import org.apache.fluss.metadata.KvFormat;
import org.apache.fluss.metadata.LogFormat;
import org.apache.fluss.metadata.Schema;
import org.apache.fluss.metadata.TableDescriptor;
import org.apache.fluss.row.GenericRow;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Primary-key tables: upsert, delete, partial update, look-ups, changelog, merge engines. */
final class KeyChecks {
    private KeyChecks() {}

    static void run() {
        Check.check("keys: the last upsert wins and deletes remove", () -> {
            Table table = Session.create(CatalogChecks.keyed(), CatalogChecks.buckets(3));
            List<GenericRow> rows = new ArrayList<>();
            for (int i = 0; i < 1000; i++) {
                rows.add(Values.row(i, "n" + i, (long) i));
            }
            Session.upsert(table, rows);
            Session.upsert(table, List.of(Values.row(5, "five", 55L)));
            Session.delete(table, Values.row(6, null, null));
            Check.equal(Values.list(5, "five", 55L), Session.lookup(table, 5));
            Check.equal(null, Session.lookup(table, 6));
            Check.equal(Values.list(999, "n999", 999L), Session.lookup(table, 999));
            Check.equal(null, Session.lookup(table, 1000));
        });
        for (LogFormat log : new LogFormat[] {LogFormat.ARROW, LogFormat.COMPACTED}) {
            Check.check("keys: the changelog shows old and new rows in the log format " + log, () -> changelog(log));
        }
        Check.check("keys: wal image has no old rows", () -> {
            Table table = Session.create(CatalogChecks.keyed(),
                    CatalogChecks.buckets(1).property("table.changelog.image", "wal"));
            Session.upsert(table, List.of(Values.row(1, "a", 1L)));
            Session.upsert(table, List.of(Values.row(1, "b", 2L)));
            Session.delete(table, Values.row(1, null, null));
            Check.equal(List.of("+U[1, a, 1]", "+U[1, b, 2]", "-D[1, b, 2]"),
                    Values.changes(Session.read(table, 0, 3)));
        });
        Check.check("keys: partial updates keep the other columns", () -> {
            Table table = Session.create(CatalogChecks.keyed(), CatalogChecks.buckets(1));
            Session.upsert(table, List.of(Values.row(1, "one", 1L)));
            Session.partialUpdate(table, new String[] {"id", "v"}, Values.row(1, null, 11L));
            Session.partialUpdate(table, new String[] {"id", "name"}, Values.row(2, "two", null));
            Check.equal(Values.list(1, "one", 11L), Session.lookup(table, 1));
            Check.equal(Values.list(2, "two", null), Session.lookup(table, 2));
        });
        for (KvFormat format : KvFormat.values()) {
            Check.check("keys: rows survive the value format " + format, () -> valueFormat(format));
        }
        Check.check("keys: prefix look-ups find every row of the prefix", KeyChecks::prefix);
        Check.check("keys: a limit returns that many rows", () -> {
            Table table = Session.create(CatalogChecks.keyed(), CatalogChecks.buckets(1));
            List<GenericRow> rows = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                rows.add(Values.row(i, "n" + i, (long) i));
            }
            Session.upsert(table, rows);
            Check.equal(10, Session.limitScan(table, 10).size());
            Check.equal(100, Session.limitScan(table, 1000).size());
        });
        Check.check("keys: first_row keeps the first", () -> {
            Table table = Session.create(CatalogChecks.keyed(),
                    CatalogChecks.buckets(1).property("table.merge-engine", "first_row"));
            Session.upsert(table, List.of(Values.row(1, "a", 5L), Values.row(1, "b", 9L), Values.row(2, "c", 1L)));
            Check.equal(Values.list(1, "a", 5L), Session.lookup(table, 1));
            Check.equal(List.of("+I[1, a, 5]", "+I[2, c, 1]"), Values.changes(Session.read(table, 0, 2)));
        });
        Check.check("keys: versioned keeps the highest version", () -> {
            Table table = Session.create(CatalogChecks.keyed(), CatalogChecks.buckets(1)
                    .property("table.merge-engine", "versioned")
                    .property("table.merge-engine.versioned.ver-column", "v"));
            for (long version : new long[] {5, 3, 9, 8}) {
                Session.upsert(table, List.of(Values.row(1, "v" + version, version)));
            }
            Check.equal(Values.list(1, "v9", 9L), Session.lookup(table, 1));
        });
        Check.check("keys: delete.behavior disable refuses deletes", () -> {
            Table table = Session.create(CatalogChecks.keyed(),
                    CatalogChecks.buckets(1).property("table.delete.behavior", "disable"));
            Session.upsert(table, List.of(Values.row(1, "a", 1L)));
            Check.fails("DeletionDisabledException", () -> Session.delete(table, Values.row(1, null, null)));
            Check.equal(Values.list(1, "a", 1L), Session.lookup(table, 1));
        });
        Check.check("keys: delete.behavior ignore keeps the row", () -> {
            Table table = Session.create(CatalogChecks.keyed(),
                    CatalogChecks.buckets(1).property("table.delete.behavior", "ignore"));
            Session.upsert(table, List.of(Values.row(1, "a", 1L)));
            Session.delete(table, Values.row(1, null, null));
            Check.equal(Values.list(1, "a", 1L), Session.lookup(table, 1));
        });
        for (String compression : new String[] {"NONE", "LZ4_FRAME", "ZSTD"}) {
            Check.check("keys: large changelog batches can be read with compression " + compression,
                    () -> largeChangelog(compression));
        }
        Check.check("keys: the changelog replayed is the table", KeyChecks::replay);
        Check.check("keys: a lookup may insert what is missing", KeyChecks::insertIfNotExists);
        Check.check("keys: looking up a log table fails", () -> {
            Table table = Session.create(CatalogChecks.idAndName(), CatalogChecks.buckets(1));
            Check.isTrue(fails(() -> table.newLookup().createLookuper().lookup(Values.row(1L)).get()), "no failure");
        });
    }

    private static boolean fails(Check.Body body) {
        try {
            body.run();
            return false;
        } catch (Exception expected) {
            return true;
        }
    }

    private static void changelog(LogFormat log) throws Exception {
        Table table = Session.create(CatalogChecks.keyed(), CatalogChecks.buckets(1).logFormat(log));
        Session.upsert(table, List.of(Values.row(1, "a", 1L)));
        Session.upsert(table, List.of(Values.row(2, "b", 2L)));
        Session.upsert(table, List.of(Values.row(1, "A", 11L)));
        Session.delete(table, Values.row(2, null, null));
        List<Values.Record> records = Session.read(table, 0, 5);
        Check.equal(List.of("+I[1, a, 1]", "+I[2, b, 2]", "-U[1, a, 1]", "+U[1, A, 11]", "-D[2, b, 2]"),
                Values.changes(records));
        for (int i = 0; i < 5; i++) {
            Check.equal((long) i, records.get(i).offset);
        }
    }

    private static void valueFormat(KvFormat format) throws Exception {
        TableDescriptor.Builder descriptor = CatalogChecks.buckets(1).kvFormat(format);
        if (format == KvFormat.INDEXED) {
            descriptor.logFormat(LogFormat.ARROW);
        }
        Table table = Session.create(CatalogChecks.keyed(), descriptor);
        Session.upsert(table, List.of(Values.row(-5, "héy", -1L), Values.row(7, null, null)));
        Check.equal(Values.list(-5, "héy", -1L), Session.lookup(table, -5));
        Check.equal(Values.list(7, null, null), Session.lookup(table, 7));
        Session.partialUpdate(table, new String[] {"id", "v"}, Values.row(-5, null, 3L));
        Check.equal(Values.list(-5, "héy", 3L), Session.lookup(table, -5));
        Check.equal("+U[-5, héy, 3]", Session.read(table, 3, 1).get(0).toString());
    }

    private static void prefix() throws Exception {
        Schema.Builder schema = Schema.newBuilder().column("a", INT()).column("b", STRING()).column("c", BIGINT())
                .column("d", STRING()).primaryKey("a", "b", "c");
        Table table = Session.create(schema, CatalogChecks.buckets(3, "a", "b"));
        List<GenericRow> rows = new ArrayList<>();
        for (int a = 0; a < 5; a++) {
            for (String b : new String[] {"x", "y", "xy"}) {
                for (long c = 0; c < 4; c++) {
                    rows.add(Values.row(a, b, c, "" + a + b + c));
                }
            }
        }
        Session.upsert(table, rows);
        List<List<Object>> found = Session.prefixLookup(table, Arrays.asList("a", "b"), 2, Values.text("x"));
        Check.equal(4, found.size());
        for (List<Object> row : found) {
            Check.equal(Values.list(2, "x"), row.subList(0, 2));
        }
        Check.equal(List.of(), Session.prefixLookup(table, Arrays.asList("a", "b"), 9, Values.text("q")));
        Check.equal(Values.list(4, "xy", 3L, "4xy3"), Session.lookup(table, 4, Values.text("xy"), 3L));
    }

    /** Buffers of more than 64 KiB in one server-written batch: the client's LZ4 reader refuses linked blocks. */
    private static void largeChangelog(String compression) throws Exception {
        Table table = Session.create(CatalogChecks.keyed(), CatalogChecks.buckets(1)
                .property("table.log.arrow.compression.type", compression));
        List<GenericRow> rows = new ArrayList<>();
        for (int i = 0; i < 20_000; i++) {
            rows.add(Values.row(i, "the name of row number " + i + " repeated " + i, (long) i));
        }
        Session.upsert(table, rows);
        List<Values.Record> records = Session.read(table, 0, 20_000);
        for (int i = 0; i < 20_000; i++) {
            Check.equal("+I[" + i + ", the name of row number " + i + " repeated " + i + ", " + i + "]",
                    records.get(i).toString());
        }
    }

    private static void replay() throws Exception {
        Table table = Session.create(CatalogChecks.keyed(), CatalogChecks.buckets(1));
        Map<Object, List<Object>> model = new HashMap<>();
        Random dice = new Random(7);
        long changes = 0;
        for (int round = 0; round < 20; round++) {
            List<GenericRow> rows = new ArrayList<>();
            for (int i = 0; i < 50; i++) {
                int key = dice.nextInt(100);
                rows.add(Values.row(key, "r" + round, (long) i));
                changes += model.put(key, Values.list(key, "r" + round, (long) i)) == null ? 1 : 2;
            }
            Session.upsert(table, rows);
            int gone = dice.nextInt(100);
            Session.delete(table, Values.row(gone, null, null));
            changes += model.remove(gone) == null ? 0 : 1;
        }
        Map<Object, List<Object>> replayed = new HashMap<>();
        for (Values.Record record : Session.read(table, 0, changes)) {
            Object key = record.row.get(0);
            if (record.change.equals("+I") || record.change.equals("+U")) {
                replayed.put(key, record.row);
            } else {
                Check.equal(replayed.remove(key), record.row);
            }
        }
        Check.equal(model, replayed);
        for (int key = 0; key < 100; key++) {
            Check.equal(model.get(key), Session.lookup(table, key));
        }
    }

    private static void insertIfNotExists() throws Exception {
        Schema.Builder schema = Schema.newBuilder().column("name", STRING()).column("number", BIGINT())
                .primaryKey("name").enableAutoIncrement("number");
        Table table = Session.create(schema, CatalogChecks.buckets(1));
        org.apache.fluss.client.lookup.Lookuper lookuper =
                table.newLookup().enableInsertIfNotExists().createLookuper();
        List<Object> numbers = new ArrayList<>();
        for (String name : new String[] {"a", "b", "a", "c"}) {
            numbers.add(Check.get(lookuper.lookup(Values.row(name))).getSingletonRow().getLong(1));
        }
        Check.equal(Values.list(1L, 2L, 1L, 3L), numbers);
    }
}
