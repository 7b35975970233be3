import org.apache.fluss.client.Connection;
import org.apache.fluss.client.ConnectionFactory;
import org.apache.fluss.client.table.Table;
import org.apache.fluss.config.Configuration;
import org.apache.fluss.metadata.DatabaseSummary;
import org.apache.fluss.metadata.TableBucket;
import org.apache.fluss.metadata.TablePath;
import org.apache.fluss.row.GenericRow;

import java.util.ArrayList;
import java.util.List;

/** Calls that only the 1.0 client has. */
final class NewerChecks {
    private NewerChecks() {}

    static void run() {
        Check.check("1.0: table statistics count rows", () -> {
            Table table = Session.create(CatalogChecks.keyed(), CatalogChecks.buckets(2));
            Session.upsert(table, List.of(Values.row(1, "a", 1L), Values.row(2, "b", 2L), Values.row(1, "c", 3L)));
            Session.delete(table, Values.row(2, null, null));
            TablePath path = table.getTableInfo().getTablePath();
            Check.equal(1L, Check.get(Session.admin.getTableStats(path)).getRowCount());
        });
        Check.check("1.0: databases are summarized", () -> {
            for (DatabaseSummary summary : Check.get(Session.admin.listDatabaseSummaries())) {
                if (summary.getDatabaseName().equals(Session.database)) {
                    Check.equal(Check.get(Session.admin.listTables(Session.database)).size(), summary.getTableCount());
                    return;
                }
            }
            throw new AssertionError("not listed");
        });
        Check.check("1.0: a keyed bucket can be scanned on the server", NewerChecks::serverScan);
        Check.check("1.0: a fetch with a filter loses no rows", () -> {
            Table table = Session.create(CatalogChecks.idAndName(),
                    CatalogChecks.buckets(1).property("table.statistics.columns", "*"));
            for (int first = 0; first < 1000; first += 100) {
                Session.append(table, LogChecks.rows(first, 100));
            }
            Check.equal(LogChecks.ids(0, 1000), Values.column(Session.read(table, 0, 1000), 0));
            Check.equal("name-5", Session.read(table, 5, 1, 1).get(0).row.get(0));
        });
        Check.check("1.0: the cluster reports its health", () -> Check.get(Session.admin.getClusterHealth()));
    }

    private static void serverScan() throws Exception {
        Table table = Session.create(CatalogChecks.keyed(), CatalogChecks.buckets(1));
        List<GenericRow> rows = new ArrayList<>();
        for (int i = 0; i < 20_000; i++) {
            rows.add(Values.row(i, "n" + i, (long) i));
        }
        Session.upsert(table, rows);
        Configuration configuration = Session.configuration(Check.argument("bootstrap", ""));
        configuration.setString("client.scanner.kv.batch-strategy", "server-scan");
        configuration.setString("client.scanner.kv.fetch.max-bytes", "64kb");
        try (Connection connection = ConnectionFactory.createConnection(configuration);
                Table again = connection.getTable(table.getTableInfo().getTablePath())) {
            TableBucket bucket = new TableBucket(again.getTableInfo().getTableId(), 0);
            List<List<Object>> found =
                    Session.drain(again.newScan().createBatchScanner(bucket), again.getTableInfo().getRowType());
            Check.equal(20_000, found.size());
            long sum = 0;
            for (List<Object> row : found) {
                sum += (Long) row.get(2);
            }
            Check.equal(20_000L * 19_999 / 2, sum);
        }
    }
}
