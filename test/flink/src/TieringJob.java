import org.apache.fluss.config.Configuration;
import org.apache.fluss.flink.tiering.LakeTieringJobBuilder;

import org.apache.flink.configuration.JobManagerOptions;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

import java.util.HashMap;
import java.util.Map;

/**
 * The official tiering job on a Flink cluster inside this process, as its entry point starts it; ends with the input.
 *
 * <p>TieringJob PARALLELISM fluss.bootstrap.servers=... datalake.iceberg.type=... ; prints a line when the job runs.
 */
public class TieringJob {
    public static void main(String[] args) throws Exception {
        Map<String, String> fluss = new HashMap<>();
        Map<String, String> lake = new HashMap<>();
        for (String arg : args) {
            int equals = arg.indexOf('=');
            if (equals < 0) {
                continue;
            }
            String key = arg.substring(0, equals);
            String value = arg.substring(equals + 1);
            if (key.startsWith("fluss.")) {
                fluss.put(key.substring("fluss.".length()), value);
            } else if (key.startsWith("datalake.iceberg.")) {
                lake.put(key.substring("datalake.iceberg.".length()), value);
            }
        }
        org.apache.flink.configuration.Configuration flink = new org.apache.flink.configuration.Configuration();
        flink.set(JobManagerOptions.EXECUTION_FAILOVER_STRATEGY, "full");
        StreamExecutionEnvironment environment =
                StreamExecutionEnvironment.createLocalEnvironment(Integer.parseInt(args[0]), flink);
        JobClient job =
                LakeTieringJobBuilder.newBuilder(
                                environment,
                                Configuration.fromMap(fluss),
                                Configuration.fromMap(lake),
                                new Configuration(),
                                "iceberg")
                        .build();
        System.out.println("{\"job\": \"" + job.getJobID() + "\"}");
        while (System.in.read() >= 0) {}
        System.exit(0);
    }
}
