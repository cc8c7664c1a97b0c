package dev.agentcall.call;

import java.time.Duration;

/**
 * What came back for one POST. Either a complete answer ({@code status} and {@code text}), or {@code failure}.
 *
 * @param status HTTP status, null if there was no complete answer
 * @param text the body, null if there was no complete answer
 * @param openEnded the body's end was the end of the connection, so it may be cut short
 * @param unreadable why a complete body is not here, such as {@code over 1 MiB}; null if it is
 * @param sent the request may have reached uContact
 * @param timedOut the failure is the response timeout
 * @param failure for people: why there is no answer; null if there is one
 * @param retryAfter how long uContact asked to wait, null if it did not
 */
public record Answer(
        Integer status,
        String text,
        boolean openEnded,
        String unreadable,
        boolean sent,
        boolean timedOut,
        String failure,
        Duration retryAfter) {

    public static Answer of(int status, String text, boolean openEnded, Duration retryAfter) {
        return new Answer(status, text, openEnded, null, true, false, null, retryAfter);
    }

    /** A complete answer whose body says nothing to us. */
    public static Answer unreadable(int status, String why, Duration retryAfter) {
        return new Answer(status, "", false, why, true, false, null, retryAfter);
    }

    /** The request left and no complete answer came back. */
    public static Answer lost(boolean timedOut, String failure) {
        return new Answer(null, null, false, null, true, timedOut, failure, null);
    }

    /** The request never left. */
    public static Answer notSent(String failure) {
        return new Answer(null, null, false, null, false, false, failure, null);
    }

    /** The text of a 2xx answer; null for every other. The predicate in place-call looks at this. */
    public String okText() {
        return status != null && status / 100 == 2 && unreadable == null ? text : null;
    }
}
