package dev.agentcall.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.ToDoubleFunction;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * The two other ways in beside their ceilings: REST beside the same server answering without a call, JMS beside a bare
 * consumer of the same kind of broker. Each run has processes of its own. Servers run for months, so they are measured when
 * Java has compiled what is in use.
 */
final class Doors {

    private static final int CLIENTS = 64;
    private static final int CONSUMERS = 8;
    private static final Pattern RECEIVING = Pattern.compile("receiving from queue");

    private final Settings settings;
    private final Trial trial;
    private final Map<String, List<Measured>> results = new LinkedHashMap<>();

    /** {@code cpuSeconds}: of the server or consumer alone, while it was measured. */
    private record Measured(Latencies latencies, double cpuSeconds) {
        double cpuPerThousand() {
            return 1000 * cpuSeconds / latencies.count();
        }
    }

    private interface CpuSeconds {
        double now();
    }

    private Doors(Settings settings, Trial trial) {
        this.settings = settings;
        this.trial = trial;
    }

    /** Runs all rounds and prints tables in Markdown; progress goes to stderr. */
    static void run(Settings settings, Trial trial) throws Exception {
        Doors doors = new Doors(settings, trial);
        Map<String, Callable<Measured>> contenders = new LinkedHashMap<>();
        contenders.put("REST, bundle", () -> doors.rest(true));
        contenders.put("REST, ceiling: no call", () -> doors.rest(false));
        contenders.put("JMS, bundle", doors::jms);
        contenders.put("JMS, ceiling: bare consumer", doors::bareConsumer);
        for (int round = 1; round <= settings.doorRounds(); round++) {
            for (Map.Entry<String, Callable<Measured>> contender : contenders.entrySet()) {
                Measured measured = contender.getValue().call();
                doors.results
                        .computeIfAbsent(contender.getKey(), key -> new ArrayList<>())
                        .add(measured);
                System.err.println(String.format(
                        Locale.ROOT,
                        "round %d of %d, %s: %.0f requests/s",
                        round,
                        settings.doorRounds(),
                        contender.getKey(),
                        measured.latencies.perSecond()));
            }
        }
        doors.print();
    }

    // --- What is run ---

    private Measured rest(boolean withCalls) throws IOException, InterruptedException, IncompleteRun {
        Path folder = trial.freshFolder();
        Path home = withCalls ? settings.home() : Server.withoutCalls(settings.home(), folder.resolve("home"));
        try (Stub stub = Stub.start(folder.resolve("stub.log"));
                Server server = Server.start(home, environment(stub, folder), folder.resolve("server.log"))) {
            int port = server.port();
            Measured measured;
            try (Load load = new Load(CLIENTS, () -> new RestCaller(port))) {
                measured = measure(load, server::cpuSeconds);
            }
            server.stop();
            expectCalls(withCalls ? calls() : 0, stub);
            Trial.delete(folder);
            return measured;
        }
    }

    private Measured jms() throws IOException, InterruptedException, IncompleteRun {
        Path folder = trial.freshFolder();
        try (Stub stub = Stub.start(folder.resolve("stub.log"));
                Companion broker = broker(folder)) {
            Map<String, String> environment = environment(stub, folder);
            environment.put("AGENTCALL_JMS_URL", broker.url());
            try (Server server = Server.start(settings.home(), environment, folder.resolve("server.log"))) {
                server.awaitLine(RECEIVING);
                Measured measured = measureJms(broker, server::cpuSeconds);
                server.stop();
                expectCalls(calls(), stub);
                Trial.delete(folder);
                return measured;
            }
        }
    }

    private Measured bareConsumer() throws IOException, InterruptedException, IncompleteRun {
        Path folder = trial.freshFolder();
        try (Companion broker = broker(folder);
                Companion consumer = Companion.start(
                        BareConsumerMain.class,
                        folder.resolve("consumer.log"),
                        broker.url(),
                        Integer.toString(CONSUMERS))) {
            Measured measured = measureJms(broker, consumer::cpuSeconds);
            Trial.delete(folder);
            return measured;
        }
    }

