package dev.agentcall.app;

import dev.agentcall.call.OutcomeKind;
import dev.agentcall.config.SettingsException;
import dev.agentcall.config.SettingsReader;
import dev.agentcall.csv.Finding;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The program's command line. */
@Command(
        name = "agentcall",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        usageHelpAutoWidth = true,
        description = {
            "Places agent calls on uContact, one for each row of a CSV file, never one twice.",
            "",
            "Without FILE it serves the inbox, HTTP and the queue, as the settings say, until it is stopped. With FILE it"
                    + " calls the rows of these files and ends."
        },
        footer = {
            "",
            "Exit codes: 0 all rows are placed; 1 some row is not placed; 2 bad configuration, or a file that is no CSV"
                    + " file of calls; 3 interrupted, the same command goes on where it stopped.",
            "",
            "Settings are in config/application.properties; JAVA_OPTS goes to Java."
        })
public final class AgentCall implements Callable<Integer> {

    @Parameters(paramLabel = "FILE", arity = "0..*", description = "CSV files to process; they stay where they are.")
    private List<String> arguments = List.of();

    @ArgGroup
    private Mode mode = new Mode();

    private static final class Mode {
        @Option(names = "--dry-run", description = "Show what would be done with the files, and call nobody.")
        private boolean dryRun;

        @Option(
                names = "--check",
                description =
                        "Check configuration, routes, ledger, and that the broker and uContact's host answer; call"
                                + " nobody.")
        private boolean check;

        @Option(names = "--diagram", description = "Write the routes as a Mermaid flowchart, and start nothing.")
        private boolean diagram;

        @Option(
                names = "--simulator",
                paramLabel = "PORT",
                description = "Run only a simulator of uContact on this port, to try routes and clients against.")
        private Integer simulatorPort;

        @Option(
                names = "--user",
                paramLabel = "NAME",
                description = "Ask for a password and write a line for the file in agentcall.rest.users.")
        private String user;

        @ArgGroup(exclusive = false)
        private Testing testing;

        @ArgGroup(exclusive = false)
        private Listing listing;

        @ArgGroup(exclusive = false)
        private Settling settling;
    }

    private static final class Testing {
        @Option(
                names = "--test",
                paramLabel = "DIR",
                required = true,
                description =
                        "Run the case files of this folder against the routes and a simulator of uContact; nothing"
                                + " real is touched. Ends with 0 if all pass, 1 if not, 2 if a case cannot be run.")
        private String cases;

        @Option(
                names = "--junit",
                paramLabel = "FILE",
                description = "Also write what they came to as JUnit's XML, for CI servers.")
        private String junit;
    }

    private static final class Listing {
        @Option(names = "--ledger", required = true, description = "List the newest requests in the ledger.")
        private boolean ledger;

        @Option(
                names = "--outcome",
                paramLabel = "OUTCOME",
                description = "Only placed, rejected, invalid, or unknown ones that nobody has settled.")
        private String outcome;

        @Option(names = "--since", paramLabel = "TIME", description = "Only those of the last 30m, 2h, 7d, ...")
        private String since;

        @Option(names = "--limit", paramLabel = "N", description = "So many at most; 100 without.")
        private int limit = 100;

        @Option(names = "--json", description = "As JSON lines.")
        private boolean json;
    }

    private static final class Settling {
        @Option(
                names = "--settle",
                required = true,
                description = "Record what became of an unknown request: --settle REQUEST_ID placed, or not-placed,"
                        + " after which it may be sent again; or --settle --from FILE for many.")
        private boolean settle;

        @Option(
                names = "--from",
                paramLabel = "FILE",
                description =
                        "An unknown.csv with one more column, settled (and, if wanted, settled_guid, settled_note).")
        private Path from;

        @Option(names = "--guid", paramLabel = "GUID", description = "The call's GUID, where it is known.")
        private String guid;

        @Option(names = "--note", paramLabel = "TEXT", description = "For whoever reads it later.")
        private String note;
    }

