package dev.agentcall.config;

import dev.agentcall.call.EndpointUri;
import dev.agentcall.call.Field;
import dev.agentcall.call.Text;
import dev.agentcall.call.Validation;
import dev.agentcall.csv.ColumnNames;
import dev.agentcall.http.Token;
import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads settings by type and collects what is wrong with them: key, what was found, what was expected. */
public final class SettingsReader {

    private static final Pattern DURATION = Pattern.compile("(\\d{1,9}) ?(ms|s|m|h|d)");
    /** So that a duration can be told in nanoseconds. */
    private static final Duration LONGEST = Duration.ofDays(36_500);

    private static final int SHOWN = 60;

    static final int HIGHEST_PORT = 65_535;

    private static final Pattern NUMBER = Pattern.compile("\\d{1,9}(\\.\\d{1,9})?");

    /** What begins a URL that is the name of something that the application has in Camel's registry. */
    static final String BEAN_PREFIX = "bean:";

    static final String BEAN = BEAN_PREFIX + "[\\w.$-]+";

    private final UnaryOperator<String> properties;
    private final List<String> faults = new ArrayList<>();

    SettingsReader(UnaryOperator<String> properties) {
        this.properties = properties;
    }

    /**
     * One duration that comes from somewhere else, from the command line for one.
     *
     * @param value null for none; then null is what comes back
     * @throws SettingsException if it is no duration
     */
    public static Duration duration(String name, String value) {
        if (value == null) {
            return null;
        }
        SettingsReader reader = new SettingsReader(key -> value);
        Duration duration = reader.duration(name, Duration.ZERO);
        reader.throwFaults();
        return duration;
    }

    void throwFaults() {
        if (!faults.isEmpty()) {
            throw new SettingsException(faults);
        }
    }

    /** The value without white space around it, or null. */
    String optional(String key) {
        String value = properties.apply(key);
        return value == null || value.isBlank() ? null : value.strip();
    }

    String required(String key, String expected) {
        String value = optional(key);
        if (value == null) {
            faults.add(key + ": not set, expected " + expected);
        }
        return value;
    }

    /** A fault of several settings together. */
    void tell(String fault) {
        faults.add(fault);
    }

    <T> T fault(String key, String found, String expected) {
        faults.add(key + ": found '" + found + "', expected " + expected);
        return null;
    }

    /** A value that is never shown. */
    String secret(String key) {
        String value = required(key, "the token that uContact hands out (or its file in " + key + "-file)");
        if (value != null && !value.chars().allMatch(c -> c > ' ' && c < 127)) {
            faults.add(
                    key + ": has white space or characters that cannot stand in a header, expected the token as it is");
        }
        return value;
    }

    String matching(String key, String regex, String expected) {
        String value = required(key, expected);
        return value == null || value.matches(regex) ? value : fault(key, withoutSecrets(value), expected);
    }

    URI httpUrl(String key, String expected) {
        String value = required(key, expected);
        if (value == null) {
            return null;
        }
        try {
            URI url = new URI(value.replaceAll("/+$", ""));
            boolean web = "http".equalsIgnoreCase(url.getScheme()) || "https".equalsIgnoreCase(url.getScheme());
            if (web
                    && url.getPort() <= HIGHEST_PORT
                    && url.getHost() != null
                    && url.getQuery() == null
                    && url.getFragment() == null
                    && url.getUserInfo() == null) {
                return url;
            }
        } catch (URISyntaxException e) {
            // told below, like every other fault of the address
        }
        String hint = value.contains("{") && expected.contains("{") ? ", with yours in the place of {instance}" : "";
        return fault(key, withoutSecrets(value), expected + hint);
    }

    /** As an address may be shown, and without what follows the first word: the token, after its scheme. */
    private static String withoutSecrets(String value) {
        return EndpointUri.shownServer(value).replaceAll("(?s)\\s.*", " …");
    }

    Path path(String key) {
        String value = required(key, "a folder");
        try {
            return value == null ? null : Path.of(value);
        } catch (InvalidPathException e) {
            return fault(key, value, "a folder");
        }
    }

