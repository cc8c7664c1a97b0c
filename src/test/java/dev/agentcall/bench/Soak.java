package dev.agentcall.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/** Many REST clients for a while: every request is answered with 201 and sent once, and the heap does not grow. */
final class Soak {

    private static final int CLIENTS = 200;
    private static final double MOST_GROWTH_MIB = 16;

    private Soak() {}

    /** Runs and prints what it saw: a third of the time, a look at the heap, the rest, and another look. */
    static void run(Settings settings, Trial trial) throws IOException, InterruptedException, IncompleteRun {
        Path folder = trial.freshFolder();
        Duration first = Duration.ofMillis(settings.soakSeconds() * 1000L / 3);
        Duration rest = Duration.ofSeconds(settings.soakSeconds()).minus(first);
        try (Stub stub = Stub.startToCountDestinations(folder.resolve("stub.log"))) {
            Map<String, String> environment =
                    new HashMap<>(Trial.environment(stub, folder, Jvm.home(), settings.javaOpts()));
            environment.put("AGENTCALL_REST_PORT", "0");
            try (Server server = Server.start(settings.home(), environment, folder.resolve("server.log"))) {
                int port = server.port();
                long sent;
                double early;
                double late;
                Latencies latencies;
                try (Load load = new Load(CLIENTS, () -> new RestCaller(port))) {
                    load.lasting(first);
                    early = server.liveMib();
                    latencies = load.lasting(rest);
                    late = server.liveMib();
                    sent = load.sent();
                }
                server.stop();
                print(settings, sent, latencies, early, late, first);
                expectEachOnce(stub, sent);
                if (late > early + MOST_GROWTH_MIB) {
                    throw new IncompleteRun(String.format(
                            Locale.ROOT,
                            "heap in use: expected at most %.0f MiB more than %.1f, found %.1f",
                            MOST_GROWTH_MIB,
                            early,
                            late));
                }
            }
        }
        Trial.delete(folder);
    }

    private static void print(
            Settings settings, long sent, Latencies latencies, double early, double late, Duration first) {
        System.out.printf(
                Locale.ROOT,
                "%n%d REST clients for %d s: %,d requests, all placed, %.0f requests/s, p50 %.1f ms, p99 %.1f ms.%n"
                        + "Heap in use after a full collection: %.1f MiB after %d s, %.1f MiB after %d s.%n",
                CLIENTS,
                settings.soakSeconds(),
                sent,
                latencies.perSecond(),
                latencies.millis(0.5),
                latencies.millis(0.99),
                early,
                first.toSeconds(),
                late,
                settings.soakSeconds());
    }

    private static void expectEachOnce(Stub stub, long sent) throws IOException, IncompleteRun {
        long different = stub.destinations();
        long calls = stub.finish();
        if (calls != sent || different != sent) {
            throw new IncompleteRun("POSTs that reached the stub: expected " + sent + " to as many destinations, found "
                    + calls + " to " + different);
        }
        System.out.printf(Locale.ROOT, "The stub got %,d POSTs to %,d destinations.%n", calls, different);
    }
}
