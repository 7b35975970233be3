import static org.apache.fluss.types.DataTypes.BIGINT;
import static org.apache.fluss.types.DataTypes.INT;
import static org.apache.fluss.types.DataTypes.STRING;

import org.apache.fluss.client.admin.OffsetSpec;
import org.apache.fluss.client.table.Table;
import org.apache.fluss.metadata.PartitionInfo;
import org.apache.fluss.metadata.PartitionSpec;
import org.apache.fluss.metadata.Schema;
import org.apache.fluss.metadata.TablePath;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/** Partitioned tables. */
final class PartitionChecks {
    private PartitionChecks() {}

    private static Schema.Builder byRegion() {
        return Schema.newBuilder().column("id", INT()).column("region", STRING()).column("v", BIGINT());
    }

    private static PartitionSpec region(String name) {
        return new PartitionSpec(Map.of("region", name));
    }

    private static List<String> names(TablePath path) throws Exception {
        List<String> names = new ArrayList<>();
        for (PartitionInfo info : Check.get(Session.admin.listPartitionInfos(path))) {
            names.add(info.getPartitionName());
        }
        Collections.sort(names);
        return names;
    }

    private static void create(TablePath path, String name) throws Exception {
        Check.get(Session.admin.createPartition(path, region(name), false));
        Session.awaitLeaders(path, name);
    }

    static void run() {
        Check.check("partitions: they are made, listed and dropped", () -> {
            Table table = Session.create(byRegion(), CatalogChecks.buckets(1).partitionedBy("region"));
            TablePath path = table.getTableInfo().getTablePath();
            create(path, "US");
            create(path, "EU");
            Check.equal(List.of("EU", "US"), names(path));
            Check.fails("PartitionAlreadyExistsException",
                    () -> Check.get(Session.admin.createPartition(path, region("US"), false)));
            Check.get(Session.admin.createPartition(path, region("US"), true));
            Check.get(Session.admin.dropPartition(path, region("US"), false));
            Check.fails("PartitionNotExistException",
                    () -> Check.get(Session.admin.dropPartition(path, region("US"), false)));
            Check.equal(List.of("EU"), names(path));
        });
        Check.check("partitions: a table without them says so", () -> {
            TablePath path = Session.create(CatalogChecks.idAndName(), CatalogChecks.buckets(1)).getTableInfo()
                    .getTablePath();
            Check.fails("TableNotPartitionedException", () -> Check.get(Session.admin.listPartitionInfos(path)));
            Check.fails("TableNotPartitionedException",
                    () -> Check.get(Session.admin.createPartition(path, region("US"), false)));
        });
        Check.check("partitions: rows go to the partition they name", () -> {
            Table table = Session.create(byRegion(), CatalogChecks.buckets(1).partitionedBy("region"));
            TablePath path = table.getTableInfo().getTablePath();
            create(path, "US");
            create(path, "EU");
            Session.append(table, List.of(Values.row(1, "US", 1L), Values.row(2, "EU", 2L), Values.row(3, "US", 3L)));
            Check.equal(Map.of(0, 2L), Session.offsets(path, "US", new OffsetSpec.LatestSpec()));
            Check.equal(Map.of(0, 1L), Session.offsets(path, "EU", new OffsetSpec.LatestSpec()));
            List<Object> ids = Values.column(Session.read(table, 0, 3), 0);
            ids.sort(null);
            Check.equal(Values.list(1, 2, 3), ids);
        });
        Check.check("partitions: a writer creates the partition it needs", () -> {
            Table table = Session.create(byRegion(), CatalogChecks.buckets(1).partitionedBy("region"));
            Session.append(table, List.of(Values.row(1, "APAC", 1L)));
            Check.equal(List.of("APAC"), names(table.getTableInfo().getTablePath()));
            Check.equal("+A[1, APAC, 1]", Session.read(table, 0, 1).get(0).toString());
        });
        Check.check("partitions: keys live in their partition", () -> {
            Table table = Session.create(byRegion().primaryKey("id", "region"),
                    CatalogChecks.buckets(2).partitionedBy("region"));
            TablePath path = table.getTableInfo().getTablePath();
            create(path, "US");
            create(path, "EU");
            Session.upsert(table, List.of(Values.row(1, "US", 1L), Values.row(1, "EU", 2L)));
            Check.equal(Values.list(1, "US", 1L), Session.lookup(table, 1, Values.text("US")));
            Check.equal(Values.list(1, "EU", 2L), Session.lookup(table, 1, Values.text("EU")));
            Check.equal(null, Session.lookup(table, 2, Values.text("EU")));
        });
    }
}
