import org.apache.fluss.client.Connection;
import org.apache.fluss.client.ConnectionFactory;
import org.apache.fluss.client.admin.Admin;
import org.apache.fluss.client.admin.OffsetSpec;
import org.apache.fluss.client.lookup.Lookup;
import org.apache.fluss.client.table.Table;
import org.apache.fluss.client.table.scanner.Scan;
import org.apache.fluss.client.table.scanner.ScanRecord;
import org.apache.fluss.client.table.scanner.batch.BatchScanner;
import org.apache.fluss.client.table.scanner.log.LogScanner;
import org.apache.fluss.client.table.writer.AppendWriter;
import org.apache.fluss.client.table.writer.UpsertWriter;
import org.apache.fluss.config.Configuration;
import org.apache.fluss.metadata.DatabaseDescriptor;
import org.apache.fluss.metadata.PartitionInfo;
import org.apache.fluss.metadata.Schema;
import org.apache.fluss.metadata.TableBucket;
import org.apache.fluss.metadata.TableDescriptor;
import org.apache.fluss.metadata.TablePath;
import org.apache.fluss.row.GenericRow;
import org.apache.fluss.row.InternalRow;
import org.apache.fluss.types.RowType;
import org.apache.fluss.utils.CloseableIterator;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** The official client with the steps every check repeats. One connection, one database, tables with unique names. */
final class Session {
    static Connection connection;
    static Admin admin;
    static String database;
    private static int tables;

    private Session() {}

    static Configuration configuration(String bootstrap) {
        Configuration configuration = new Configuration();
        configuration.setString("bootstrap.servers", bootstrap);
        // The default of 100 ms would make every look-up take that long.
        configuration.setString("client.lookup.batch-timeout", "1ms");
        configuration.setString("client.writer.batch-timeout", "5ms");
        return configuration;
    }

    static void open(String bootstrap) throws Exception {
        connection = ConnectionFactory.createConnection(configuration(bootstrap));
        admin = connection.getAdmin();
        database = "java_" + ProcessHandle.current().pid();
        Check.get(admin.createDatabase(database, DatabaseDescriptor.EMPTY, true));
    }

    static TablePath path(String table) {
        return TablePath.of(database, table);
    }

    static Table create(Schema.Builder schema, TableDescriptor.Builder descriptor) throws Exception {
        return create("t" + tables++, descriptor.schema(schema.build()).build());
    }

    static Table create(String name, TableDescriptor descriptor) throws Exception {
        Check.get(admin.createTable(path(name), descriptor, false));
        if (!descriptor.isPartitioned()) {
            awaitLeaders(path(name), null);
        }
        return connection.getTable(path(name));
    }

    /** Apache Fluss elects leaders after it has answered. */
    static void awaitLeaders(TablePath path, String partition) throws Exception {
        for (int attempt = 0; ; attempt++) {
            try {
                offsets(path, partition, new OffsetSpec.LatestSpec());
                return;
            } catch (Exception notYet) {
                if (attempt == 100) {
                    throw notYet;
                }
                Thread.sleep(50);
            }
        }
    }

    static Map<Integer, Long> offsets(TablePath path, String partition, OffsetSpec spec) throws Exception {
        int count = Check.get(admin.getTableInfo(path)).getNumBuckets();
        Collection<Integer> buckets = IntStream.range(0, count).boxed().collect(Collectors.toList());
        return new TreeMap<>(Check.get(partition == null ? admin.listOffsets(path, buckets, spec).all()
                : admin.listOffsets(path, partition, buckets, spec).all()));
    }

    static void append(Table table, List<GenericRow> rows) throws Exception {
        AppendWriter writer = table.newAppend().createWriter();
        List<CompletableFuture<?>> pending = new ArrayList<>();
        for (GenericRow row : rows) {
            pending.add(writer.append(row));
        }
        writer.flush();
        for (CompletableFuture<?> one : pending) {
            Check.get(one);
        }
    }

