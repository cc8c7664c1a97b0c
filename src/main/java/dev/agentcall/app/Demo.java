package dev.agentcall.app;

import dev.agentcall.simulator.Simulator;
import java.net.URI;
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
            code = new OneShot(settings(simulator.uri(), data)).run(List.of(sample));
        }
        // The demo shows the product; that some rows are not placed is part of the show.
        System.exit(code == ExitCode.NOT_ALL_PLACED ? ExitCode.ALL_PLACED : code);
    }

    /** What leads out of the demo's own folder and process, should the environment have it for something real. */
    private static Map<String, String> settings(URI ucontact, Path data) {
        Path outbox = data.resolve("outbox");
        return Map.of(
                "agentcall.ucontact.url",
                ucontact.toString(),
                "agentcall.ucontact.token",
                "demo",
                "agentcall.ucontact.token-file",
                "",
                "agentcall.ucontact.proxy",
                "",
                "agentcall.data",
                data.toString(),
                "agentcall.outbox",
                outbox.toString(),
                "agentcall.ledger.url",
                "jdbc:sqlite:" + data.resolve("ledger.db"),
                "agentcall.jms.url",
                "",
                "agentcall.channel.success",
                "jsonl:" + outbox.resolve("success.jsonl"),
                "agentcall.channel.error",
                "jsonl:" + outbox.resolve("error.jsonl"));
    }
}
