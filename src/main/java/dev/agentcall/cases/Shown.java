package dev.agentcall.cases;

import dev.agentcall.call.EndpointUri;
import dev.agentcall.call.Text;

/** How values and addresses stand in a report. */
final class Shown {

    private static final int LENGTH = 200;

    private Shown() {}

    /** In quotes, on one line, cut; {@code nothing} for null. */
    static String text(Object value) {
        return value == null ? "nothing" : "'" + plainText(value.toString()) + "'";
    }

    /** On one line, cut. */
    static String plainText(String text) {
        return Text.shown(text, LENGTH);
    }

    /** An endpoint without what may be secret, in the form that people write. */
    static String endpoint(String uri) {
        return EndpointUri.shown(plain(uri));
    }

    /** The form that people write: Camel puts slashes behind the colon of every endpoint. */
    static String plain(String uri) {
        return uri.matches("(?s)https?:.*") ? uri : uri.replaceFirst("^([A-Za-z0-9+.-]+):/*", "$1:");
    }
}
