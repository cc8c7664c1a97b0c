package dev.agentcall.call;

import dev.agentcall.config.Settings;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;
import java.util.regex.Pattern;

/**
 * Turns the values of a request into what is sent, or says what is wrong with them. Numbers are never read as numbers:
 * leading zeros and {@code +} survive. Defaults stand in for missing and blank values.
 */
public final class Validation {

    private static final int MAX_TEXT = 255;
    private static final int MAX_ID = 200;
    private static final int SHOWN = 60;

    /** No-break spaces are in {@code \h}, the line ends that are no ASCII in {@code \v}. */
    private static final Pattern WHITE_SPACE = Pattern.compile("[\\s\\h\\v]+");

    /** What people put between digits. */
    private static final Pattern SEPARATORS = Pattern.compile("[\\s\\h\\v()/.-]+");

    private static final String EXPECTED_NUMBER = "an optional + and 1 to 32 characters out of 0-9 * #";
    private static final Pattern NUMBER = Pattern.compile("\\+?[0-9*#]{1,32}");
    /** 5,98E+10: what a spreadsheet makes of a long number. */
    private static final Pattern SCIENTIFIC = Pattern.compile("[+-]?[0-9]+([.,][0-9]*)?[eE][+-]?[0-9]+");
    /** 59899123456.0, 59899123456,00 or 59899123456.5; but 12.000 is a grouped 12000, and 2622.1234 a number. */
    private static final Pattern DECIMAL_TAIL = Pattern.compile("[+-]?([0-9]+[.,]0{1,2}|[0-9]{7,}[.,](0+|[0-9]{1,2}))");

    private final Map<Field, String> defaults;

    /** The rules of one process. */
    public Validation(Settings settings) {
        this.defaults = settings.defaults();
    }

    /** Whether a request may have this value in this field. */
    public static boolean isGood(Field field, String value) {
        List<Fault> faults = new ArrayList<>();
        checked(field, value, faults);
        return faults.isEmpty();
    }

    /** What is expected of a field's value, for people. */
    public static String expected(Field field) {
        return switch (field.kind()) {
            case NUMBER -> EXPECTED_NUMBER;
            case TEXT -> "one line of text, at most " + MAX_TEXT + " characters";
            case FREE -> "text";
        };
    }

    /**
     * Checks one request.
     *
     * @return the request with the values as they are sent (a value that is wrong stays as it was), and every fault
     */
    public Incoming check(Incoming incoming) {
        CallRequest request = incoming.request();
        List<Fault> faults = new ArrayList<>(incoming.faults());
        if (request.fields().isEmpty()
                && faults.stream().anyMatch(fault -> fault.reason().equals(Reason.MALFORMED))) {
            return incoming; // nothing could be read, so there is nothing to check
        }
        EnumMap<Field, String> checked = new EnumMap<>(Field.class);
        for (Field field : Field.values()) {
            String value = valueOrDefault(request, field);
            if (value != null) {
                checked.put(field, isFaulty(incoming, field) ? value : checked(field, value, faults));
            } else if (field != Field.DATA) {
                faults.add(
                        new Fault(Reason.MISSING_FIELD, field, field.key() + " is missing or blank, expected a value"));
            }
        }
        String id = checkedId(request.requestId(), faults);
        return new Incoming(
                request.withFields(checked).withRequestId(id), faults.isEmpty() ? List.of() : List.copyOf(faults));
    }

    private static boolean isFaulty(Incoming incoming, Field field) {
        for (Fault fault : incoming.faults()) {
            if (fault.field() == field) {
                return true;
            }
        }
        return false;
    }

    private static String checked(Field field, String value, List<Fault> faults) {
        return switch (field.kind()) {
            case NUMBER -> number(field, value, faults);
            case TEXT -> text(field, value, faults);
            case FREE -> free(field, value, faults);
        };
    }

    /** The name by which calls to one agent are told from others': as it is sent; null if there is none. */
    public String agentOf(CallRequest request) {
        String agent = valueOrDefault(request, Field.AGENT);
        return agent == null ? null : trim(agent);
    }

    private String valueOrDefault(CallRequest request, Field field) {
        String value = request.get(field);
        if (value == null || isBlank(value)) {
            value = defaults.get(field);
        }
        return value == null || isBlank(value) ? null : value;
    }

    /** Whether nothing is left of it without the white space around it, no-break spaces and byte order marks included. */
    public static boolean isBlank(String value) {
        for (int i = 0; i < value.length(); i++) {
            if (!isTrimmed(value.charAt(i))) {
                return false;
            }
        }
        return true;
    }

