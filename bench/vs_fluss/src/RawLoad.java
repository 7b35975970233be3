import org.apache.fluss.client.Connection;
import org.apache.fluss.client.ConnectionFactory;
import org.apache.fluss.client.FlussConnection;
import org.apache.fluss.client.admin.Admin;
import org.apache.fluss.client.admin.OffsetSpec;
import org.apache.fluss.client.metadata.MetadataUpdater;
import org.apache.fluss.client.table.Table;
import org.apache.fluss.client.table.scanner.ScanRecord;
import org.apache.fluss.client.table.scanner.log.LogScanner;
import org.apache.fluss.client.table.writer.AppendWriter;
import org.apache.fluss.config.Configuration;
import org.apache.fluss.memory.UnmanagedPagedOutputView;
import org.apache.fluss.metadata.DatabaseDescriptor;
import org.apache.fluss.metadata.KvFormat;
import org.apache.fluss.metadata.Schema;
import org.apache.fluss.metadata.TableBucket;
import org.apache.fluss.metadata.TableDescriptor;
import org.apache.fluss.metadata.TableInfo;
import org.apache.fluss.metadata.TablePath;
import org.apache.fluss.record.KvRecordBatchBuilder;
import org.apache.fluss.record.LogRecordBatch;
import org.apache.fluss.record.MemoryLogRecords;
import org.apache.fluss.record.bytesview.BytesView;
import org.apache.fluss.row.BinaryRow;
import org.apache.fluss.row.BinaryString;
import org.apache.fluss.row.GenericRow;
import org.apache.fluss.row.InternalRow;
import org.apache.fluss.row.TimestampNtz;
import org.apache.fluss.row.encode.CompactedKeyEncoder;
import org.apache.fluss.row.encode.RowEncoder;
import org.apache.fluss.rpc.gateway.TabletServerGateway;
import org.apache.fluss.rpc.messages.FetchLogRequest;
import org.apache.fluss.rpc.messages.FetchLogResponse;
import org.apache.fluss.rpc.messages.LookupRequest;
import org.apache.fluss.rpc.messages.PbFetchLogReqForTable;
import org.apache.fluss.rpc.messages.PbFetchLogRespForBucket;
import org.apache.fluss.rpc.messages.PbLookupReqForBucket;
import org.apache.fluss.rpc.messages.PbLookupRespForBucket;
import org.apache.fluss.rpc.messages.ProduceLogRequest;
import org.apache.fluss.rpc.messages.PutKvRequest;
import org.apache.fluss.types.DataTypes;
import org.apache.fluss.types.RowType;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;

/**
 * Load for a server of the Fluss protocol, through the official client's own RPC classes with requests encoded in advance,
 * so that the client costs little and both servers get the same bytes. Reads one command per line from stdin, answers each
 * with one line of JSON: {@code append|fetch|project|upsert|update|lookup1|lookup128|acks64|e2e|setup seconds}.
 */
public final class RawLoad {
    private static final String DATABASE = "versus";
    private static final int COLUMNS = 10;
    private static final int TEXT_BYTES = 28;
    private static final int FETCH_BYTES = 8 << 20;
    private static final int BATCH_BYTES = 512 << 10;
    private static final int WINDOW = 8;
    private static final long SECONDS_MAX = 120;

    private final Connection connection;
    private final Admin admin;
    private final SplittableRandom dice = new SplittableRandom(42);
    private final byte[] letters = new byte[8 << 20];
    private final int rows;
    private final Configuration configuration;
    private List<byte[]> logBatches;
    private List<Integer> logBatchRows;
    private List<byte[]> newKeys;
    private List<Integer> newKeyRows;
    private List<byte[]> randomKeys;
    private List<Integer> randomKeyRows;
    private int tables;

