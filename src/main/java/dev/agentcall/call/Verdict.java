package dev.agentcall.call;

/**
 * What one answer of uContact, or the lack of one, means for the request.
 *
 * @param kind the outcome; null for {@code unavailable}, which is no outcome: uContact did not take the call
 * @param guid the call's name, only when placed
 * @param reason see {@link Reason}; null when placed
 * @param detail for people; null when placed
 * @param status HTTP status, null where no answer came
 */
public record Verdict(OutcomeKind kind, String guid, String reason, String detail, Integer status) {

    static Verdict placed(String guid, int status) {
        return new Verdict(OutcomeKind.PLACED, guid, null, null, status);
    }

    static Verdict rejected(String reason, String detail, int status) {
        return new Verdict(OutcomeKind.REJECTED, null, reason, detail, status);
    }

    static Verdict unknown(String reason, String detail, Integer status) {
        return new Verdict(OutcomeKind.UNKNOWN, null, reason, detail, status);
    }

    static Verdict unavailable(String detail, Integer status) {
        return new Verdict(null, null, status == null ? "not-sent" : Reason.http(status), detail, status);
    }

    public boolean isUnavailable() {
        return kind == null;
    }
}
