package dev.agentcall.cases;

import dev.agentcall.call.Text;

/** How values and addresses stand in a report. */
final class Shown {

    private static final int LENGTH = 200;

    private Shown() {}

    /** In quotes, on one line, cut; {@code nothing} for null. */
    static String text(Object value) {
        return value == null ? "nothing" : "'" + Text.shown(value.toString(), LENGTH) + "'";
    }

    /**
     * An endpoint without what may be secret: its options, a user and password before an {@code @}, and the path of a web
     * address, which is the key to many a webhook.
     */
    static String endpoint(String uri) {
        String shown = plain(uri).replaceAll("(?s)\\?.*", "").replaceAll("(?s)^([^:]+:(//)?).*@", "$1…@");
        return shown.replaceAll("(?s)^((?:[^:/]+:)?https?://[^/]*)/.+", "$1/…");
    }

    /** The form that people write: Camel puts slashes behind the colon of every endpoint. */
    static String plain(String uri) {
        return uri.matches("(?s)https?:.*") ? uri : uri.replaceFirst("^([A-Za-z0-9+.-]+):/*", "$1:");
    }
}