    public static void main(String[] arguments) throws Exception {
        RawLoad load = new RawLoad(arguments[0], Integer.parseInt(arguments[1]));
        BufferedReader commands = new BufferedReader(new InputStreamReader(System.in));
        for (String line; (line = commands.readLine()) != null; ) {
            String[] words = line.trim().split(" ");
            try {
                System.out.println(load.run(words[0], Double.parseDouble(words[1])).json());
            } catch (Throwable failure) {
                failure.printStackTrace();
                System.out.println("{\"error\": \"" + String.valueOf(failure).replaceAll("[\"\\\\\n]", "'") + "\"}");
            }
        }
        Runtime.getRuntime().halt(0);
    }

    private RawLoad(String bootstrap, int rows) throws Exception {
        this.rows = rows;
        configuration = new Configuration();
        configuration.setString("bootstrap.servers", bootstrap);
        configuration.setString("client.writer.enable-idempotence", "false");
        connection = ConnectionFactory.createConnection(configuration);
        admin = connection.getAdmin();
        admin.createDatabase(DATABASE, DatabaseDescriptor.EMPTY, true).get();
        byte[] alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".getBytes();
        for (int i = 0; i < letters.length; i++) {
            letters[i] = alphabet[dice.nextInt(alphabet.length)];
        }
    }

    /** What one command did. */
    private static final class Outcome {
        final long started = System.nanoTime();
        final AtomicLong units = new AtomicLong();
        final AtomicLong bytes = new AtomicLong();
        final AtomicInteger requests = new AtomicInteger();
        final AtomicReference<Throwable> failure = new AtomicReference<>();
        private long[] latencies = new long[1 << 16];
        private int count;
        private double seconds;

        synchronized void latency(long nanos) {
            if (count == latencies.length) {
                latencies = Arrays.copyOf(latencies, count * 2);
            }
            latencies[count++] = nanos;
        }

        void done(long since, long rows, long size) {
            latency(System.nanoTime() - since);
            units.addAndGet(rows);
            bytes.addAndGet(size);
            requests.incrementAndGet();
        }

        Outcome finish() throws Exception {
            seconds = (System.nanoTime() - started) / 1e9;
            if (failure.get() != null) {
                throw new RuntimeException(failure.get());
            }
            return this;
        }

        String json() {
            long[] sorted = Arrays.copyOf(latencies, count);
            Arrays.sort(sorted);
            double p50 = count == 0 ? 0 : sorted[count / 2] / 1e3;
            double p99 = count == 0 ? 0 : sorted[(int) (count * 0.99)] / 1e3;
            return String.format("{\"seconds\": %.4f, \"units\": %d, \"bytes\": %d, \"requests\": %d, \"p50_us\": %.1f, "
                    + "\"p99_us\": %.1f}", seconds, units.get(), bytes.get(), requests.get(), p50, p99);
        }
    }

    private Outcome run(String op, double seconds) throws Exception {
        switch (op) {
            case "setup":
                return setup();
            case "append":
                return append(seconds);
            case "fetch":
                return fetch(seconds, null);
            case "project":
                return fetch(seconds, new int[] {4});
            case "upsert":
                return upsert();
            case "update":
                return update(seconds);
            case "lookup1":
                return lookup(seconds, 1, 1);
            case "lookup128":
                return lookup(seconds, 128, WINDOW);
            case "acks64":
                return acks64(seconds);
            case "e2e":
                return endToEnd(seconds, "100ms");
            case "e2e1ms":
                return endToEnd(seconds, "1ms");
            default:
                throw new IllegalArgumentException(op);
        }
    }

    // ---- tables and rows

    private static TablePath path(String table) {
        return TablePath.of(DATABASE, table);
    }