    private static Companion broker(Path folder) throws IOException {
        return Companion.start(
                BrokerMain.class,
                folder.resolve("broker.log"),
                folder.resolve("broker").toString());
    }

    private Map<String, String> environment(Stub stub, Path folder) {
        Map<String, String> environment =
                new HashMap<>(Trial.environment(stub, folder, Jvm.home(), settings.javaOpts()));
        environment.put("AGENTCALL_REST_PORT", "0");
        return environment;
    }

    private Measured measureJms(Companion broker, CpuSeconds cpu)
            throws IOException, InterruptedException, IncompleteRun {
        try (JmsCallers callers = new JmsCallers(broker.url());
                Load load = new Load(CLIENTS, callers::connect)) {
            return measure(load, cpu);
        }
    }

    private Measured measure(Load load, CpuSeconds cpu) throws IOException, InterruptedException, IncompleteRun {
        load.requests(settings.doorWarmUp());
        double before = cpu.now();
        Latencies latencies = load.requests(settings.doorRequests());
        return new Measured(latencies, cpu.now() - before);
    }

    private long calls() {
        return (long) settings.doorWarmUp() + settings.doorRequests();
    }

    private static void expectCalls(long expected, Stub stub) throws IOException, IncompleteRun {
        long found = stub.finish();
        if (found != expected) {
            throw new IncompleteRun("POSTs that reached the stub: expected " + expected + ", found " + found);
        }
    }

    // --- What is printed ---

    private void print() {
        System.out.printf(
                Locale.ROOT,
                "%n%,d requests after %,d that are not counted, %d clients that wait for their answers (JMS: for the"
                        + " outcome on its queue), 8 calls in flight.%n%n",
                settings.doorRequests(),
                settings.doorWarmUp(),
                CLIENTS);
        System.out.println("| median (min–max) | requests/s | p50 ms | p99 ms | CPU s per 1,000 requests |");
        System.out.println("| --- | --- | --- | --- | --- |");
        for (Map.Entry<String, List<Measured>> result : results.entrySet()) {
            System.out.println(String.join(
                    " | ",
                    "| " + result.getKey(),
                    spread(result.getValue(), measured -> measured.latencies.perSecond(), 0),
                    spread(result.getValue(), measured -> measured.latencies.millis(0.5), 1),
                    spread(result.getValue(), measured -> measured.latencies.millis(0.99), 1),
                    spread(result.getValue(), Measured::cpuPerThousand, 3) + " |"));
        }
        System.out.println();
        System.out.println("| ratio to the ceiling, paired by round | requests/s | p50 | CPU |");
        System.out.println("| --- | --- | --- | --- |");
        List<String> names = List.copyOf(results.keySet());
        for (int i = 0; i < names.size(); i += 2) {
            List<Measured> bundle = results.get(names.get(i));
            List<Measured> ceiling = results.get(names.get(i + 1));
            System.out.println(String.join(
                    " | ",
                    "| " + names.get(i),
                    ratio(bundle, ceiling, measured -> measured.latencies.perSecond()),
                    ratio(bundle, ceiling, measured -> measured.latencies.millis(0.5)),
                    ratio(bundle, ceiling, Measured::cpuPerThousand) + " |"));
        }
    }

    private static String spread(List<Measured> rounds, ToDoubleFunction<Measured> figure, int decimals) {
        return Spread.of(rounds.stream().mapToDouble(figure)).format(decimals);
    }

    private static String ratio(List<Measured> rounds, List<Measured> ceiling, ToDoubleFunction<Measured> figure) {
        return Spread.of(IntStream.range(0, rounds.size())
                        .mapToDouble(i -> figure.applyAsDouble(rounds.get(i)) / figure.applyAsDouble(ceiling.get(i))))
                .format(2);
    }
}
