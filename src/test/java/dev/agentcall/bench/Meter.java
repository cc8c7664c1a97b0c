package dev.agentcall.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Runs a child process to its end and measures it, in one of two ways. GNU {@code time} is exact: it gets the kernel's
 * own account after the exit. Sampling, where it is missing, reads CPU time and {@code VmHWM} every 100 ms and so
 * misses what the child uses after the last sample.
 */
final class Meter {

    private static final String GNU_TIME = "/usr/bin/time";
    private static final long SAMPLE_MILLIS = 100;
    private static final long WATCH_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final boolean gnuTime;

    private Meter(boolean gnuTime) {
        this.gnuTime = gnuTime;
    }

    /** {@code wish}: {@code time}, {@code sampling}, or {@code auto} for the first where it works. */
    static Meter of(String wish) throws IOException, InterruptedException {
        return switch (wish) {
            case "time" -> new Meter(true);
            case "sampling" -> new Meter(false);
            case "auto" -> new Meter(hasGnuTime());
            default ->
                throw new IllegalArgumentException("bench.meter: expected time, sampling or auto, found " + wish);
        };
    }

    private static boolean hasGnuTime() throws IOException, InterruptedException {
        return Files.isExecutable(Path.of(GNU_TIME))
                && new ProcessBuilder(GNU_TIME, "-q", "-f", "%U %S %M", "true")
                                .redirectErrorStream(true)
                                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                                .start()
                                .waitFor()
                        == 0;
    }

    /** How it measures, for the report. */
    String description() {
        return gnuTime
                ? "CPU and peak memory from GNU time (`getrusage` after the exit)"
                : "CPU and peak memory sampled every " + SAMPLE_MILLIS + " ms (a little is missed at the end)";
    }

    /** Told about a running child: how long it runs, and the resident size of its largest process. */
    interface Watcher {
        void sample(double seconds, double residentMib) throws IOException;
    }

    /**
     * Runs a command to its end.
     *
     * @param environment put on top of this process's own, of which {@code AGENTCALL_*} and {@code JAVA_OPTS} are left out
     * @param log where its output goes, both streams
     * @param limit after which the command counts as hung, is killed and {@link IncompleteRun} thrown
     * @param watcher told every 10 s
     */
    Usage run(List<String> command, Map<String, String> environment, Path log, Duration limit, Watcher watcher)
            throws IOException, InterruptedException, IncompleteRun {
        Path account = log.resolveSibling(log.getFileName() + ".time");
        List<String> measured = new ArrayList<>();
        if (gnuTime) {
            measured.addAll(List.of(GNU_TIME, "-q", "-f", "%U %S %M", "-o", account.toString()));
        }
        measured.addAll(command);
        ProcessBuilder builder =
                new ProcessBuilder(measured).redirectErrorStream(true).redirectOutput(log.toFile());
        builder.environment().keySet().removeIf(key -> key.startsWith("AGENTCALL_") || key.equals("JAVA_OPTS"));
        builder.environment().putAll(environment);

        long start = System.nanoTime();
        Process process = builder.start();
        process.getOutputStream().close();
        Thread killer = new Thread(() -> kill(process));
        Runtime.getRuntime().addShutdownHook(killer);
        try {
            Sampled sampled = await(process, start, limit, watcher);
            if (gnuTime) {
                String[] userSystemKib = Files.readString(account).trim().split(" ");
                sampled.cpuSeconds = Double.parseDouble(userSystemKib[0]) + Double.parseDouble(userSystemKib[1]);
                sampled.peakMib = Double.parseDouble(userSystemKib[2]) / 1024;
            }
            return new Usage(process.exitValue(), sampled.wallSeconds, sampled.cpuSeconds, sampled.peakMib);
        } finally {
            kill(process);
            Runtime.getRuntime().removeShutdownHook(killer);
        }
    }

    private static final class Sampled {
        private double wallSeconds;
        private double cpuSeconds = Double.NaN;
        private double peakMib = Double.NaN;
    }

    private Sampled await(Process process, long start, Duration limit, Watcher watcher)
            throws IOException, InterruptedException, IncompleteRun {
        Sampled sampled = new Sampled();
        long nextSample = WATCH_NANOS;
        while (!process.waitFor(SAMPLE_MILLIS, TimeUnit.MILLISECONDS)) {
            long elapsed = System.nanoTime() - start;
            if (!gnuTime) {
                process.info().totalCpuDuration().ifPresent(cpu -> sampled.cpuSeconds = cpu.toMillis() / 1e3);
                double peak = status(process.toHandle(), "VmHWM:");
                sampled.peakMib = Double.isNaN(peak) ? sampled.peakMib : peak;
            }
            if (elapsed >= nextSample) {
                nextSample += WATCH_NANOS;
                watcher.sample(elapsed / 1e9, residentMib(process));
            }
            if (elapsed > limit.toNanos()) {
                throw new IncompleteRun("still running after " + limit.toMinutes() + " minutes");
            }
        }
        sampled.wallSeconds = (System.nanoTime() - start) / 1e9;
        return sampled;
    }

    /** The largest of the process and what it has started: under GNU time, or a script, the JVM is a child. */
    private static double residentMib(Process process) {
        return Stream.concat(Stream.of(process.toHandle()), process.descendants())
                .mapToDouble(handle -> status(handle, "VmRSS:"))
                .filter(mib -> !Double.isNaN(mib))
                .max()
                .orElse(Double.NaN);
    }

    /** A size from /proc/pid/status in MiB, or NaN when the process is gone or the platform has no such file. */
    private static double status(ProcessHandle process, String key) {
        Path file = Path.of(String.format(Locale.ROOT, "/proc/%d/status", process.pid()));
        try (Stream<String> lines = Files.lines(file, StandardCharsets.ISO_8859_1)) {
            return lines.filter(line -> line.startsWith(key))
                    .mapToDouble(line -> Double.parseDouble(line.replaceAll("\\D", "")) / 1024)
                    .findFirst()
                    .orElse(Double.NaN);
        } catch (IOException | UncheckedIOException gone) {
            return Double.NaN;
        }
    }

    private static void kill(Process process) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
    }
}
