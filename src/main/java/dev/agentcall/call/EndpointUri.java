package dev.agentcall.call;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How the URI of an endpoint stands in logs and messages. */
public final class EndpointUri {

    private static final Pattern IN_TEXT = Pattern.compile("[A-Za-z][A-Za-z0-9+.-]*://[^\\s'\"]+");

    private static final Pattern PARTS = Pattern.compile(
            "(?s)(?<scheme>\\(?(?:[A-Za-z][A-Za-z0-9+.-]*:(?://)?)?(?:https?://)?)(?<authority>[^/?\\s]*)(?<path>[^?]*)(?<options>.*)");

    private static final Pattern WEB = Pattern.compile("(?:.*[^A-Za-z0-9+.])?https?:(?://)?");

    private EndpointUri() {}

    /**
     * An endpoint without what may be secret: its options, a user and password before an {@code @}, and the path of a web
     * address, which is the key to many a webhook. Where an {@code @} may end a password with a slash or a question mark in
     * it, only the scheme is left.
     */
    public static String shown(String uri) {
        return shown(uri, true, "");
    }

    /** Likewise the address of a server, whose path is no secret, with {@code ?…} for its options. */
    public static String shownServer(String uri) {
        return shown(uri, false, "?…");
    }

    private static String shown(String uri, boolean keyInPath, String options) {
        Matcher parts = PARTS.matcher(uri);
        parts.matches(); // all parts may be empty
        String scheme = parts.group("scheme");
        String path = parts.group("path");
        if ((path + parts.group("options")).contains("@")) {
            return scheme + "…";
        }
        boolean cut = keyInPath && path.length() > 1 && WEB.matcher(scheme).matches();
        return scheme
                + parts.group("authority").replaceFirst(".*@", "…@")
                + (cut ? "/…" : path)
                + (parts.group("options").isEmpty() ? "" : options);
    }

    /** The text with each URI in it as it may be {@link #shown}. */
    static String allShown(String text) {
        return IN_TEXT.matcher(text).replaceAll(uri -> Matcher.quoteReplacement(shown(uri.group())));
    }
}
