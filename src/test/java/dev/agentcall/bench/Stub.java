package dev.agentcall.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A {@link StubMain} in a process of its own, for one run. It goes with this process, whatever ends it. */
final class Stub implements AutoCloseable {

    private static final Pattern COUNTS = Pattern.compile("requests=(\\d+) destinations=(\\d+)");

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
        return start(log, "-Xmx32m");
    }

    /** The same; it remembers the destinations called. */
    static Stub startToCountDestinations(Path log) throws IOException {
        return start(log, "-Xmx256m", "destinations");
    }

    private static Stub start(Path log, String memory, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(Jvm.command(
                List.of("-XX:+UseSerialGC", memory, "-XX:TieredStopAtLevel=1"), StubMain.class, StubMain.class));
        command.addAll(List.of(arguments));
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
        return read(1);
    }

    /** The number of different destinations called so far; it has to be started to count them. */
    long destinations() throws IOException {
        in.write("count\n");
        in.flush();
        return read(2);
    }

    /** User and system CPU time used so far, in seconds; NaN where the platform does not tell. */
    double cpuSeconds() {
        return Companion.cpuSeconds(process);
    }

    /** Ends it and returns the number of all its POSTs. */
    long finish() throws IOException {
        in.close();
        return read(1);
    }

    private long read(int group) throws IOException {
        String line = out.readLine();
        Matcher counts = COUNTS.matcher(line == null ? "" : line);
        if (!counts.matches()) {
            throw new IOException("expected " + COUNTS + " from the stub, found " + line);
        }
        return Long.parseLong(counts.group(group));
    }

    @Override
    public void close() throws IOException {
        in.close();
        Companion.end(process);
    }
}
