import org.apache.fluss.client.Connection;
import org.apache.fluss.client.ConnectionFactory;
import org.apache.fluss.config.Configuration;

/** SASL/PLAIN; needs sasl=host:port user=… password=…. */
final class SecurityChecks {
    private SecurityChecks() {}

    private static Connection connect(String password) {
        Configuration configuration = Session.configuration(Check.argument("sasl", ""));
        configuration.setString("client.security.protocol", "sasl");
        configuration.setString("client.security.sasl.mechanism", "PLAIN");
        configuration.setString("client.security.sasl.username", Check.argument("user", "admin"));
        configuration.setString("client.security.sasl.password", password);
        return ConnectionFactory.createConnection(configuration);
    }

    static void run() {
        Check.check("security: the right password opens the door", () -> {
            try (Connection connection = connect(Check.argument("password", "admin-secret"))) {
                Check.isTrue(Check.get(connection.getAdmin().listDatabases()).contains("fluss"), "no databases");
            }
        });
        Check.check("security: a wrong password does not", () -> Check.fails("AuthenticationException", () -> {
            try (Connection connection = connect("wrong")) {
                Check.get(connection.getAdmin().listDatabases());
            }
        }));
        Check.check("security: no password does not", () -> {
            Configuration configuration = Session.configuration(Check.argument("sasl", ""));
            Check.fails("AuthenticationException", () -> {
                try (Connection connection = ConnectionFactory.createConnection(configuration)) {
                    Check.get(connection.getAdmin().listDatabases());
                }
            });
        });
    }
}
