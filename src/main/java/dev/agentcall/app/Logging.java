package dev.agentcall.app;

import dev.agentcall.config.PropertyFile;
import dev.agentcall.config.SettingsException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** How much is logged, and how; to be set before the first line is. Uses no class that logs. */
final class Logging {

    private static final String LEVEL = "agentcall.log.level";
    private static final String CAMEL_LEVEL = "agentcall.log.camel";
    /** Taken from -D and the environment, not from the file. */
    static final List<String> LEVELS = List.of(LEVEL, CAMEL_LEVEL);

    private static final String FORMAT = "agentcall.log.format";

    private Logging() {}

    /** For commands whose own output tells how it went. A level that was given stays. */
    static void onlyWarnings() {
        setLevel(LEVEL, "warn");
    }

    /** For runs in which things go wrong on purpose, and somebody else tells what Camel would. Levels that were given stay. */
    static void onlyErrors() {
        setLevel(LEVEL, "error");
        setLevel("agentcall.log.columns", "error");
        setLevel(CAMEL_LEVEL, "off");
    }

    private static void setLevel(String key, String level) {
        if (System.getProperty(key) == null) {
            System.setProperty(key, level);
        }
    }

    /**
     * Takes over what is given about logs.
     *
     * @throws SettingsException if a level is none; nothing at all would be logged with it
     */
    static void configure() {
        chooseFormat();
        List<String> faults = new ArrayList<>();
        for (String key : LEVELS) {
            String level = System.getProperty(key, System.getenv(UnknownKeys.variable(key)));
            if (level == null || level.isBlank()) {
                System.clearProperty(key);
            } else if (level.strip().toLowerCase(Locale.ROOT).matches("error|warn|info|debug")) {
                System.setProperty(key, level.strip());
            } else {
                faults.add(key + ": found '" + level + "', expected error, warn, info or debug");
            }
        }
        if (!faults.isEmpty()) {
            throw new SettingsException(faults);
        }
    }

    /** Text or JSON, as the setting says; what it is if it is neither is told with the faults of the other settings. */
    private static void chooseFormat() {
        if (System.getProperty(FORMAT) == null) {
            String format = System.getenv("AGENTCALL_LOG_FORMAT");
            format = format == null ? configured() : format.strip();
            if (format.matches("text|json")) {
                System.setProperty(FORMAT, format);
            }
        }
    }

    private static String configured() {
        try {
            return PropertyFile.CONFIGURATION.read().getProperty(FORMAT, "").strip();
        } catch (IOException | IllegalArgumentException e) {
            return ""; // whoever reads it in earnest tells
        }
    }
}
