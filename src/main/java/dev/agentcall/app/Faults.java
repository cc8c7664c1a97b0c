package dev.agentcall.app;

import static dev.agentcall.config.PropertyFile.CONFIGURATION;

import dev.agentcall.config.SettingsException;
import dev.agentcall.ledger.LedgerException;
import dev.agentcall.routes.RouteFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
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
            if (cause instanceof UncheckedIOException) {
                continue; // what it wraps says it
            }
            String message = place(cause) + sentence(cause);
            if (sentences.stream().noneMatch(sentence -> sentence.contains(message))) {
                sentences.add(message);
            }
        }
        return "agentcall: " + String.join("\n  because ", sentences);
    }

    private static String sentence(Throwable cause) {
        if (cause instanceof FileSystemException file && file.getReason() == null && file.getFile() != null) {
            if (file instanceof AccessDeniedException) {
                return denied(file.getFile());
            }
            if (file instanceof NoSuchFileException) {
                return file.getFile() + ": is not there, expected a file or folder of this name";
            }
        }
        return cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
    }

    /** The system does not say what was denied, but settings and routes are only read. */
    private static String denied(String file) {
        Path path = Path.of(file);
        String user = System.getProperty("user.name");
        if (path.startsWith(CONFIGURATION.folder()) || path.startsWith(Bundle.ROUTES)) {
            return file + ": cannot be read (permission denied), expected a "
                    + (Files.isDirectory(path) ? "folder" : "file") + " that the user " + user + " may read";
        }
        return file + ": permission denied, expected that the user " + user
                + " may read it, or write it where results go";
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
