package dev.agentcall.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** A long file in a small heap: whether the resident size grows with the rows done. */
final class MemoryRun {

    private static final String JAVA_OPTS = "-Xmx96m";

    private MemoryRun() {}

    /** Runs and prints a table in Markdown, a line every 10 s. */
    static void run(Settings settings, Trial trial, List<String> product)
            throws IOException, InterruptedException, IncompleteRun {
        int rows = settings.millionRows();
        Path input = Inputs.mixed(settings.work(), rows);
        System.out.printf(Locale.ROOT, "%n%,d rows with JAVA_OPTS=%s:%n%n", rows, JAVA_OPTS);
        System.out.println("| s | rows done | resident MiB |");
        System.out.println("| --- | --- | --- |");
        Usage usage = trial.run(
                product,
                input,
                rows,
                JAVA_OPTS,
                (seconds, requests, resident) ->
                        System.out.printf(Locale.ROOT, "| %.0f | %d | %.0f |%n", seconds, requests, resident));
        System.out.printf(Locale.ROOT, "| %.0f | %d | peak %.0f |%n", usage.wallSeconds(), rows, usage.peakMib());
        System.out.printf(
                Locale.ROOT,
                "%n%.0f calls/s, %.3f CPU s per 1,000 calls.%n",
                rows / usage.wallSeconds(),
                1000 * usage.cpuSeconds() / rows);
    }
}
