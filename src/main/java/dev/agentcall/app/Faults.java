package dev.agentcall.app;

import dev.agentcall.config.SettingsException;
import dev.agentcall.ledger.LedgerException;
import dev.agentcall.routes.RouteFile;
import java.io.IOException;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.camel.FailedToCreateRouteException;

/** What went wrong, in words for people: no stack traces, and no sentence twice. */
final class Faults {

    private Faults() {}

    /** The sentences of the chain of causes that say something new; one of ours says it all. */
    static String describe(Throwable e) {
        Set<String> sentences = new LinkedHashSet<>();
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof SettingsException settings) {
                return settings.faults().stream().map("agentcall: "::concat).collect(Collectors.joining("\n"));
            }
            if (cause instanceof LedgerException) {
                return "agentcall: " + cause.getMessage();
            }
            String message = place(cause)
                    + (cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage());
            if (sentences.stream().noneMatch(sentence -> sentence.contains(message))) {
                sentences.add(message);
            }
        }
        return "agentcall: " + String.join("\n  because ", sentences);
    }

    /** Where the route stands that could not be made; Camel names its id alone. */
    private static String place(Throwable cause) {
        try {
            return cause instanceof FailedToCreateRouteException failed && failed.getRouteId() != null
                    ? RouteFile.placeOf(failed.getRouteId(), RouteFile.of(Bundle.ROUTES))
                            .map(place -> place + ": ")
                            .orElse("")
                    : "";
        } catch (IOException e) {
            return "";
        }
    }
}
