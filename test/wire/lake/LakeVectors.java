// Golden data for src/lake: small tables of each format version, made by Apache Iceberg's Java library 1.10.1.
//   javac -cp "$CP" LakeVectors.java && java -cp "$CP:." LakeVectors OUT
// with CP the class path of org.apache.iceberg:iceberg-core:1.10.1 (mvn dependency:build-classpath). No data files
// exist: manifests only describe them. Locations begin with mem:///golden, which stands for the folder OUT.
import java.io.File;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.*;
import org.apache.iceberg.*;
import org.apache.iceberg.catalog.Namespace;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.expressions.Expression;
import org.apache.iceberg.expressions.ExpressionParser;
import org.apache.iceberg.expressions.Expressions;
import org.apache.iceberg.inmemory.InMemoryCatalog;
import org.apache.iceberg.io.*;
import org.apache.iceberg.types.*;

public class LakeVectors {
    static String root;

    static void save(FileIO io, String location) throws Exception {
        File to = new File(location.replace("mem:///golden", root));
        to.getParentFile().mkdirs();
        try (SeekableInputStream in = io.newInputFile(location).newStream()) {
            java.nio.file.Files.write(to.toPath(), in.readAllBytes());
        }
    }

    static void save(Table table) throws Exception {
        save(table.io(), ((BaseTable) table).operations().current().metadataFileLocation());
        for (Snapshot snapshot : table.snapshots()) {
            save(table.io(), snapshot.manifestListLocation());
            for (ManifestFile manifest : snapshot.allManifests(table.io())) save(table.io(), manifest.path());
        }
    }

    static final Schema SCHEMA = new Schema(
            Types.NestedField.required(1, "id", Types.LongType.get()),
            Types.NestedField.optional(2, "name", Types.StringType.get()),
            Types.NestedField.optional(3, "ts", Types.TimestampType.withZone()),
            Types.NestedField.optional(4, "amount", Types.DecimalType.of(12, 2)),
            Types.NestedField.optional(5, "region", Types.StringType.get()),
            Types.NestedField.optional(6, "score", Types.FloatType.get()));

    static final PartitionSpec SPEC = PartitionSpec.builderFor(SCHEMA)
            .identity("region").bucket("id", 4).day("ts").truncate("amount", 100).build();

    static ByteBuffer bytes(Type type, Object value) { return Conversions.toByteBuffer(type, value); }

    static DataFile data(String name, String partition, long records, long lowId, long highId) {
        Map<Integer, Long> sizes = new TreeMap<>(Map.of(1, 80L, 2, 120L));
        Map<Integer, Long> counts = new TreeMap<>(Map.of(1, records, 2, records, 6, records));
        Map<Integer, Long> nulls = new TreeMap<>(Map.of(1, 0L, 2, 1L, 6, 0L));
        Map<Integer, Long> nans = new TreeMap<>(Map.of(6, 2L));
        Map<Integer, ByteBuffer> low = new TreeMap<>(Map.of(1, bytes(Types.LongType.get(), lowId), 2, bytes(Types.StringType.get(), "anna")));
        Map<Integer, ByteBuffer> high = new TreeMap<>(Map.of(1, bytes(Types.LongType.get(), highId), 2, bytes(Types.StringType.get(), "zoe")));
        DataFiles.Builder builder = DataFiles.builder(SPEC).withPath("mem:///golden/data/" + name + ".parquet")
                .withFormat(FileFormat.PARQUET).withFileSizeInBytes(1000 + records).withSplitOffsets(List.of(4L, 500L))
                .withMetrics(new Metrics(records, sizes, counts, nulls, nans, low, high));
        return (partition == null ? builder : builder.withPartitionPath(partition)).build();
    }

    static DeleteFile deletes(int version, DataFile about, long records, int offset) {
        FileMetadata.Builder builder = FileMetadata.deleteFileBuilder(SPEC).ofPositionDeletes()
                .withPartition(about.partition()).withRecordCount(records).withReferencedDataFile(about.location());
        if (version < 3) {
            return builder.withPath("mem:///golden/data/deletes-" + records + ".parquet").withFormat(FileFormat.PARQUET)
                    .withFileSizeInBytes(300).build();
        }
        return builder.withPath("mem:///golden/data/vectors.puffin").withFormat(FileFormat.PUFFIN)
                .withFileSizeInBytes(900).withContentOffset(offset).withContentSizeInBytes(40).build();
    }

    static String quote(Object value) { return value == null ? "null" : "\"" + value.toString().replace("\"", "\\\"") + "\""; }

