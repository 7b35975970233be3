// Golden data for src/meta, made by the released Java client:
//   javac -cp 'LIB/*' MetaVectors.java && java -cp 'LIB/*:.' MetaVectors .
// with LIB a folder of fluss-client 1.0.0 and what it needs (./dev setup puts it into .deps/java/client-1.0.0).
import java.io.File;
import java.io.FileWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.apache.fluss.config.AutoPartitionTimeUnit;
import org.apache.fluss.metadata.DatabaseDescriptor;
import org.apache.fluss.metadata.Schema;
import org.apache.fluss.metadata.TableDescriptor;
import org.apache.fluss.types.DataTypes;
import org.apache.fluss.utils.PartitionUtils;
import org.apache.fluss.utils.TimeUtils;
import org.apache.fluss.config.MemorySize;

public class MetaVectors {
    static void descriptor(File dir, String name, TableDescriptor descriptor) throws IOException {
        Files.write(new File(dir, name).toPath(), descriptor.toJsonBytes());
    }

    public static void main(String[] args) throws Exception {
        File dir = new File(args[0]);
        Schema log = Schema.newBuilder().column("id", DataTypes.INT()).column("name", DataTypes.STRING()).build();
        descriptor(dir, "log_table.json", TableDescriptor.builder().schema(log).build());
        Schema pk = Schema.newBuilder()
                .column("id", DataTypes.BIGINT()).column("region", DataTypes.STRING()).column("dt", DataTypes.STRING())
                .column("amount", DataTypes.DECIMAL(12, 2)).withComment("with cents")
                .column("tags", DataTypes.MAP(DataTypes.STRING(), DataTypes.ROW(DataTypes.FIELD("x", DataTypes.INT()))))
                .primaryKey("id", "region", "dt").build();
        descriptor(dir, "pk_table.json", TableDescriptor.builder().schema(pk).comment("orders \"and\" more")
                .partitionedBy("region", "dt").distributedBy(4, "id").logFormat(org.apache.fluss.metadata.LogFormat.ARROW)
                .property("table.auto-partition.enabled", "true").property("table.auto-partition.key", "dt")
                .property("table.log.ttl", "PT168H").customProperty("connector", "x").build());
        Map<String, String> properties = new HashMap<>();
        properties.put("owner", "me");
        Files.write(new File(dir, "database.json").toPath(),
                DatabaseDescriptor.builder().comment("c").customProperties(properties).build().toJsonBytes());

        try (FileWriter out = new FileWriter(new File(dir, "partition_times.txt"))) {
            out.write("# zone instant unit offset value: PartitionUtils.generateAutoPartitionTime\n");
            for (String zone : Arrays.asList("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "GMT+08:00")) {
                for (String at : Arrays.asList("2024-01-31T23:30:00Z", "2024-02-29T12:00:00Z", "2024-03-31T00:30:00Z",
                        "2024-10-27T00:30:00Z", "2024-12-31T18:45:00Z", "2026-11-22T20:00:00Z")) {
                    for (AutoPartitionTimeUnit unit : AutoPartitionTimeUnit.values()) {
                        for (int offset : new int[] {-7, -1, 0, 1, 2}) {
                            ZonedDateTime now = ZonedDateTime.ofInstant(Instant.parse(at), ZoneId.of(zone));
                            out.write(zone + " " + Instant.parse(at).toEpochMilli() + " " + unit + " " + offset + " "
                                    + PartitionUtils.generateAutoPartitionTime(now, offset, unit) + "\n");
                        }
                    }
                }
            }
        }
        try (FileWriter out = new FileWriter(new File(dir, "units.txt"))) {
            out.write("# duration|text|ms or size|text|bytes, - where the Java client refuses: TimeUtils, MemorySize\n");
            for (String text : Arrays.asList("7 d", "7d", "7 days", "1day", "PT168H", "pt1h30m", "P1DT1S", "PT0.5S", "10min", "1 m",
                    "1 minute", "3 h", "2hours", "15 s", "15sec", "15 secs", "1second", "250", "250ms", "250 millis", "1milli",
                    "1500 micros", "1500µs", "5000000ns", "5 nanos", "0", "", " ", "d", "-1 s", "7 w", "1.5 h", "PT", "P1H", "1 H", "1 MS")) {
                String value;
                try {
                    value = Long.toString(TimeUtils.parseDuration(text).toMillis());
                } catch (Exception e) {
                    value = "-";
                }
                out.write("duration|" + text + "|" + value + "\n");
            }
            for (String text : Arrays.asList("1gb", "1 GB", "1g", "64 kb", "64k", "64 kibibytes", "100", "100b", "100 bytes", "3m", "3mb",
                    "2 mebibytes", "2 gibibytes", "1t", "1tb", "2 tebibytes", "", "gb", "-1", "1 pb", "1.5 gb", "1 Kb")) {
                String value;
                try {
                    value = Long.toString(MemorySize.parse(text).getBytes());
                } catch (Exception e) {
                    value = "-";
                }
                out.write("size|" + text + "|" + value + "\n");
            }
        }
    }
}