    Path file(String key) {
        String value = optional(key);
        if (value == null) {
            return null;
        }
        try {
            Path file = Path.of(value);
            if (Files.isReadable(file) && Files.isRegularFile(file)) {
                return file;
            }
        } catch (InvalidPathException e) {
            // told below, like a file that is not there
        }
        return fault(key, value, "a file that can be read");
    }

    /** A file that holds the token. */
    Path tokenFile(String key) {
        Path file = file(key);
        if (file != null) {
            try {
                Token.read(file);
            } catch (IllegalArgumentException e) {
                faults.add(e.getMessage());
            }
        }
        return file;
    }

    Duration duration(String key, Duration least) {
        String expected = "a duration such as 500ms, 5s, 2m, 1h or 90d"
                + (least.isZero()
                        ? ""
                        : ", at least " + (least.toDays() > 0 ? least.toDays() + "d" : least.toMillis() + "ms"))
                + ", at most " + LONGEST.toDays()
                + "d";
        String value = required(key, expected);
        if (value == null) {
            return Duration.ZERO;
        }
        Matcher matcher = DURATION.matcher(value);
        if (matcher.matches()) {
            long amount = Long.parseLong(matcher.group(1));
            Duration duration =
                    switch (matcher.group(2)) {
                        case "ms" -> Duration.ofMillis(amount);
                        case "s" -> Duration.ofSeconds(amount);
                        case "m" -> Duration.ofMinutes(amount);
                        case "h" -> Duration.ofHours(amount);
                        default -> Duration.ofDays(amount);
                    };
            if (duration.compareTo(least) >= 0 && duration.compareTo(LONGEST) <= 0) {
                return duration;
            }
        }
        fault(key, value, expected);
        return Duration.ZERO;
    }

    int wholeNumber(String key, int least, int most) {
        String expected = "a whole number from " + least + " to " + most;
        String value = required(key, expected);
        try {
            int number = value == null ? least : Integer.parseInt(value);
            if (number >= least && number <= most) {
                return number;
            }
        } catch (NumberFormatException e) {
            // told below
        }
        fault(key, value, expected);
        return least;
    }

    double number(String key) {
        String expected = "a number from 0 to 1000000";
        String value = required(key, expected);
        if (value == null) {
            return 0;
        }
        double number = NUMBER.matcher(value).matches() ? Double.parseDouble(value) : -1;
        if (number >= 0 && number <= 1_000_000) {
            return number;
        }
        fault(key, value, expected);
        return 0;
    }

    /** Values separated by white space, each of this form. */
    List<String> list(String key, String regex, String expected) {
        String values = optional(key);
        List<String> list = values == null ? List.of() : List.of(values.split("\\s+"));
        list.stream().filter(value -> !value.matches(regex)).forEach(value -> fault(key, value, expected));
        return list;
    }

    Map<Field, String> defaults(String prefix) {
        Map<Field, String> defaults = new EnumMap<>(Field.class);
        for (Field field : Field.REQUIRED) {
            String key = prefix + field.key();
            String value = optional(key);
            if (value != null && !Validation.isBlank(value)) {
                defaults.put(field, value);
                if (!Validation.isGood(field, value)) {
                    fault(key, Text.shown(value, SHOWN), Validation.expected(field));
                }
            }
        }
        return defaults;
    }

    /** Pairs {@code column=field}, separated by commas. */
    Map<String, Field> columns(String key) {
        Map<String, Field> columns = new LinkedHashMap<>();
        String value = optional(key);
        for (String pair : value == null ? new String[0] : value.split("\\s*,\\s*")) {
            int sign = pair.lastIndexOf('=');
            String column = sign < 1 ? "" : ColumnNames.normalised(pair.substring(0, sign));
            Field field = Field.ofKey(pair.substring(sign + 1).strip().toLowerCase(java.util.Locale.ROOT));
            if (column.isEmpty() || field == null) {
                fault(
                        key,
                        pair,
                        "column=field, where field is one of "
                                + List.of(Field.values()).stream()
                                        .map(Field::key)
                                        .toList());
            } else if (columns.put(column, field) != null) {
                fault(key, pair, "each column once");
            }
        }
        return columns;
    }

    static String hostName() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return "localhost";
        }
    }
}
