package dev.agentcall.app;

import dev.agentcall.call.CallRequest;
import dev.agentcall.call.Field;
import dev.agentcall.call.Outcome;
import dev.agentcall.call.OutcomeJson;
import dev.agentcall.call.OutcomeKind;
import dev.agentcall.call.Source;
import dev.agentcall.call.Text;
import dev.agentcall.ledger.Entry;
import dev.agentcall.ledger.EntryJson;
import java.io.PrintStream;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/** Lists the newest requests of the ledger, for people as a table and for programs as JSON lines. */
final class LedgerMode {

    private static final String ROW = "%-24s  %-10s  %-19s  %-36s  %-36s  %s%n";
    private static final int SHOWN = 36;

    private final OutcomeKind kind;
    private final Duration since;
    private final int limit;
    private final boolean asJson;

    /**
     * What to list.
     *
     * @param kind null for all
     * @param since how long ago at most, null for all
     */
    LedgerMode(OutcomeKind kind, Duration since, int limit, boolean asJson) {
        this.kind = kind;
        this.since = since;
        this.limit = limit;
        this.asJson = asJson;
    }

    int run() throws Exception {
        Logging.onlyWarnings();
        try (Bundle bundle = Bundle.start(Bundle.Extent.LOADED, Bundle.WITHOUT_UCONTACT)) {
            Instant from = since == null ? null : Instant.now().minus(since);
            List<Entry> entries = bundle.ledger().recent(kind, from, limit);
            print(entries, System.out);
            if (entries.isEmpty()) {
                System.err.println(
                        "agentcall: found none in " + bundle.settings().ledgerUrlShown());
            }
            return ExitCode.ALL_PLACED;
        }
    }

    private void print(List<Entry> entries, PrintStream out) {
        if (asJson) {
            for (Entry entry : entries) {
                out.println(EntryJson.write(entry));
            }
        } else if (entries.isEmpty()) {
            out.println("no such request");
        } else {
            out.printf(ROW, "AT", "OUTCOME", "REASON", "REQUEST ID", "GUID", "FROM, AGENT, DESTINATION");
            for (Entry entry : entries) {
                print(entry, out);
            }
        }
        out.flush();
    }

    private static void print(Entry entry, PrintStream out) {
        CallRequest request = entry.request();
        Outcome outcome = entry.outcome();
        out.printf(
                ROW,
                OutcomeJson.instant(outcome == null ? entry.claimedAt() : outcome.at()),
                outcome == null ? "in-flight" : outcome.kind().word(),
                entry.settled() != null
                        ? "settled: " + (entry.settled().placed() ? "placed" : "not placed")
                        : outcome == null ? "" : orEmpty(outcome.reason()),
                Text.shown(request.requestId(), SHOWN),
                outcome == null ? "" : Text.shown(orEmpty(outcome.guid()), SHOWN),
                shown(request.source())
                        + (outcome != null && outcome.replayed() ? " (not sent again)" : "")
                        + ", " + Text.shown(orEmpty(request.get(Field.AGENT)), SHOWN) + ", "
                        + Text.masked(request.get(Field.DESTINATION)));
    }

    private static String shown(Source source) {
        return Text.shown(source.name(), SHOWN) + (source.row() == null ? "" : " row " + source.row());
    }

    private static String orEmpty(String text) {
        return text == null ? "" : text;
    }
}
