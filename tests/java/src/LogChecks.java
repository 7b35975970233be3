import org.apache.fluss.client.admin.OffsetSpec;
import org.apache.fluss.client.table.Table;
import org.apache.fluss.client.table.scanner.log.LogScanner;
import org.apache.fluss.config.Configuration;
import org.apache.fluss.client.Connection;
import org.apache.fluss.client.ConnectionFactory;
import org.apache.fluss.metadata.LogFormat;
import org.apache.fluss.metadata.Schema;
import org.apache.fluss.metadata.TablePath;
import org.apache.fluss.row.GenericRow;
import org.apache.fluss.types.DataTypes;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/** Log tables: append, scan, projection, formats, compressions, offsets. */
final class LogChecks {
    private static final int ROWS = 2_000;

    private LogChecks() {}

    static List<GenericRow> rows(int first, int count) {
        List<GenericRow> rows = new ArrayList<>();
        for (int i = first; i < first + count; i++) {
            rows.add(Values.row((long) i, "name-" + i));
        }
        return rows;
    }

    static List<Object> ids(long first, long count) {
        List<Object> ids = new ArrayList<>();
        for (long id = first; id < first + count; id++) {
            ids.add(id);
        }
        return ids;
    }

    static void run() {
        Check.check("log: appended rows come back in order with dense offsets", () -> {
            Table table = Session.create(CatalogChecks.idAndName(), CatalogChecks.buckets(1));
            Session.append(table, rows(0, ROWS));
            List<Values.Record> records = Session.read(table, 0, ROWS);
            Check.equal(ids(0, ROWS), Values.column(records, 0));
            for (int i = 0; i < ROWS; i++) {
                Check.equal((long) i, records.get(i).offset);
                Check.equal("+A", records.get(i).change);
                Check.equal("name-" + i, records.get(i).row.get(1));
            }
        });
        Check.check("log: a scan can start anywhere", () -> {
            Table table = Session.create(CatalogChecks.idAndName(), CatalogChecks.buckets(1));
            for (int first = 0; first < 500; first += 100) {
                Session.append(table, rows(first, 100));
            }
            for (long start : new long[] {0, 1, 99, 100, 333, 499}) {
                Check.equal(ids(start, 500 - start), Values.column(Session.read(table, start, 500 - start), 0));
            }
        });
        Check.check("log: projection returns the columns asked for", () -> {
            Table table = Session.create(CatalogChecks.idAndName().column("extra", DataTypes.DOUBLE()),
                    CatalogChecks.buckets(1));
            List<GenericRow> rows = new ArrayList<>();
            for (int i = 0; i < 1000; i++) {
                rows.add(Values.row((long) i, "n" + i, i / 4.0));
            }
            Session.append(table, rows);
            List<Values.Record> records = Session.read(table, 0, 1000, 2, 0);
            for (int i = 0; i < 1000; i++) {
                Check.equal(Values.list(i / 4.0, (long) i), records.get(i).row);
            }
            Check.equal("n7", Session.read(table, 7, 1, 1).get(0).row.get(0));
        });
        for (LogFormat format : LogFormat.values()) {
            Check.check("log: rows survive the log format " + format, () -> {
                Table table = Session.create(CatalogChecks.idAndName(), CatalogChecks.buckets(1).logFormat(format));
                Session.append(table, rows(0, ROWS));
                Check.equal(ids(0, ROWS), Values.column(Session.read(table, 0, ROWS), 0));
            });
        }
        for (String compression : new String[] {"NONE", "LZ4_FRAME", "ZSTD"}) {
            Check.check("log: rows survive the compression " + compression, () -> {
                Table table = Session.create(CatalogChecks.idAndName(), CatalogChecks.buckets(1)
                        .property("table.log.arrow.compression.type", compression));
                Session.append(table, rows(0, 50_000));
                Check.equal(ids(0, 50_000), Values.column(Session.read(table, 0, 50_000), 0));
                Check.equal(ids(0, 50_000), Values.column(Session.read(table, 0, 50_000, 0), 0));
            });
        }
        Check.check("log: a bucket key keeps rows of one key together", LogChecks::bucketKey);
        Check.check("log: offsets are found by time", LogChecks::offsetsByTime);
        Check.check("log: a limit returns the latest rows", () -> {
            Table table = Session.create(CatalogChecks.idAndName(), CatalogChecks.buckets(1));
            Session.append(table, rows(0, 100));
            List<Object> found = new ArrayList<>();
            for (List<Object> row : Session.limitScan(table, 7)) {
                found.add(row.get(0));
            }
            Check.equal(ids(93, 7), found);
        });
        Check.check("log: a scan of an unknown offset fails", () -> {
            Table table = Session.create(CatalogChecks.idAndName(), CatalogChecks.buckets(1));
            Session.append(table, rows(0, 1));
            Check.fails("LogOffsetOutOfRangeException", () -> {
                try (LogScanner scanner = table.newScan().createLogScanner()) {
                    scanner.subscribe(0, 1_000_000);
                    for (int i = 0; i < 20; i++) {
                        scanner.poll(Duration.ofMillis(500));
                    }
                }
            });
        });
        Check.check("log: an empty poll returns in time", () -> {
            Table table = Session.create(CatalogChecks.idAndName(), CatalogChecks.buckets(2));
            try (LogScanner scanner = table.newScan().createLogScanner()) {
                scanner.subscribeFromBeginning(0);
                scanner.subscribeFromBeginning(1);
                Check.isTrue(scanner.poll(Duration.ofMillis(300)).isEmpty(), "not empty");
            }
        });
        for (String acks : new String[] {"0", "1", "all"}) {
            Check.check("log: writers may ask for acks " + acks, () -> acks(acks));
        }
        Check.check("log: rows of a dropped and recreated table do not come back", () -> {
            Table table = Session.create(CatalogChecks.idAndName(), CatalogChecks.buckets(1));
            TablePath path = table.getTableInfo().getTablePath();
            Session.append(table, rows(0, 10));
            Check.get(Session.admin.dropTable(path, false));
            Table again = Session.create(path.getTableName(),
                    CatalogChecks.buckets(1).schema(CatalogChecks.idAndName().build()).build());
            Session.append(again, rows(100, 5));
            Check.equal(ids(100, 5), Values.column(Session.read(again, 0, 5), 0));
        });
        Check.check("log: wide rows and large batches pass", () -> {
            Schema.Builder wide = Schema.newBuilder();
            for (int column = 0; column < 200; column++) {
                wide.column("c" + column, DataTypes.STRING());
            }
            Table table = Session.create(wide, CatalogChecks.buckets(1));
            List<GenericRow> rows = new ArrayList<>();
            for (int i = 0; i < 500; i++) {
                GenericRow row = new GenericRow(200);
                for (int column = 0; column < 200; column++) {
                    row.setField(column, Values.text("value " + i + " of column " + column));
                }
                rows.add(row);
            }
            Session.append(table, rows);
            List<Values.Record> records = Session.read(table, 0, 500, 17, 199);
            Check.equal(Values.list("value 499 of column 17", "value 499 of column 199"), records.get(499).row);
        });
    }