    static void upsert(Table table, List<GenericRow> rows) throws Exception {
        UpsertWriter writer = table.newUpsert().createWriter();
        List<CompletableFuture<?>> pending = new ArrayList<>();
        for (GenericRow row : rows) {
            pending.add(writer.upsert(row));
        }
        writer.flush();
        for (CompletableFuture<?> one : pending) {
            Check.get(one);
        }
    }

    static void delete(Table table, GenericRow key) throws Exception {
        UpsertWriter writer = table.newUpsert().createWriter();
        CompletableFuture<?> pending = writer.delete(key);
        writer.flush();
        Check.get(pending);
    }

    static void partialUpdate(Table table, String[] columns, GenericRow row) throws Exception {
        UpsertWriter writer = table.newUpsert().partialUpdate(columns).createWriter();
        CompletableFuture<?> pending = writer.upsert(row);
        writer.flush();
        Check.get(pending);
    }

    /** The row with the key as plain values, or null. */
    static List<Object> lookup(Table table, Object... key) throws Exception {
        InternalRow row = Check.get(table.newLookup().createLookuper().lookup(GenericRow.of(key))).getSingletonRow();
        return row == null ? null : Values.plain(row, table.getTableInfo().getRowType());
    }

    static List<List<Object>> prefixLookup(Table table, List<String> columns, Object... key) throws Exception {
        Lookup lookup = table.newLookup().lookupBy(columns);
        List<List<Object>> rows = new ArrayList<>();
        for (InternalRow row : Check.get(lookup.createLookuper().lookup(GenericRow.of(key))).getRowList()) {
            rows.add(Values.plain(row, table.getTableInfo().getRowType()));
        }
        return rows;
    }

    /** The first {@code count} records of all buckets from {@code start}; records of a bucket stay in order. */
    static List<Values.Record> read(Table table, long start, long count, int... columns) throws Exception {
        Scan scan = table.newScan();
        RowType type = table.getTableInfo().getRowType();
        if (columns.length > 0) {
            scan = scan.project(columns);
            type = type.project(columns);
        }
        List<Values.Record> records = new ArrayList<>();
        try (LogScanner scanner = scan.createLogScanner()) {
            subscribe(table, scanner, start);
            long deadline = System.nanoTime() + Check.SECONDS_MAX * 1_000_000_000L;
            while (records.size() < count) {
                if (System.nanoTime() > deadline) {
                    throw new AssertionError(records.size() + " of " + count + " records in time");
                }
                for (ScanRecord record : scanner.poll(Duration.ofMillis(200))) {
                    records.add(new Values.Record(record, type));
                }
            }
        }
        return records;
    }

    private static void subscribe(Table table, LogScanner scanner, long start) throws Exception {
        int buckets = table.getTableInfo().getNumBuckets();
        if (!table.getTableInfo().isPartitioned()) {
            for (int bucket = 0; bucket < buckets; bucket++) {
                scanner.subscribe(bucket, start);
            }
            return;
        }
        for (PartitionInfo partition : Check.get(admin.listPartitionInfos(table.getTableInfo().getTablePath()))) {
            for (int bucket = 0; bucket < buckets; bucket++) {
                scanner.subscribe(partition.getPartitionId(), bucket, start);
            }
        }
    }

    static List<List<Object>> limitScan(Table table, int limit) throws Exception {
        TableBucket bucket = new TableBucket(table.getTableInfo().getTableId(), 0);
        return drain(table.newScan().limit(limit).createBatchScanner(bucket), table.getTableInfo().getRowType());
    }

    static List<List<Object>> drain(BatchScanner scanner, RowType type) throws Exception {
        List<List<Object>> rows = new ArrayList<>();
        for (CloseableIterator<InternalRow> batch; (batch = scanner.pollBatch(Duration.ofSeconds(10))) != null; ) {
            while (batch.hasNext()) {
                rows.add(Values.plain(batch.next(), type));
            }
            batch.close();
        }
        scanner.close();
        return rows;
    }
}
