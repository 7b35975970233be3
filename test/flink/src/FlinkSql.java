import org.apache.flink.configuration.Configuration;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.flink.table.api.TableResult;
import org.apache.flink.types.Row;
import org.apache.flink.util.CloseableIterator;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;

/**
 * Flink SQL on a cluster inside this process, for tests: a line of input is a mode, a tab and a statement, a line of output its
 * answer as JSON.
 *
 * <p>FlinkSql PARALLELISM [OPTION=VALUE ...], options of Flink. Modes: {@code batch} answers all rows, {@code stream:N} the first N
 * changes and then cancels the job; {@code write} runs an INSERT, UPDATE or DELETE to its end and answers no row. All answer
 * {"rows": [[kind, value, ...], ...]} or {"error": text}.
 */
public class FlinkSql {
    private final Map<String, TableEnvironment> environments;

    FlinkSql(String[] args) {
        TableEnvironment batch = environment(args, true);
        environments = Map.of("batch", batch, "write", batch, "stream", environment(args, false));
    }

    private static TableEnvironment environment(String[] args, boolean batch) {
        Configuration configuration = new Configuration();
        configuration.setString("parallelism.default", args[0]);
        configuration.setString("table.local-time-zone", "UTC");
        for (int i = 1; i < args.length; i++) {
            String[] option = args[i].split("=", 2);
            configuration.setString(option[0], option[1]);
        }
        EnvironmentSettings.Builder settings =
                EnvironmentSettings.newInstance().withConfiguration(configuration);
        return TableEnvironment.create((batch ? settings.inBatchMode() : settings.inStreamingMode()).build());
    }

    public static void main(String[] args) throws Exception {
        FlinkSql sql = new FlinkSql(args);
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        System.out.println("{\"ready\": true}");
        for (String line = input.readLine(); line != null; line = input.readLine()) {
            String[] parts = line.split("\t", 2);
            String answer;
            try {
                answer = "{\"rows\": " + sql.run(parts[0], parts[1]) + "}";
            } catch (Throwable failed) {
                answer = "{\"error\": " + quoted(chain(failed)) + "}";
            }
            System.out.println(answer);
        }
        System.exit(0);
    }

    private String run(String mode, String statement) throws Exception {
        String[] parts = mode.split(":");
        long most = parts.length > 1 ? Long.parseLong(parts[1]) : Long.MAX_VALUE;
        TableResult result = environments.get(parts[0]).executeSql(statement);
        if (parts[0].equals("write")) {
            // Not collect(): it asks for the job's state, and this cluster is gone once its one job has ended.
            if (result.getJobClient().isPresent()) {
                result.getJobClient().get().getJobExecutionResult().get();
            }
            return "[]";
        }
        StringJoiner rows = new StringJoiner(", ", "[", "]");
        try (CloseableIterator<Row> found = result.collect()) {
            for (long count = 0; count < most && found.hasNext(); count++) {
                Row row = found.next();
                StringJoiner values = new StringJoiner(", ", "[", "]");
                values.add(quoted(row.getKind().shortString()));
                for (int i = 0; i < row.getArity(); i++) {
                    values.add(json(row.getField(i)));
                }
                rows.add(values.toString());
            }
        }
        return rows.toString();
    }

    private static String json(Object value) {
        if (value == null || value instanceof Boolean || value instanceof Number && !(value instanceof java.math.BigDecimal)) {
            return String.valueOf(value);
        }
        StringJoiner list = new StringJoiner(", ", "[", "]");
        if (value instanceof byte[]) {
            StringBuilder hex = new StringBuilder();
            for (byte b : (byte[]) value) {
                hex.append(String.format("%02x", b));
            }
            return quoted(hex.toString());
        } else if (value instanceof Object[]) {
            for (Object element : (Object[]) value) {
                list.add(json(element));
            }
        } else if (value instanceof List) {
            for (Object element : (List<?>) value) {
                list.add(json(element));
            }
        } else if (value instanceof Row) {
            for (int i = 0; i < ((Row) value).getArity(); i++) {
                list.add(json(((Row) value).getField(i)));
            }
        } else if (value instanceof Map) {
            for (Map.Entry<?, ?> entry : ((Map<?, ?>) value).entrySet()) {
                list.add("[" + json(entry.getKey()) + ", " + json(entry.getValue()) + "]");
            }
        } else {
            return quoted(value.toString());
        }
        return list.toString();
    }

    private static String chain(Throwable failed) {
        StringJoiner text = new StringJoiner(" <- ");
        for (Throwable t = failed; t != null; t = t.getCause()) {
            text.add(t.toString());
        }
        return text.toString();
    }

    private static String quoted(String text) {
        StringBuilder out = new StringBuilder("\"");
        for (char c : text.toCharArray()) {
            if (c == '"' || c == '\\') {
                out.append('\\').append(c);
            } else if (c < ' ') {
                out.append(String.format("\\u%04x", (int) c));
            } else {
                out.append(c);
            }
        }
        return out.append('"').toString();
    }
}
