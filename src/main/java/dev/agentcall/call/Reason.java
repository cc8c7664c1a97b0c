package dev.agentcall.call;

/** Why a request was not placed: one stable word each, for programs. */
public final class Reason {

    public static final String MISSING_FIELD = "missing-field";
    public static final String BAD_NUMBER = "bad-number";
    public static final String BAD_TEXT = "bad-text";
    public static final String MALFORMED = "malformed";
    public static final String ID_CONFLICT = "id-conflict";

    public static final String UCONTACT_0 = "ucontact-0";
    public static final String UCONTACT_1 = "ucontact-1";
    public static final String UNEXPECTED_ANSWER = "unexpected-answer";

    public static final String TIMEOUT = "timeout";
    public static final String CONNECTION_LOST = "connection-lost";
    public static final String CRASH = "crash";

    private Reason() {}

    /** {@code http-503} and the like. */
    public static String http(int status) {
        return "http-" + status;
    }
}
