package dev.agentcall.app;

import dev.agentcall.config.PropertyFile;
import java.io.IOException;

/** How much is logged, and how; to be set before the first line is. Uses no class that logs. */
final class Logging {

    private static final String LEVEL = "agentcall.log.level";
    private static final String FORMAT = "agentcall.log.format";

    private Logging() {}

    /** For commands whose own output tells how it went. A level given by -D stays. */
    static void onlyWarnings() {
        setLevel(LEVEL, "warn");
    }

    /** For runs in which things go wrong on purpose, and somebody else tells what Camel would. Levels given by -D stay. */
    static void onlyErrors() {
        setLevel(LEVEL, "error");
        setLevel("agentcall.log.columns", "error");
        setLevel("agentcall.log.camel", "off");
    }

    private static void setLevel(String key, String level) {
        if (System.getProperty(key) == null) {
            System.setProperty(key, level);
        }
    }

    /** Text or JSON, as the setting says; what it is if it is neither is told with the faults of the other settings. */
    static void chooseFormat() {
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
