package dev.agentcall.app;

import dev.agentcall.routes.Spelling;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Properties;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Keys that look like settings and are none: a pause with a letter too many would be no pause, and nobody would notice.
 */
final class UnknownKeys {

    private static final String PREFIX = "agentcall.";
    private static final String CAMEL = "camel.";
    /** What the start script says, and how logs are chosen. */
    private static final Set<String> INTERNAL = Set.of(
            "agentcall.terminal",
            "agentcall.started.in",
            "agentcall.user.line",
            "agentcall.log.level",
            "agentcall.log.camel",
            "agentcall.log.columns");

    private static final Pattern KEY = Pattern.compile("agentcall\\.[\\w.-]*\\w");

    private UnknownKeys() {}

    /**
     * A line for each of the file's keys that nobody uses.
     *
     * @param settings the keys that there are
     * @param routes the text of the route files, which may use others
     */
    static List<String> inFile(Set<String> settings, Properties file, String routes) {
        String users = routes + file.values();
        Set<String> used = KEY.matcher(users).results().map(MatchResult::group).collect(Collectors.toSet());
        return file.stringPropertyNames().stream()
                .filter(key -> !settings.contains(key) && !used.contains(key))
                .filter(key -> dotted(key).startsWith(PREFIX) || !key.startsWith(CAMEL) && !users.contains(key))
                .sorted()
                .map(key -> key + ": is no setting, and no route uses it"
                        + meant(dotted(key), settings)
                                .map(", expected "::concat)
                                .collect(Collectors.joining()))
                .toList();
    }

    private static Stream<String> meant(String key, Set<String> settings) {
        return key.startsWith(PREFIX) ? closest(key, settings) : Spelling.closest(key, settings).stream();
    }

    /** A line for each system property that is nearly a setting. */
    static List<String> inSystemProperties(Set<String> settings, Collection<String> keys) {
        return keys.stream()
                .filter(key -> key.startsWith(PREFIX) && !settings.contains(key) && !INTERNAL.contains(key))
                .sorted()
                .flatMap(key -> closest(key, settings).map(meant -> key + ": is no setting, expected " + meant))
                .toList();
    }

    /** A line for each environment variable that is nearly a setting. Others may be another program's. */
    static List<String> inEnvironment(Set<String> settings, Collection<String> variables) {
        Set<String> known = Stream.concat(settings.stream(), Logging.LEVELS.stream())
                .map(UnknownKeys::variable)
                .collect(Collectors.toSet());
        return variables.stream()
                .filter(variable -> variable.startsWith("AGENTCALL_") && !known.contains(variable))
                .sorted()
                .flatMap(variable ->
                        closest(variable, known).map(meant -> variable + ": is no setting, expected " + meant))
                .toList();
    }

    /** The environment variable of a key. */
    static String variable(String key) {
        return key.toUpperCase(Locale.ROOT).replaceAll("[.-]", "_");
    }

    private static String dotted(String key) {
        return key.toLowerCase(Locale.ROOT).replace('_', '.');
    }

    /** The word that was probably meant, if any; by what follows the prefix, which all have. */
    private static Stream<String> closest(String found, Collection<String> words) {
        return Spelling.closest(
                        found.substring(PREFIX.length()),
                        words.stream()
                                .map(word -> word.substring(PREFIX.length()))
                                .toList())
                .stream()
                .map(found.substring(0, PREFIX.length())::concat);
    }
}
