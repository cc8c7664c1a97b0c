package dev.agentcall.app;

import dev.agentcall.simulator.Simulator;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Map;

/** Shows the product without any set-up: the sample file against the built-in simulator of uContact. */
public final class Demo {

    private static final DateTimeFormatter STAMP =
            DateTimeFormatter.ofPattern("uuuuMMdd-HHmmss-SSS").withZone(ZoneOffset.UTC);

    private Demo() {}

    public static void main(String[] args) throws Exception {
        Logging.onlyWarnings();
        Path sample = Path.of("examples", "calls.csv").toAbsolutePath();
        Path data = Path.of("target", "demo", STAMP.format(Instant.now()));
        System.out.println("Calls the rows of " + sample + " on a simulator of uContact");
        int code;
        try (Simulator simulator = Simulator.start(Simulator.Options.defaults())) {
            code = new OneShot(Map.of(
                            "agentcall.ucontact.url", simulator.uri().toString(),
                            "agentcall.ucontact.token", "demo",
                            "agentcall.data", data.toString()))
                    .run(List.of(sample));
        }
        // The demo shows the product; that some rows are not placed is part of the show.
        System.exit(code == ExitCode.NOT_ALL_PLACED ? ExitCode.ALL_PLACED : code);
    }
}
