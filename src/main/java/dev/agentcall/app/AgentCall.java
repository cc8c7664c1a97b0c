package dev.agentcall.app;

import dev.agentcall.config.SettingsException;
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
            "Without FILE it serves the inbox until it is stopped. With FILE it calls the rows of these files and ends."
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
    private List<Path> files = List.of();

    @ArgGroup
    private Mode mode = new Mode();

    private static final class Mode {
        @Option(names = "--dry-run", description = "Show what would be done with the files, and call nobody.")
        private boolean dryRun;

        @Option(
                names = "--check",
                description = "Check configuration, routes, ledger and that uContact's host answers, and call nobody.")
        private boolean check;

        @Option(
                names = "--simulator",
                paramLabel = "PORT",
                description = "Run only a simulator of uContact on this port, to try routes and clients against.")
        private Integer simulatorPort;
    }

    public static void main(String[] args) {
        System.exit(run(args));
    }

    /** Runs the command line and gives its exit code. */
    static int run(String... args) {
        AgentCall command = new AgentCall();
        return new CommandLine(command)
                .setExitCodeExceptionMapper(e -> ExitCode.BAD_CONFIGURATION)
                .setExecutionExceptionHandler((e, line, result) -> {
                    line.getErr().println(Faults.describe(e));
                    return ExitCode.BAD_CONFIGURATION;
                })
                .execute(args);
    }

    @Override
    public Integer call() throws Exception {
        if (mode.simulatorPort != null) {
            return SimulatorMode.run(mode.simulatorPort);
        }
        if (mode.dryRun && files.isEmpty()) {
            throw new SettingsException(List.of("--dry-run: found no file, expected FILE.csv"));
        }
        if (mode.check && !files.isEmpty()) {
            throw new SettingsException(List.of("--check: found " + files.get(0) + ", expected no file"));
        }
        if (mode.check) {
            return new Check().run();
        }
        if (mode.dryRun) {
            return new DryRun().run(absolute(files));
        }
        return files.isEmpty() ? new Serve().run() : new OneShot().run(absolute(files));
    }

    /** Paths on the command line start where the user is, not at the package's folder. */
    private static List<Path> absolute(List<Path> files) {
        Path startedIn = Path.of(System.getProperty("agentcall.started.in", ""));
        return files.stream()
                .map(file -> startedIn.resolve(file).toAbsolutePath().normalize())
                .toList();
    }
}
