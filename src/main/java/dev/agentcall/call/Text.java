package dev.agentcall.call;

import java.util.regex.Pattern;

/** How values are shown to people: without control characters, cut to a length, numbers masked. */
public final class Text {

    private static final int MASK_KEEPS = 3;
    private static final int MASKS = 32;
    private static final Pattern NUMBERS = Pattern.compile("[0-9](?:[\\s\\h()/.-]{0,3}[0-9]){4,}");

    private Text() {}

    /** On one line, control and invisible formatting characters as spaces, cut at {@code max} characters. */
    public static String shown(String value, int max) {
        StringBuilder shown = new StringBuilder(Math.min(value.length(), max));
        value.strip().codePoints().limit(max + 1L).map(Text::visible).forEach(shown::appendCodePoint);
        String stripped = shown.toString().strip();
        return stripped.codePointCount(0, stripped.length()) <= max
                ? stripped
                : stripped.substring(0, stripped.offsetByCodePoints(0, max)) + "…";
    }

    /**
     * A phone number for logs: all but its last three characters as {@code *}, of which there are as many as a number may
     * have at most, since what stands in its place may be anything.
     */
    public static String masked(String number) {
        if (number == null || number.isEmpty()) {
            return "";
        }
        int hidden = Math.max(0, number.length() - MASK_KEEPS);
        StringBuilder masked = new StringBuilder("*".repeat(Math.min(hidden, MASKS)));
        number.substring(hidden).codePoints().map(Text::visible).forEach(masked::appendCodePoint);
        return masked.toString();
    }

    /** The text with whatever may be a phone number in it masked, for logs: five digits or more, close together. */
    public static String numbersMasked(String text) {
        return NUMBERS.matcher(text).replaceAll(number -> masked(number.group()));
    }

    /** A failure with its root: what wraps it may say no more than that something failed. */
    public static String withRoot(Throwable failure) {
        Throwable root = root(failure);
        return root == failure ? String.valueOf(failure) : failure + " because of " + root;
    }

    /** The end of the chain of causes, null for null; some clients' exceptions are their own cause. */
    public static Throwable root(Throwable failure) {
        Throwable root = failure;
        while (root != null && root.getCause() != null && root.getCause() != root) {
            root = root.getCause();
        }
        return root;
    }

    private static int visible(int c) {
        return switch (Character.getType(c)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR -> ' ';
            default -> c;
        };
    }
}
