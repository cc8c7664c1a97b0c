package dev.agentcall.app;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;

/** How much is logged, and how; to be set before the first line is. Uses no class that logs. */
final class Logging {

    private static final String LEVEL = "agentcall.log.level";
    private static final String FORMAT = "agentcall.log.format";
    private static final Path CONFIGURATION = Path.of("config", "application.properties");

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
        Properties settings = new Properties();
        if (Files.exists(CONFIGURATION)) {
            try (InputStream in = Files.newInputStream(CONFIGURATION)) {
                settings.load(in);
            } catch (IOException | IllegalArgumentException e) {
                // Whoever reads it in earnest tells.
            }
        }
        return settings.getProperty(FORMAT, "").strip();
    }
}
