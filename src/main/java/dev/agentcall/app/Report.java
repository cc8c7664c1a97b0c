package dev.agentcall.app;

import dev.agentcall.call.OutcomeKind;
import dev.agentcall.csv.FileSummary;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;

/** The summary of a file, as text for people. */
final class Report {

    private Report() {}

    /** Some lines, each with a line end. */
    static String of(FileSummary summary) {
        StringBuilder text = new StringBuilder();
        switch (summary.state()) {
            case DONE -> done(text, summary);
            case REFUSED -> line(text, "%s is refused: %s", summary.name(), summary.detail());
            case INTERRUPTED -> line(text, "%s is interrupted: %s", summary.name(), summary.detail());
        }
        for (Path file : summary.files()) {
            line(text, "  %s", file.toAbsolutePath().normalize());
        }
        return text.toString();
    }

    private static void done(StringBuilder text, FileSummary summary) {
        double seconds = summary.took().toMillis() / 1000.0;
        line(
                text,
                "%s: %,d rows, %,d calls in %.1f s, %.1f calls/s",
                summary.name(),
                summary.rows(),
                summary.calls(),
                seconds,
                summary.calls() / Math.max(seconds, 0.001));
        for (OutcomeKind kind : OutcomeKind.values()) {
            line(text, "  %-9s %,9d", kind.word(), summary.count(kind));
        }
        if (!summary.reasons().isEmpty()) {
            line(text, "  reasons:");
            for (Map.Entry<String, Integer> reason : summary.reasons().entrySet()) {
                line(text, "    %-18s %,7d", reason.getKey(), reason.getValue());
            }
        }
    }

    private static void line(StringBuilder text, String format, Object... values) {
        text.append(String.format(Locale.ROOT, format, values)).append(System.lineSeparator());
    }
}
