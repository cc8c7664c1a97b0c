package dev.agentcall.bench;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The packaged bundle as a server, in a process of its own. It goes with this process, whatever ends it. */
final class Server implements AutoCloseable {

    private static final Pattern PORT = Pattern.compile("REST on http://\\S+:(\\d+)");
    private static final Duration START = Duration.ofMinutes(1);
    private static final Duration STOP = Duration.ofMinutes(2);
    private static final String RECEIVE_CALL = "receive-rest-call.camel.yaml";

    private final Process process;
    private final Path log;
    private final Thread killer;

    private Server(Process process, Path log) {
        this.process = process;
        this.log = log;
        this.killer = new Thread(process::destroyForcibly);
        Runtime.getRuntime().addShutdownHook(killer);
    }

    /** Starts {@code home/bin/agentcall}; {@link #awaitLine} tells when it serves. */
    static Server start(Path home, Map<String, String> environment, Path log) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(
                        home.resolve("bin/agentcall").toString())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile());
        builder.environment().keySet().removeIf(key -> key.startsWith("AGENTCALL_") || key.equals("JAVA_OPTS"));
        builder.environment().putAll(environment);
        Process process = builder.start();
        process.getOutputStream().close();
        return new Server(process, log);
    }

    /** A copy of the package, with the same jars, that answers REST requests without making a call. */
    static Path withoutCalls(Path home, Path copy) throws IOException {
        Files.createDirectories(copy);
        for (String folder : new String[] {"bin", "config", "routes"}) {
            Files.createDirectories(copy.resolve(folder));
            try (Stream<Path> files = Files.list(home.resolve(folder))) {
                for (Path file : (Iterable<Path>) files::iterator) {
                    Files.copy(
                            file, copy.resolve(folder).resolve(file.getFileName()), StandardCopyOption.COPY_ATTRIBUTES);
                }
            }
        }
        Files.createSymbolicLink(copy.resolve("lib"), home.resolve("lib"));
        try (InputStream route = Server.class.getResourceAsStream(RECEIVE_CALL)) {
            Files.copy(route, copy.resolve("routes").resolve(RECEIVE_CALL), StandardCopyOption.REPLACE_EXISTING);
        }
        return copy;
    }

    /** Waits until it serves; the port of REST. */
    int port() throws IOException, InterruptedException, IncompleteRun {
        return Integer.parseInt(awaitLine(PORT).group(1));
    }

    /** Waits until it has said this. */
    Matcher awaitLine(Pattern line) throws IOException, InterruptedException, IncompleteRun {
        long end = System.nanoTime() + START.toNanos();
        do {
            Matcher said = line.matcher(Files.readString(log));
            if (said.find()) {
                return said;
            }
        } while (!process.waitFor(50, TimeUnit.MILLISECONDS) && System.nanoTime() - end < 0);
        throw new IncompleteRun("expected '" + line + "' in the log, found " + Files.readString(log));
    }

    /** User and system CPU time used so far, in seconds; NaN where the platform does not tell. */
    double cpuSeconds() {
        return process.info()
                .totalCpuDuration()
                .map(cpu -> cpu.toMillis() / 1e3)
                .orElse(Double.NaN);
    }

    /** MiB of the heap that are still in use after a full collection. */
    double liveMib() throws IOException, IncompleteRun {
        Process jcmd = new ProcessBuilder(
                        Jvm.home().resolve("bin/jcmd").toString(), Long.toString(process.pid()), "GC.class_histogram")
                .redirectErrorStream(true)
                .start();
        String answer = new String(jcmd.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        Matcher total = Pattern.compile("(?m)^Total +\\d+ +(\\d+)").matcher(answer);
        if (!total.find()) {
            throw new IncompleteRun("expected a line Total from jcmd GC.class_histogram, found " + answer);
        }
        return Long.parseLong(total.group(1)) / (double) (1 << 20);
    }

    /** Ends it as a service manager does. */
    void stop() throws InterruptedException, IncompleteRun {
        process.destroy();
        if (!process.waitFor(STOP.toSeconds(), TimeUnit.SECONDS) || process.exitValue() != 0) {
            throw new IncompleteRun("expected the server to end with 0 after SIGTERM, found "
                    + (process.isAlive() ? "that it runs" : "exit code " + process.exitValue()));
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
        Runtime.getRuntime().removeShutdownHook(killer);
    }
}
