package dev.agentcall.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Runs a client once on one input, with a stub and a data folder of its own, and checks that it did the whole job. The
 * data folder and the log of an incomplete run stay in the work folder.
 */
final class Trial {

    private static final int LOG_LINES = 20;

    private final Settings settings;
    private final Meter meter;
    private double stubCpuSeconds;
    private long stubRequests;
    private int number;

    Trial(Settings settings, Meter meter) {
        this.settings = settings;
        this.meter = meter;
    }

    /** Told about a running client every 10 s; {@code requests} is how many calls the stub has got by then. */
    interface Watcher {
        void sample(double seconds, long requests, double residentMib);
    }

    /** One call for each of the input's rows. */
    Usage run(List<String> command, Path input, int rows, String javaOpts, Watcher watcher)
            throws IOException, InterruptedException, IncompleteRun {
        Path folder = freshFolder();
        Path log = folder.resolve("client.log");
        try (Stub stub = Stub.start(folder.resolve("stub.log"))) {
            Usage usage = meter.run(
                    Stream.concat(command.stream(), Stream.of(input.toString())).toList(),
                    environment(stub, folder, Jvm.home(), javaOpts),
                    log,
                    settings.limit(),
                    (seconds, residentMib) -> watcher.sample(seconds, stub.requests(), residentMib));
            double cpuSeconds = stub.cpuSeconds();
            long requests = stub.finish();
            if (usage.exitCode() != 0) {
                throw new IncompleteRun("exit code: expected 0, found " + usage.exitCode());
            }
            if (requests != rows) {
                throw new IncompleteRun("POSTs that reached the stub: expected " + rows + ", found " + requests);
            }
            Results.check(input, folder.resolve("data/outbox"));
            stubCpuSeconds += cpuSeconds;
            stubRequests += requests;
            delete(folder);
            return usage;
        } catch (IncompleteRun e) {
            throw incomplete(e, command, input.toString(), log);
        }
    }

    /** One {@code --check}, which places no call. */
    Usage check(List<String> command, Path jdk) throws IOException, InterruptedException, IncompleteRun {
        Path folder = freshFolder();
        Path log = folder.resolve("client.log");
        try (Stub stub = Stub.start(folder.resolve("stub.log"))) {
            Usage usage = meter.run(
                    Stream.concat(command.stream(), Stream.of("--check")).toList(),
                    environment(stub, folder, jdk, settings.javaOpts()),
                    log,
                    settings.limit(),
                    (seconds, residentMib) -> {});
            long requests = stub.finish();
            if (usage.exitCode() != 0 || requests != 0) {
                throw new IncompleteRun("expected exit code 0 and no POST, found exit code " + usage.exitCode()
                        + " and " + requests + " POSTs");
            }
            delete(folder);
            return usage;
        } catch (IncompleteRun e) {
            throw incomplete(e, command, "--check with " + jdk, log);
        }
    }

    /** CPU seconds that the stubs of all runs took per 1,000 calls; NaN before the first run. */
    double stubCpuPerThousand() {
        return 1000 * stubCpuSeconds / stubRequests;
    }

    /** The settings of a bundle that calls the stub. */
    static Map<String, String> environment(Stub stub, Path folder, Path jdk, String javaOpts) {
        Map<String, String> environment = new HashMap<>();
        environment.put("AGENTCALL_UCONTACT_URL", stub.url());
        environment.put("AGENTCALL_UCONTACT_TOKEN", "YmVuY2g6MDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAw");
        environment.put("AGENTCALL_DATA", folder.resolve("data").toString());
        environment.put("AGENTCALL_CONCURRENCY", "8");
        environment.put("JAVA_HOME", jdk.toString());
        environment.put("PATH", jdk.resolve("bin") + ":" + System.getenv("PATH"));
        environment.put("JAVA_OPTS", javaOpts);
        return environment;
    }

    /** For one run. */
    Path freshFolder() throws IOException {
        number++;
        Path folder = settings.work().resolve("run-" + number);
        delete(folder);
        Files.createDirectories(folder.resolve("data"));
        return folder;
    }

    private static IncompleteRun incomplete(IncompleteRun cause, List<String> command, String argument, Path log)
            throws IOException {
        List<String> lines = Files.exists(log)
                ? new String(Files.readAllBytes(log), StandardCharsets.UTF_8)
                        .lines()
                        .toList()
                : List.of();
        String end = String.join("\n  ", lines.subList(Math.max(0, lines.size() - LOG_LINES), lines.size()));
        return new IncompleteRun(cause.getMessage() + "\n  command: " + String.join(" ", command) + " " + argument
                + "\n  kept: " + log.getParent() + "\n  its last words:\n  " + end);
    }

    static void delete(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> paths = Files.walk(folder)) {
            for (Path path : (Iterable<Path>) paths.sorted(Comparator.reverseOrder())::iterator) {
                Files.delete(path);
            }
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }
}