    private Table create(String name, boolean keyed, int buckets) throws Exception {
        Schema.Builder schema = Schema.newBuilder().column("c0", DataTypes.BIGINT()).column("c1", DataTypes.INT())
                .column("c2", DataTypes.DOUBLE()).column("c3", DataTypes.TIMESTAMP(6));
        for (int column = 4; column < COLUMNS; column++) {
            schema.column("c" + column, DataTypes.STRING());
        }
        if (keyed) {
            schema.primaryKey("c0");
        }
        admin.dropTable(path(name), true).get();
        admin.createTable(path(name), TableDescriptor.builder().schema(schema.build()).distributedBy(buckets).build(),
                false).get();
        for (int attempt = 0; ; attempt++) {
            try {
                end(path(name), buckets);
                return connection.getTable(path(name));
            } catch (Exception notYet) {
                if (attempt == 300) {
                    throw notYet;
                }
                Thread.sleep(50);
            }
        }
    }

    private long end(TablePath path, int buckets) throws Exception {
        List<Integer> ids = new ArrayList<>();
        for (int bucket = 0; bucket < buckets; bucket++) {
            ids.add(bucket);
        }
        long total = 0;
        Map<Integer, Long> ends =
                admin.listOffsets(path, ids, new OffsetSpec.LatestSpec()).all().get(10, TimeUnit.SECONDS);
        for (long offset : ends.values()) {
            total += offset;
        }
        return total;
    }

    private GenericRow row(long key) {
        GenericRow row = new GenericRow(COLUMNS);
        row.setField(0, key);
        row.setField(1, dice.nextInt());
        row.setField(2, dice.nextDouble());
        row.setField(3, TimestampNtz.fromMicros(1_790_000_000_000_000L + key));
        for (int column = 4; column < COLUMNS; column++) {
            row.setField(column, BinaryString.fromBytes(letters, dice.nextInt(letters.length - TEXT_BYTES), TEXT_BYTES));
        }
        return row;
    }

    private TabletServerGateway leaderOf(Table table) {
        MetadataUpdater metadata = ((FlussConnection) connection).getMetadataUpdater();
        TablePath path = table.getTableInfo().getTablePath();
        metadata.checkAndUpdateTableMetadata(Collections.singleton(path));
        return metadata.newTabletServerClientForNode(
                metadata.leaderFor(path, new TableBucket(table.getTableInfo().getTableId(), 0)));
    }

    /** Fill the table that is read, and encode what is written. */
    private Outcome setup() throws Exception {
        Outcome outcome = new Outcome();
        Table scanned = create("scanned", false, 1);
        AppendWriter writer = scanned.newAppend().createWriter();
        for (int i = 0; i < rows; i++) {
            writer.append(row(i)).whenComplete((ok, failure) -> {
                if (failure != null) {
                    outcome.failure.set(failure);
                }
            });
        }
        writer.flush();
        logBatches = new ArrayList<>();
        logBatchRows = new ArrayList<>();
        readBatches(scanned);
        Table keyed = create("keyed", true, 1);
        newKeys = new ArrayList<>();
        newKeyRows = new ArrayList<>();
        randomKeys = new ArrayList<>();
        randomKeyRows = new ArrayList<>();
        encodeUpserts(keyed, false, rows, newKeys, newKeyRows);
        encodeUpserts(keyed, true, rows / 2, randomKeys, randomKeyRows);
        putAll(keyed, newKeys, newKeyRows, outcome, Long.MAX_VALUE, false);
        System.gc();
        return outcome.finish();
    }

    private void readBatches(Table table) throws Exception {
        TabletServerGateway gateway = leaderOf(table);
        long offset = 0;
        while (offset < rows) {
            FetchLogResponse response = gateway.fetchLog(fetchRequest(table, offset, null)).get();
            byte[] records = response.getTablesRespAt(0).getBucketsRespAt(0).getRecords();
            release(response);
            int at = 0;
            for (LogRecordBatch batch : MemoryLogRecords.pointToBytes(records).batches()) {
                logBatches.add(Arrays.copyOfRange(records, at, at + batch.sizeInBytes()));
                logBatchRows.add(batch.getRecordCount());
                at += batch.sizeInBytes();
                offset = batch.nextLogOffset();
            }
        }
    }

