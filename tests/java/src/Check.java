import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

/** Runs named checks and prints one line each: {@code ok NAME} or {@code FAIL NAME: why}. */
final class Check {
    interface Body {
        void run() throws Exception;
    }

    static final int SECONDS_MAX = 60;
    private static int passed;
    private static int failed;
    private static String only = "";
    private static final Map<String, String> ARGUMENTS = new TreeMap<>();

    private Check() {}

    static void parse(String[] arguments) {
        for (String argument : arguments) {
            int equals = argument.indexOf('=');
            ARGUMENTS.put(argument.substring(0, equals), argument.substring(equals + 1));
        }
        only = argument("only", "");
    }

    static String argument(String name, String fallback) {
        return ARGUMENTS.getOrDefault(name, fallback);
    }

    static void check(String name, Body body) {
        if (!name.contains(only)) {
            return;
        }
        try {
            body.run();
            passed++;
            System.out.println("ok " + name);
        } catch (Throwable failure) {
            failed++;
            System.out.println("FAIL " + name + ": " + describe(failure));
        }
    }

    private static String describe(Throwable failure) {
        StackTraceElement[] trace = failure.getStackTrace();
        StringBuilder text = new StringBuilder(String.valueOf(failure).replace('\n', ' '));
        for (StackTraceElement frame : trace) {
            if (frame.getClassName().endsWith("Checks") || frame.getClassName().contains("Checks$")) {
                text.append(" at ").append(frame.getFileName()).append(':').append(frame.getLineNumber());
                break;
            }
        }
        for (Throwable cause = failure.getCause(); cause != null; cause = cause.getCause()) {
            text.append(" caused by ").append(String.valueOf(cause).replace('\n', ' '));
        }
        return text.toString();
    }

    static int summary() {
        System.out.println(passed + " passed, " + failed + " failed");
        return failed == 0 && passed > 0 ? 0 : 1;
    }

    static void equal(Object expected, Object actual) {
        if (!Objects.equals(expected, actual)) {
            throw new AssertionError("expected " + shorten(expected) + " but got " + shorten(actual));
        }
    }

    static void isTrue(boolean condition, String what) {
        if (!condition) {
            throw new AssertionError(what);
        }
    }

    private static String shorten(Object value) {
        String text = String.valueOf(value);
        return text.length() <= 300 ? text : text.substring(0, 300) + "…";
    }

    /** The value of a future, with the client's own exception when it failed. */
    static <T> T get(CompletableFuture<T> future) throws Exception {
        try {
            return future.get(SECONDS_MAX, TimeUnit.SECONDS);
        } catch (ExecutionException failure) {
            Throwable cause = failure.getCause();
            throw cause instanceof Exception ? (Exception) cause : new RuntimeException(cause);
        }
    }

    /** The body must fail with the named exception of the client, such as "TableNotExistException". */
    static void fails(String exception, Body body) throws Exception {
        try {
            body.run();
        } catch (Throwable failure) {
            for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
                // Scanners wrap the server's exception into one of their own and keep its name in the text.
                if (cause.toString().contains(exception)) {
                    return;
                }
            }
            throw new AssertionError("expected " + exception + " but got " + failure);
        }
        throw new AssertionError("expected " + exception + " but nothing failed");
    }
}
