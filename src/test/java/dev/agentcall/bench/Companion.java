package dev.agentcall.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A process of the benchmark's own, with all its libraries, that tells when it is there and ends when its input does. It
 * goes with this process, whatever ends it.
 */
final class Companion implements AutoCloseable {

    private static final String READY = "url=";

    private final Process process;
    private final String url;

    private Companion(Process process, Path log) throws IOException {
        this.process = process;
        BufferedReader out = process.inputReader(StandardCharsets.UTF_8);
        String line = out.readLine();
        while (line != null && !line.startsWith(READY)) {
            line = out.readLine();
        }
        if (line == null) {
            throw new IOException(
                    "expected " + READY + "… from " + process.info().commandLine() + ", see " + log);
        }
        url = line.substring(READY.length());
    }

    static Companion start(Class<?> main, Path log, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Jvm.home().resolve("bin/java").toString(),
                "-Xmx512m",
                "-cp",
                System.getProperty("java.class.path"),
                main.getName()));
        command.addAll(List.of(arguments));
        return new Companion(
                new ProcessBuilder(command)
                        .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()))
                        .start(),
                log);
    }

    /** What it said when it was there. */
    String url() {
        return url;
    }

    double cpuSeconds() {
        return cpuSeconds(process);
    }

    /** User and system CPU time used so far, in seconds; NaN where the platform does not tell. */
    static double cpuSeconds(Process process) {
        return process.info()
                .totalCpuDuration()
                .map(cpu -> cpu.toMillis() / 1e3)
                .orElse(Double.NaN);
    }

    @Override
    public void close() throws IOException {
        end(process);
    }

    /** Ends a process that ends with its input; one that does not is killed. */
    static void end(Process process) throws IOException {
        process.getOutputStream().close();
        try {
            if (!process.waitFor(5, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