    private void encodeUpserts(Table table, boolean random, int count, List<byte[]> out, List<Integer> counts)
            throws Exception {
        TableInfo info = table.getTableInfo();
        RowType type = info.getRowType();
        CompactedKeyEncoder keys = CompactedKeyEncoder.createKeyEncoder(type, Collections.singletonList("c0"));
        RowEncoder encoder = RowEncoder.create(KvFormat.COMPACTED, type);
        InternalRow.FieldGetter[] getters = InternalRow.createFieldGetters(type);
        KvRecordBatchBuilder builder = null;
        int inBatch = 0;
        for (int i = 0; i <= count; i++) {
            boolean last = i == count;
            if (builder != null && (last || builder.getSizeInBytes() >= BATCH_BYTES)) {
                BytesView view = builder.build();
                byte[] bytes = new byte[view.getBytesLength()];
                view.getByteBuf().getBytes(0, bytes);
                builder.close();
                builder = null;
                out.add(bytes);
                counts.add(inBatch);
                inBatch = 0;
            }
            if (last) {
                return;
            }
            if (builder == null) {
                builder = KvRecordBatchBuilder.builder(info.getSchemaId(), Integer.MAX_VALUE,
                        new UnmanagedPagedOutputView(128 << 10), KvFormat.COMPACTED);
            }
            GenericRow row = row(random ? dice.nextInt(rows) : i);
            encoder.startNewRow();
            for (int column = 0; column < COLUMNS; column++) {
                encoder.encodeField(column, getters[column].getFieldOrNull(row));
            }
            BinaryRow binary = encoder.finishRow();
            builder.append(keys.encodeKey(row), binary);
            inBatch++;
        }
    }

    // ---- writes

    private Outcome append(double seconds) throws Exception {
        Table table = create("appended" + tables++, false, 1);
        Outcome outcome = produce(table, 1, logBatches, logBatchRows, WINDOW, seconds);
        admin.dropTable(table.getTableInfo().getTablePath(), true).get();
        return outcome;
    }

    /** One small batch per request over 64 buckets: acknowledgements per second. */
    private Outcome acks64(double seconds) throws Exception {
        Table table = create("acks" + tables++, false, 64);
        AppendWriter writer = create("tiny" + tables++, false, 1).newAppend().createWriter();
        writer.append(row(1));
        writer.flush();
        Table tiny = connection.getTable(path("tiny" + (tables - 1)));
        FetchLogResponse response = leaderOf(tiny).fetchLog(fetchRequest(tiny, 0, null)).get();
        byte[] batch = response.getTablesRespAt(0).getBucketsRespAt(0).getRecords();
        release(response);
        Outcome outcome = produce(table, 64, Collections.singletonList(batch), Collections.singletonList(1), 64, seconds);
        admin.dropTable(table.getTableInfo().getTablePath(), true).get();
        admin.dropTable(tiny.getTableInfo().getTablePath(), true).get();
        return outcome;
    }

    private Outcome produce(Table table, int buckets, List<byte[]> batches, List<Integer> counts, int window,
            double seconds) throws Exception {
        TabletServerGateway gateway = leaderOf(table);
        long id = table.getTableInfo().getTableId();
        Semaphore slots = new Semaphore(window);
        Outcome outcome = new Outcome();
        long deadline = outcome.started + (long) (seconds * 1e9);
        for (int i = 0; System.nanoTime() < deadline && outcome.failure.get() == null; i++) {
            byte[] batch = batches.get(i % batches.size());
            int count = counts.get(i % counts.size());
            slots.acquire();
            long sent = System.nanoTime();
            ProduceLogRequest request = new ProduceLogRequest().setAcks(-1).setTableId(id).setTimeoutMs(30000);
            request.addBucketsReq().setBucketId(i % buckets).setRecords(batch);
            gateway.produceLog(request).whenComplete((response, failure) -> {
                if (failure != null) {
                    outcome.failure.set(failure);
                } else if (response.getBucketsRespAt(0).hasErrorCode() && response.getBucketsRespAt(0).getErrorCode() != 0) {
                    outcome.failure.set(new RuntimeException(response.getBucketsRespAt(0).getErrorMessage()));
                } else {
                    outcome.done(sent, count, batch.length);
                }
                slots.release();
            });
        }
        await(slots, window, outcome);
        return outcome.finish();
    }

