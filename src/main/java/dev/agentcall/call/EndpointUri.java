package dev.agentcall.call;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How the URI of an endpoint stands in logs and messages. */
public final class EndpointUri {

    private static final Pattern IN_TEXT = Pattern.compile("[A-Za-z][A-Za-z0-9+.-]*://[^\\s'\"]+");

    private EndpointUri() {}

    /**
     * An endpoint without what may be secret: its options, a user and password before an {@code @}, and the path of a web
     * address, which is the key to many a webhook.
     */
    public static String shown(String uri) {
        return uri.replaceAll("(?s)\\?.*", "")
                .replaceAll("(?s)^([^:]+:(//)?).*@", "$1…@")
                .replaceAll("(?s)^((?:[^:/]+:(?://)?)?(?:[^:/]+-)?https?://[^/]*)/.+", "$1/…");
    }

    /** The text with each URI in it as it may be {@link #shown}. */
    static String allShown(String text) {
        return IN_TEXT.matcher(text).replaceAll(uri -> Matcher.quoteReplacement(shown(uri.group())));
    }
}