    /** The id as it came; of one that not every ledger can hold, so much as can be shown. */
    private static String checkedId(String id, List<Fault> faults) {
        if (id == null) {
            return null;
        }
        boolean visible = !has(
                id,
                c -> c == '/'
                        || Character.isWhitespace(c)
                        || Character.isSpaceChar(c)
                        || Character.getType(c) == Character.FORMAT
                        || isControl(c));
        boolean tooLong = id.codePointCount(0, id.length()) > MAX_ID;
        if (id.isEmpty() || tooLong || !visible) {
            faults.add(new Fault(
                    Reason.BAD_TEXT,
                    null,
                    "requestId '" + Text.shown(id, SHOWN) + "' is not 1 to 200 visible characters without '/'"));
            return tooLong || has(id, Validation::isControl) ? Text.shown(id, MAX_ID) : id;
        }
        return id;
    }

    private static String text(Field field, String value, List<Fault> faults) {
        String trimmed = trim(value);
        if (has(trimmed, Validation::isControl)) {
            faults.add(new Fault(
                    Reason.BAD_TEXT,
                    field,
                    field.key() + " '" + Text.shown(value, SHOWN)
                            + "' has a control character, expected one line of text"));
            return value;
        }
        int length = trimmed.codePointCount(0, trimmed.length());
        if (length > MAX_TEXT) {
            faults.add(new Fault(
                    Reason.BAD_TEXT,
                    field,
                    field.key() + " is " + length + " characters long, expected at most " + MAX_TEXT));
            return value;
        }
        return trimmed;
    }

    private static String free(Field field, String value, List<Fault> faults) {
        if (has(value, c -> Character.getType(c) == Character.SURROGATE)) {
            faults.add(new Fault(
                    Reason.BAD_TEXT, field, field.key() + " has half a character (a lone surrogate), expected text"));
        }
        return value;
    }

    private static String trim(String value) {
        int from = 0;
        int to = value.length();
        while (from < to && isTrimmed(value.charAt(from))) {
            from++;
        }
        while (to > from && isTrimmed(value.charAt(to - 1))) {
            to--;
        }
        return value.substring(from, to);
    }

    private static boolean isTrimmed(char c) {
        return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == '\uFEFF';
    }

    /** Like {@code codePoints().anyMatch}; the streams of a request's values cost more than all else that is checked. */
    private static boolean has(String value, IntPredicate wanted) {
        for (int i = 0; i < value.length(); ) {
            int c = value.codePointAt(i);
            if (wanted.test(c)) {
                return true;
            }
            i += Character.charCount(c);
        }
        return false;
    }

    /** Control characters, line separators, and halves of characters, which no encoding can carry. */
    private static boolean isControl(int c) {
        int type = Character.getType(c);
        return type == Character.CONTROL
                || type == Character.LINE_SEPARATOR
                || type == Character.PARAGRAPH_SEPARATOR
                || type == Character.SURROGATE;
    }

    private static String number(Field field, String value, List<Fault> faults) {
        String raw = unwrap(trim(value));
        String wrong;
        if (NUMBER.matcher(raw).matches()) {
            return raw;
        }
        String unspaced = WHITE_SPACE.matcher(raw).replaceAll("");
        if (SCIENTIFIC.matcher(unspaced).matches()) {
            wrong = "a spreadsheet turned it into scientific notation and digits are lost; "
                    + "format the column as text and fill it again";
        } else if (DECIMAL_TAIL.matcher(unspaced).matches()) {
            wrong = "a spreadsheet turned it into a decimal number; format the column as text and fill it again";
        } else {
            String digits = SEPARATORS.matcher(raw).replaceAll("");
            if (NUMBER.matcher(digits).matches()) {
                return digits;
            }
            wrong = "expected " + EXPECTED_NUMBER + unseen(digits);
        }
        faults.add(new Fault(Reason.BAD_NUMBER, field, field.key() + " '" + Text.shown(value, SHOWN) + "': " + wrong));
        return value;
    }

    /** A character that looks like another, or like nothing, is named. */
    private static String unseen(String digits) {
        return digits.codePoints()
                .filter(c -> c > 126)
                .mapToObj("; U+%04X is none of them"::formatted)
                .findFirst()
                .orElse("");
    }

    /** Takes off a leading apostrophe and ="…", with which spreadsheets keep a number a text. */
    private static String unwrap(String value) {
        String bare = value.startsWith("'") ? trim(value.substring(1)) : value;
        return bare.length() > 2 && bare.startsWith("=\"") && bare.endsWith("\"")
                ? trim(bare.substring(2, bare.length() - 1))
                : bare;
    }
}