    private Outcome upsert() throws Exception {
        Table table = create("upserted" + tables++, true, 1);
        Outcome outcome = new Outcome();
        putAll(table, newKeys, newKeyRows, outcome, Long.MAX_VALUE, false);
        outcome.finish();
        admin.dropTable(table.getTableInfo().getTablePath(), true).get();
        return outcome;
    }

    private Outcome update(double seconds) throws Exception {
        Outcome outcome = new Outcome();
        putAll(connection.getTable(path("keyed")), randomKeys, randomKeyRows, outcome,
                outcome.started + (long) (seconds * 1e9), true);
        return outcome.finish();
    }

    private void putAll(Table table, List<byte[]> batches, List<Integer> counts, Outcome outcome, long deadline,
            boolean repeat) throws Exception {
        TabletServerGateway gateway = leaderOf(table);
        long id = table.getTableInfo().getTableId();
        Semaphore slots = new Semaphore(WINDOW);
        for (int i = 0; repeat || i < batches.size(); i++) {
            if (System.nanoTime() >= deadline || outcome.failure.get() != null) {
                break;
            }
            byte[] batch = batches.get(i % batches.size());
            int count = counts.get(i % counts.size());
            slots.acquire();
            long sent = System.nanoTime();
            PutKvRequest request = new PutKvRequest().setAcks(-1).setTableId(id).setTimeoutMs(30000);
            request.addBucketsReq().setBucketId(0).setRecords(batch);
            gateway.putKv(request).whenComplete((response, failure) -> {
                if (failure != null) {
                    outcome.failure.set(failure);
                } else if (response.getBucketsRespAt(0).hasErrorCode() && response.getBucketsRespAt(0).getErrorCode() != 0) {
                    outcome.failure.set(new RuntimeException(response.getBucketsRespAt(0).getErrorMessage()));
                } else {
                    outcome.done(sent, count, batch.length);
                }
                slots.release();
            });
        }
        await(slots, WINDOW, outcome);
    }

    private static void await(Semaphore slots, int window, Outcome outcome) throws Exception {
        if (!slots.tryAcquire(window, SECONDS_MAX, TimeUnit.SECONDS)) {
            outcome.failure.compareAndSet(null, new RuntimeException("an answer did not come"));
        }
    }

    // ---- reads

    private static FetchLogRequest fetchRequest(Table table, long offset, int[] columns) {
        FetchLogRequest request = new FetchLogRequest().setFollowerServerId(-1).setMaxBytes(FETCH_BYTES).setMinBytes(1)
                .setMaxWaitMs(500);
        PbFetchLogReqForTable wanted = request.addTablesReq().setTableId(table.getTableInfo().getTableId())
                .setProjectionPushdownEnabled(columns != null);
        if (columns != null) {
            wanted.setProjectedFields(columns);
        }
        wanted.addBucketsReq().setBucketId(0).setFetchOffset(offset).setMaxFetchBytes(FETCH_BYTES);
        return request;
    }

    private static void release(FetchLogResponse response) {
        if (response.getParsedByteBuf() != null) {
            response.getParsedByteBuf().release();
        }
    }

