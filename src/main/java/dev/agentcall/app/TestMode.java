package dev.agentcall.app;

import dev.agentcall.cases.CaseFileException;
import dev.agentcall.cases.CaseResult;
import dev.agentcall.cases.Cases;
import dev.agentcall.cases.JUnitReport;
import dev.agentcall.cases.RoutesStart;
import dev.agentcall.cases.TextReport;
import dev.agentcall.config.SettingsException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.camel.CamelContext;

/** Runs case files against the routes in place, and tells how they went. */
final class TestMode {

    private TestMode() {}

    /**
     * Runs the cases of a folder.
     *
     * @param shownFrom the folder from which paths are shown
     * @param junit the file for CI servers, null for none
     */
    static int run(Path cases, Path shownFrom, Path junit) throws Exception {
        Logging.onlyErrors();
        Cases run = new Cases(TestMode::start, Faults::describe);
        try (Termination termination = Termination.onSignal(run::stop, ExitCode.INTERRUPTED)) {
            Cases.Report report;
            try {
                report = run.run(cases, path -> shown(path, shownFrom));
            } catch (CaseFileException e) {
                throw new SettingsException(e.faults());
            }
            System.out.print(TextReport.of(report));
            System.out.flush();
            if (junit != null) {
                write(junit, report);
            }
            return termination.ended(code(report));
        }
    }

    private static int code(Cases.Report report) {
        if (report.stopped()) {
            return ExitCode.INTERRUPTED;
        }
        if (report.count(CaseResult.State.BROKEN) > 0) {
            return ExitCode.BAD_CONFIGURATION;
        }
        return report.count(CaseResult.State.FAILED) > 0 ? ExitCode.NOT_ALL_PLACED : ExitCode.ALL_PLACED;
    }

    private static void write(Path junit, Cases.Report report) {
        try {
            JUnitReport.write(junit, report);
        } catch (IOException e) {
            throw new SettingsException(
                    List.of("--junit: found " + junit + " (" + e + "), expected a file that can be written"));
        }
    }

    private static String shown(Path path, Path from) {
        return path.startsWith(from) ? from.relativize(path).toString() : path.toString();
    }

    /** The bundle, as cases need it. */
    static RoutesStart.Running start(Map<String, String> overriding, Consumer<CamelContext> before) throws Exception {
        return Bundle.start(Bundle.Extent.WITHOUT_SOURCES, overriding, before);
    }
}
