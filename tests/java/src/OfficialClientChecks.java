/**
 * What an application does with the official Java client, against any server of the protocol. Run by tests/java/official_client.py:
 * bootstrap=HOST:PORT [sasl=HOST:PORT user=U password=P] [only=TEXT]
 */
public final class OfficialClientChecks {
    private OfficialClientChecks() {}

    public static void main(String[] arguments) throws Exception {
        Check.parse(arguments);
        if (!Check.argument("bootstrap", "").isEmpty()) {
            Session.open(Check.argument("bootstrap", ""));
            CatalogChecks.run();
            LogChecks.run();
            KeyChecks.run();
            TypeChecks.run();
            PartitionChecks.run();
            runChecksOfNewerClients();
        }
        if (!Check.argument("sasl", "").isEmpty()) {
            SecurityChecks.run();
        }
        Runtime.getRuntime().halt(Check.summary());
    }

    /** src-1.0 is compiled only for clients that have these calls. */
    private static void runChecksOfNewerClients() throws Exception {
        try {
            Class.forName("NewerChecks").getDeclaredMethod("run").invoke(null);
        } catch (ClassNotFoundException olderClient) {
            System.out.println("# the client has no newer calls");
        }
    }
}
