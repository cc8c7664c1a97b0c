package dev.agentcall.cases;

import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** What cases came to, as text for people. */
public final class TextReport {

    /** Longer names stand out of the column. */
    private static final int WIDTH = 40;

    private TextReport() {}

    /** Some lines, each with a line end. */
    public static String of(Cases.Report report) {
        StringBuilder text = new StringBuilder();
        int width = report.results().stream()
                .mapToInt(result -> result.name().length())
                .filter(length -> length <= WIDTH)
                .max()
                .orElse(0);
        report.results().forEach(result -> add(text, result, width));
        line(
                text,
                "%n%d cases: %d passed, %d failed%s, %.1f s",
                report.results().size(),
                report.count(CaseResult.State.PASSED),
                report.count(CaseResult.State.FAILED),
                report.count(CaseResult.State.BROKEN) == 0
                        ? ""
                        : ", " + report.count(CaseResult.State.BROKEN) + " could not be run",
                report.took().toMillis() / 1000.0);
        if (report.stopped()) {
            line(text, "stopped; the cases that are not listed were not run");
        }
        if (!report.notSent().isEmpty()) {
            line(text, "nothing leaves the machine while cases run; not sent:");
            for (Map.Entry<String, Integer> endpoint : new TreeMap<>(report.notSent()).entrySet()) {
                line(text, "  %4d to %s", endpoint.getValue(), endpoint.getKey());
            }
        }
        return text.toString();
    }

    private static void add(StringBuilder text, CaseResult result, int width) {
        String description = result.description() == null ? "" : result.description();
        String name = String.format("%-" + Math.max(1, width) + "s", result.name());
        String title = (name + "  " + description).stripTrailing();
        switch (result.state()) {
            case PASSED -> line(text, "pass  %s", title);
            case FAILED -> {
                line(text, "FAIL  %s", title);
                line(text, "        %s", result.file());
            }
            case BROKEN -> line(text, "BAD   %s", result.name());
        }
        result.failures().forEach(failure -> line(text, "        %s", failure));
    }

    private static void line(StringBuilder text, String format, Object... values) {
        text.append(String.format(Locale.ROOT, format, values)).append(System.lineSeparator());
    }
}