    private Outcome fetch(double seconds, int[] columns) throws Exception {
        Table table = connection.getTable(path("scanned"));
        TabletServerGateway gateway = leaderOf(table);
        Outcome outcome = new Outcome();
        long deadline = outcome.started + (long) (seconds * 1e9);
        long offset = 0;
        while (System.nanoTime() < deadline) {
            long sent = System.nanoTime();
            FetchLogResponse response = gateway.fetchLog(fetchRequest(table, offset, columns)).get();
            PbFetchLogRespForBucket bucket = response.getTablesRespAt(0).getBucketsRespAt(0);
            if (bucket.hasErrorCode() && bucket.getErrorCode() != 0) {
                throw new RuntimeException(bucket.getErrorMessage());
            }
            byte[] records = bucket.getRecords();
            release(response);
            long before = offset;
            for (LogRecordBatch batch : MemoryLogRecords.pointToBytes(records).batches()) {
                offset = batch.nextLogOffset();
            }
            outcome.done(sent, offset - before, records.length);
            if (offset >= rows) {
                offset = 0;
            }
        }
        return outcome.finish();
    }

    private Outcome lookup(double seconds, int keys, int window) throws Exception {
        Table table = connection.getTable(path("keyed"));
        TabletServerGateway gateway = leaderOf(table);
        long id = table.getTableInfo().getTableId();
        CompactedKeyEncoder encoder = new CompactedKeyEncoder(table.getTableInfo().getRowType().project(new int[] {0}));
        Semaphore slots = new Semaphore(window);
        Outcome outcome = new Outcome();
        long deadline = outcome.started + (long) (seconds * 1e9);
        while (System.nanoTime() < deadline && outcome.failure.get() == null) {
            slots.acquire();
            LookupRequest request = new LookupRequest().setTableId(id);
            PbLookupReqForBucket bucket = request.addBucketsReq().setBucketId(0);
            for (int i = 0; i < keys; i++) {
                bucket.addKey(encoder.encodeKey(GenericRow.of((long) dice.nextInt(rows))));
            }
            long sent = System.nanoTime();
            gateway.lookup(request).whenComplete((response, failure) -> {
                if (failure != null) {
                    outcome.failure.set(failure);
                } else {
                    PbLookupRespForBucket answer = response.getBucketsRespAt(0);
                    boolean wrong = answer.hasErrorCode() && answer.getErrorCode() != 0;
                    for (int i = 0; i < answer.getValuesCount(); i++) {
                        wrong |= !answer.getValueAt(i).hasValues();
                    }
                    if (wrong || answer.getValuesCount() != keys) {
                        outcome.failure.set(new RuntimeException("a key is missing"));
                    }
                    outcome.done(sent, keys, 0);
                }
                slots.release();
            });
        }
        await(slots, window, outcome);
        return outcome.finish();
    }

    // ---- latency through the official writer and scanner

    private Outcome endToEnd(double seconds, String linger) throws Exception {
        Configuration own = new Configuration(configuration);
        own.setString("client.writer.batch-timeout", linger);
        String name = "latency" + tables++;
        create(name, false, 1).close();
        Outcome outcome;
        try (Connection other = ConnectionFactory.createConnection(own); Table table = other.getTable(path(name));
                LogScanner scanner = table.newScan().createLogScanner()) {
            scanner.subscribeFromBeginning(0);
            AppendWriter writer = table.newAppend().createWriter();
            outcome = new Outcome();
            long deadline = outcome.started + (long) (seconds * 1e9);
            CompletableFuture<Void> producing = CompletableFuture.runAsync(() -> {
                for (long due = System.nanoTime(); due < deadline; due += 1_000_000) {
                    while (System.nanoTime() < due) {
                        LockSupport.parkNanos(Math.min(200_000, due - System.nanoTime()));
                    }
                    writer.append(row(System.nanoTime()));
                }
                writer.flush();
            });
            while (System.nanoTime() < deadline || !producing.isDone()) {
                for (ScanRecord record : scanner.poll(Duration.ofMillis(100))) {
                    outcome.done(record.getRow().getLong(0), 1, 0);
                }
            }
            producing.get();
        }
        admin.dropTable(path(name), true).get();
        return outcome.finish();
    }
}
