package dev.agentcall.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A {@link StubMain} in a process of its own, for one run. It goes with this process, whatever ends it. */
final class Stub implements AutoCloseable {

    private final Process process;
    private final BufferedReader out;
    private final Writer in;
    private final String url;

    private Stub(Process process) throws IOException {
        this.process = process;
        this.out = process.inputReader(StandardCharsets.US_ASCII);
        this.in = process.outputWriter(StandardCharsets.US_ASCII);
        String port = out.readLine();
        if (port == null) {
            throw new IOException("expected a port from the stub, found that it ended: see its log");
        }
        this.url = "http://127.0.0.1:" + port;
    }

    /** Starts one on a free port. Its messages, if any, go to {@code log}. */
    static Stub start(Path log) throws IOException {
        List<String> command = Jvm.command(
                List.of("-XX:+UseSerialGC", "-Xmx32m", "-XX:TieredStopAtLevel=1"), StubMain.class, StubMain.class);
        return new Stub(new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .start());
    }

    String url() {
        return url;
    }

    /** The number of POSTs received so far. */
    long requests() throws IOException {
        in.write("count\n");
        in.flush();
        return readCount();
    }

    /** User and system CPU time used so far, in seconds; NaN where the platform does not tell. */
    double cpuSeconds() {
        return process.info()
                .totalCpuDuration()
                .map(cpu -> cpu.toMillis() / 1e3)
                .orElse(Double.NaN);
    }

    /** Ends it and returns the number of all its POSTs. */
    long finish() throws IOException {
        in.close();
        return readCount();
    }

    private long readCount() throws IOException {
        String line = out.readLine();
        if (line == null || !line.startsWith("requests=")) {
            throw new IOException("expected requests=N from the stub, found " + line);
        }
        return Long.parseLong(line.substring("requests=".length()));
    }

    @Override
    public void close() throws IOException {
        in.close();
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
