package dev.agentcall.app;

import dev.agentcall.call.OutcomeKind;
import dev.agentcall.csv.CsvFiles;
import dev.agentcall.csv.FileSummary;
import dev.agentcall.csv.FileSummary.State;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.camel.Exchange;
import org.apache.camel.ProducerTemplate;

/** Calls the rows of some files, tells how it goes and what came of it, and ends. */
final class OneShot {

    /** How long an answer that cannot be recorded is held before the run gives up. */
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final Map<String, String> overriding;

    OneShot() {
        this(Map.of());
    }

    /** With properties that count more than any other. */
    OneShot(Map<String, String> overriding) {
        this.overriding = overriding;
    }

    int run(List<Path> files) throws Exception {
        Logging.onlyWarnings();
        AtomicReference<Bundle> running = new AtomicReference<>();
        Runnable stop = () -> {
            Bundle bundle = running.get();
            if (bundle != null) {
                bundle.stopCalls();
            }
        };
        Bundle.unknownKeys().forEach(line -> System.err.println("agentcall: " + line));
        try (Termination termination = Termination.onSignal(stop, ExitCode.INTERRUPTED)) {
            int code;
            try (Bundle bundle = Bundle.start(Bundle.Extent.WITHOUT_SOURCES, overriding)) {
                running.set(bundle);
                code = process(bundle, files, termination);
                bundle.deliverMissed();
            }
            return termination.ended(code);
        }
    }

    private static int process(Bundle bundle, List<Path> files, Termination termination) throws Exception {
        bundle.csvFiles().setOneShot(true);
        bundle.calls().setPatience(PATIENCE);
        int code = ExitCode.ALL_PLACED;
        try (ProducerTemplate template = bundle.context().createProducerTemplate()) {
            for (Path file : files) {
                if (termination.isRequested()) {
                    return ExitCode.INTERRUPTED;
                }
                code = Math.max(code, process(bundle, template, file));
                if (code == ExitCode.INTERRUPTED) {
                    break;
                }
            }
        }
        return code;
    }

    private static int process(Bundle bundle, ProducerTemplate template, Path file) throws Exception {
        String fault = InputFile.fault(file);
        if (fault != null) {
            System.err.println("agentcall: " + fault);
            return ExitCode.BAD_CONFIGURATION;
        }
        Exchange exchange;
        try (Progress progress = Progress.of(bundle.csvFiles())) {
            exchange =
                    template.send("direct:call-rows", sent -> sent.getMessage().setBody(file.toString()));
        }
        if (exchange.getException() != null) {
            System.err.println(Faults.describe(exchange.getException()));
            System.err.println("agentcall: " + file.getFileName() + " is not done; the same command goes on with it");
            return ExitCode.INTERRUPTED;
        }
        FileSummary summary = exchange.getVariable(CsvFiles.SUMMARY, FileSummary.class);
        System.out.print(Report.of(summary));
        System.out.flush();
        if (summary.state() == State.REFUSED) {
            return ExitCode.BAD_CONFIGURATION;
        }
        if (summary.state() == State.INTERRUPTED) {
            return ExitCode.INTERRUPTED;
        }
        return summary.count(OutcomeKind.PLACED) == summary.rows() ? ExitCode.ALL_PLACED : ExitCode.NOT_ALL_PLACED;
    }
}