    public static void main(String[] args) {
        Termination.exitWith(() -> run(args));
    }

    /** Runs the command line and gives its exit code. */
    static int run(String... args) {
        AgentCall command = new AgentCall();
        return new CommandLine(command)
                .setParameterExceptionHandler((e, line) -> {
                    e.getCommandLine().getErr().println("agentcall: " + e.getMessage() + "; see --help");
                    return ExitCode.BAD_CONFIGURATION;
                })
                .setExitCodeExceptionMapper(e -> ExitCode.BAD_CONFIGURATION)
                .setExecutionExceptionHandler((e, line, result) -> {
                    line.getErr().println(Faults.describe(e));
                    return ExitCode.BAD_CONFIGURATION;
                })
                .execute(args);
    }

    @Override
    public Integer call() throws Exception {
        Logging.configure();
        if (mode.simulatorPort != null) {
            expectNoArguments("--simulator");
            return SimulatorMode.run(mode.simulatorPort);
        }
        if (mode.user != null) {
            expectNoArguments("--user");
            return UserMode.run(mode.user);
        }
        if (mode.testing != null) {
            expectNoArguments("--test");
            return TestMode.run(
                    absolute(mode.testing.cases),
                    absolute("."),
                    mode.testing.junit == null ? null : absolute(mode.testing.junit));
        }
        if (mode.listing != null) {
            return list(mode.listing);
        }
        if (mode.settling != null) {
            return settle(mode.settling);
        }
        if (mode.dryRun && arguments.isEmpty()) {
            throw expected("--dry-run: found no file, expected FILE.csv");
        }
        if (mode.check) {
            expectNoArguments("--check");
            return new Check().run();
        }
        if (mode.diagram) {
            expectNoArguments("--diagram");
            return new Diagram().run();
        }
        List<Path> files = arguments.stream().map(AgentCall::absolute).toList();
        if (mode.dryRun) {
            return new DryRun().run(files);
        }
        return files.isEmpty() ? new Serve().run() : new OneShot().run(files);
    }

    private int list(Listing listing) throws Exception {
        expectNoArguments("--ledger");
        if (listing.limit < 1) {
            throw expected("--limit: found " + listing.limit + ", expected 1 or more");
        }
        return new LedgerMode(
                        outcome(listing.outcome),
                        SettingsReader.duration("--since", listing.since),
                        listing.limit,
                        listing.json)
                .run();
    }

    private static OutcomeKind outcome(String word) {
        try {
            return word == null ? null : OutcomeKind.ofWord(word);
        } catch (IllegalArgumentException e) {
            throw expected("--outcome: found " + word + ", expected placed, rejected, invalid or unknown");
        }
    }

    private int settle(Settling settling) throws Exception {
        if (settling.from != null) {
            expectNoArguments("--settle --from");
            if (settling.guid != null || settling.note != null) {
                throw expected("--settle --from: found " + (settling.guid != null ? "--guid" : "--note")
                        + ", expected the columns settled_guid and settled_note in the file");
            }
            return SettleMode.many(absolute(settling.from.toString()));
        }
        if (arguments.size() != 2) {
            throw expected("--settle: found " + arguments + ", expected REQUEST_ID and placed or not-placed");
        }
        return SettleMode.one(new Finding(0, arguments.get(0), arguments.get(1), settling.guid, settling.note));
    }

    private void expectNoArguments(String option) {
        if (!arguments.isEmpty()) {
            throw expected(option + ": found " + arguments.get(0) + ", expected nothing more");
        }
    }

    private static SettingsException expected(String fault) {
        return new SettingsException(List.of(fault));
    }

    /** Paths on the command line start where the user is, not at the package's folder. */
    private static Path absolute(String file) {
        Path startedIn = Path.of(System.getProperty("agentcall.started.in", ""));
        return startedIn.resolve(file).toAbsolutePath().normalize();
    }
}
