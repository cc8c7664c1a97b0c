package dev.agentcall.app;

import dev.agentcall.config.Settings;
import dev.agentcall.config.SettingsException;
import dev.agentcall.csv.CsvRefusedException;
import dev.agentcall.csv.Finding;
import dev.agentcall.ledger.Entry;
import dev.agentcall.ledger.Entry.Settled;
import dev.agentcall.ledger.Ledger;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.regex.Pattern;

/** Records what a human found out about unknown requests. */
final class SettleMode {

    private static final Pattern GUID = Pattern.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}");

    /** How coarse the times of files can be. */
    private static final Duration TIMESTAMPS = Duration.ofSeconds(2);

    private SettleMode() {}

    /** One request. */
    static int one(Finding finding) throws Exception {
        return run(Instant.now(), settings -> List.of(finding));
    }

    /** The rows of an unknown.csv with a column {@code settled}. */
    static int many(Path file) throws Exception {
        String fault = InputFile.fault(file);
        if (fault != null) {
            throw new SettingsException(List.of("--from: " + fault));
        }
        Instant written = Files.getLastModifiedTime(file).toInstant();
        return run(written, settings -> {
            try {
                return Finding.read(file, settings.work().resolve("settle"));
            } catch (CsvRefusedException e) {
                throw new SettingsException(List.of("--from " + file.getFileName() + ": " + e.getMessage()));
            }
        });
    }

    private interface Findings {
        List<Finding> in(Settings settings) throws IOException;
    }

    private static int run(Instant written, Findings findings) throws Exception {
        Logging.onlyWarnings();
        try (Bundle bundle = Bundle.start(Bundle.Extent.LOADED, Bundle.WITHOUT_UCONTACT)) {
            List<Finding> found = findings.in(bundle.settings());
            List<String> faults =
                    found.stream().map(SettleMode::fault).filter(f -> f != null).toList();
            if (!faults.isEmpty()) {
                throw new SettingsException(faults); // before the first is recorded: all or none
            }
            int settled = 0;
            for (Finding finding : found) {
                settled += settle(bundle.ledger(), finding, written) ? 1 : 0;
            }
            System.out.println(settled + " of " + found.size() + " settled");
            return settled == found.size() ? ExitCode.ALL_PLACED : ExitCode.NOT_ALL_PLACED;
        }
    }

    private static String fault(Finding finding) {
        String where = finding.row() == 0 ? "--settle" : "row " + finding.row();
        if (!finding.found().equals(Settled.PLACED) && !finding.found().equals(Settled.NOT_PLACED)) {
            return where + ": found '" + finding.found() + "', expected placed or not-placed";
        }
        if (finding.guid() != null && !GUID.matcher(finding.guid()).matches()) {
            return where + ": found '" + finding.guid() + "' as the GUID, expected 8-4-4-4-12 hexadecimal digits";
        }
        if (finding.guid() != null && finding.found().equals(Settled.NOT_PLACED)) {
            return where + ": found a GUID for a call that was not placed, expected none";
        }
        return null;
    }

    /** A finding that is older than the call is about an earlier call with the same id. */
    private static boolean settle(Ledger ledger, Finding finding, Instant written) {
        Entry latest = ledger.findLatest(finding.requestId());
        if (latest != null && written.plus(TIMESTAMPS).isBefore(latest.claimedAt())) {
            System.err.println("agentcall: " + finding.requestId() + " is not settled: the file was written at "
                    + written.truncatedTo(ChronoUnit.SECONDS) + ", before the latest call with this id at "
                    + latest.claimedAt().truncatedTo(ChronoUnit.SECONDS) + ", which is to be looked up as well");
            return false;
        }
        boolean placed = finding.found().equals(Settled.PLACED);
        boolean settled = ledger.settle(
                finding.requestId(), placed, finding.guid(), System.getProperty("user.name"), finding.note());
        if (settled) {
            System.out.println(finding.requestId() + " is settled as " + finding.found()
                    + (placed ? "" : "; it may be sent again"));
        } else {
            System.err.println("agentcall: " + finding.requestId() + " is not settled: "
                    + why(ledger.findLatest(finding.requestId())));
        }
        return settled;
    }

    private static String why(Entry entry) {
        if (entry == null) {
            return "no request in the ledger has this id";
        }
        if (entry.settled() != null) {
            return "it was settled as " + entry.settled().word() + " by "
                    + entry.settled().by() + " at " + entry.settled().at();
        }
        return "it is "
                + (entry.inFlight() ? "in flight" : entry.outcome().kind().word()) + ", not unknown";
    }
}