    static void plan(StringBuilder out, Table table, String label, Expression filter) throws Exception {
        out.append("{\"label\":").append(quote(label)).append(",\"filter\":").append(ExpressionParser.toJson(filter)).append(",\"tasks\":[");
        List<String> tasks = new ArrayList<>();
        try (CloseableIterable<FileScanTask> files = table.newScan().filter(filter).planFiles()) {
            for (FileScanTask task : files) {
                List<String> deletes = new ArrayList<>();
                for (DeleteFile d : task.deletes()) deletes.add(quote(d.location() + (d.contentOffset() == null ? "" : "@" + d.contentOffset())));
                Collections.sort(deletes);
                tasks.add("{\"path\":" + quote(task.file().location()) + ",\"sequence\":" + task.file().dataSequenceNumber()
                        + ",\"first_row_id\":" + task.file().firstRowId() + ",\"deletes\":[" + String.join(",", deletes) + "]}");
            }
        }
        Collections.sort(tasks);
        out.append(String.join(",", tasks)).append("]}");
    }

    static void table(InMemoryCatalog catalog, int version, StringBuilder out) throws Exception {
        Table table = catalog.buildTable(TableIdentifier.of("db", "v" + version), SCHEMA).withPartitionSpec(SPEC)
                .withProperty("format-version", String.valueOf(version))
                .withProperty("write.avro.compression-codec", version == 2 ? "zstd" : version == 3 ? "snappy" : "gzip").create();
        DataFile a = data("a", "region=eu/id_bucket=1/ts_day=2024-05-01/amount_trunc=1.00", 10, 1, 100);
        DataFile b = data("b", "region=us/id_bucket=2/ts_day=2024-05-02/amount_trunc=-3.00", 20, 101, 200);
        DataFile c = data("c", "region=eu/id_bucket=3/ts_day=1969-12-31/amount_trunc=0.00", 5, 201, 300);
        DataFile d = data("d", "region=__HIVE_DEFAULT_PARTITION__/id_bucket=0/ts_day=2024-05-03/amount_trunc=7.00", 1, 301, 400);
        table.newAppend().appendFile(a).appendFile(b).commit();
        table.newFastAppend().appendFile(c).set("commit-user", "golden").commit();
        if (version > 1) {
            table.newRowDelta().addRows(d).addDeletes(deletes(version, a, 3, 4)).addDeletes(deletes(version, b, 2, 60)).commit();
        } else {
            table.newFastAppend().appendFile(d).commit();
        }
        table.newDelete().deleteFile(c.location()).commit();
        table.newRewrite().deleteFile(d).addFile(data("e", "region=us/id_bucket=0/ts_day=2024-05-03/amount_trunc=7.00", 1, 301, 400)).commit();
        table.refresh();
        save(table);
        out.append("{\"version\":").append(version).append(",\"metadata\":")
                .append(quote(((BaseTable) table).operations().current().metadataFileLocation())).append(",\"plans\":[");
        plan(out, table, "all", Expressions.alwaysTrue());
        String[] sep = {","};
        Object[][] filters = {
            {"region eu", Expressions.equal("region", "eu")},
            {"region not us", Expressions.notEqual("region", "us")},
            {"id 150", Expressions.equal("id", 150L)},
            {"id below", Expressions.lessThan("id", 101L)},
            {"id in", Expressions.in("id", 5L, 350L)},
            {"day", Expressions.greaterThanOrEqual("ts", "2024-05-02T00:00:00+00:00")},
            {"name", Expressions.startsWith("name", "zz")},
            {"or", Expressions.or(Expressions.equal("region", "eu"), Expressions.greaterThan("id", 300L))},
            {"not", Expressions.not(Expressions.and(Expressions.equal("region", "eu"), Expressions.lessThan("id", 500L)))},
            {"null", Expressions.isNull("region")},
            {"amount", Expressions.lessThan("amount", new java.math.BigDecimal("0.50"))},
            {"nothing", Expressions.isNull("id")},
        };
        for (Object[] filter : filters) { out.append(sep[0]); plan(out, table, (String) filter[0], (Expression) filter[1]); }
        out.append("]}");
    }

    public static void main(String[] args) throws Exception {
        root = new File(args[0]).getAbsolutePath();
        InMemoryCatalog catalog = new InMemoryCatalog();
        catalog.initialize("golden", Map.of("warehouse", "mem:///golden"));
        catalog.createNamespace(Namespace.of("db"));
        StringBuilder out = new StringBuilder("[");
        for (int version = 1; version <= 3; version++) { if (version > 1) out.append(",\n"); table(catalog, version, out); }
        java.nio.file.Files.writeString(Path.of(root, "expected.json"), out.append("]\n").toString());
    }
}