    private static void bucketKey() throws Exception {
        Table table = Session.create(CatalogChecks.idAndName(), CatalogChecks.buckets(4, "id"));
        for (int round = 0; round < 3; round++) {
            Session.append(table, rows(0, 200));
        }
        Map<Integer, Long> ends =
                Session.offsets(table.getTableInfo().getTablePath(), null, new OffsetSpec.LatestSpec());
        Check.equal(600L, ends.values().stream().mapToLong(Long::longValue).sum());
        for (long end : ends.values()) {
            Check.isTrue(end > 0 && end % 3 == 0, "a key went to two buckets: " + ends);
        }
        List<Object> found = Values.column(Session.read(table, 0, 600), 0);
        for (Object id : ids(0, 200)) {
            Check.equal(3, Collections.frequency(found, id));
        }
    }

    private static void offsetsByTime() throws Exception {
        Table table = Session.create(CatalogChecks.idAndName(), CatalogChecks.buckets(1));
        TablePath path = table.getTableInfo().getTablePath();
        Session.append(table, rows(0, 10));
        long afterFirst = Session.read(table, 9, 1).get(0).timestamp + 1;
        while (System.currentTimeMillis() <= afterFirst + 1) {
            Thread.sleep(1);
        }
        Session.append(table, rows(10, 5));
        Check.equal(Map.of(0, 0L), Session.offsets(path, null, new OffsetSpec.EarliestSpec()));
        Check.equal(Map.of(0, 15L), Session.offsets(path, null, new OffsetSpec.LatestSpec()));
        Check.equal(Map.of(0, 10L), Session.offsets(path, null, new OffsetSpec.TimestampSpec(afterFirst)));
    }

    private static void acks(String acks) throws Exception {
        Table table = Session.create(CatalogChecks.idAndName(), CatalogChecks.buckets(1));
        Configuration configuration = Session.configuration(Check.argument("bootstrap", ""));
        configuration.setString("client.writer.acks", acks);
        configuration.setString("client.writer.enable-idempotence", "false");
        try (Connection connection = ConnectionFactory.createConnection(configuration);
                Table again = connection.getTable(table.getTableInfo().getTablePath())) {
            Session.append(again, rows(0, 10));
        }
        Check.equal(ids(0, 10), Values.column(Session.read(table, 0, 10), 0));
    }
}
