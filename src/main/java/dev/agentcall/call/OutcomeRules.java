package dev.agentcall.call;

import java.util.Set;
import java.util.regex.Pattern;

/**
 * What an answer means that the predicate in place-call, or that of another operation, did not accept. The table in the
 * README's section on outcomes is this class in words.
 */
public final class OutcomeRules {

    /** uContact, or something before it, says: not here, not you, or not now. It did not take the call. */
    private static final Set<Integer> NOT_TAKEN = Set.of(401, 403, 404, 405, 407, 429, 503);

    private static final Pattern GUID_ANYWHERE =
            Pattern.compile("[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}");
    private static final int SHOWN = 200;

    private OutcomeRules() {}

    /** The call's name out of an answer that was accepted: without the white space and the quotes around it. */
    public static Verdict accepted(Answer answer) {
        String guid = answer.text().strip();
        if (guid.length() > 1
                && "\"'".indexOf(guid.charAt(0)) >= 0
                && guid.charAt(guid.length() - 1) == guid.charAt(0)) {
            guid = guid.substring(1, guid.length() - 1);
        }
        return Verdict.placed(guid, answer.status());
    }

    /** Everything else. In doubt the verdict is {@code unknown}: a human looks, nobody is rung twice. */
    public static Verdict notAccepted(Answer answer) {
        return notAccepted(answer, "a GUID", "the call may have been placed");
    }

    /**
     * The same for any operation.
     *
     * @param expected for people: the answer that means success
     * @param doubt for people: what may be the case when nobody knows
     */
    static Verdict notAccepted(Answer answer, String expected, String doubt) {
        if (answer.status() == null) {
            return withoutAnswer(answer, doubt);
        }
        int status = answer.status();
        String shown = "HTTP " + status + ", answer " + shown(answer);
        if (status / 100 == 3 || NOT_TAKEN.contains(status)) {
            return Verdict.unavailable(Text.numbersMasked(shown), status); // it goes to the log
        }
        if (status / 100 == 4) {
            return Verdict.rejected(Reason.http(status), shown, status);
        }
        if (status / 100 != 2) {
            return Verdict.unknown(Reason.http(status), shown, status);
        }
        return notAccepted2xx(answer, status, shown + "; expected " + expected, shown, doubt);
    }

    /** The setting that is wrong if every call gets this status, as the end of a sentence; null is none. */
    static String toLookAt(Integer status) {
        return status != null && (status == 401 || status == 403)
                ? "; look at agentcall.ucontact.token, or the file in agentcall.ucontact.token-file"
                : "";
    }

    private static Verdict notAccepted2xx(Answer answer, int status, String unexpected, String shown, String doubt) {
        if (answer.unreadable() != null) {
            return Verdict.unknown(Reason.UNEXPECTED_ANSWER, unexpected, status);
        }
        if (GUID_ANYWHERE.matcher(answer.text()).find()) {
            return Verdict.unknown(Reason.UNEXPECTED_ANSWER, unexpected + "; there is a GUID in it, " + doubt, status);
        }
        if (answer.openEnded()) {
            return Verdict.unknown(
                    Reason.CONNECTION_LOST, shown + "; its end was the end of the connection, it may be cut", status);
        }
        return switch (answer.text().strip()) {
            case "0" -> Verdict.rejected(Reason.UCONTACT_0, "uContact answered 0: it refused the data", status);
            case "1" -> Verdict.rejected(Reason.UCONTACT_1, "uContact answered 1: it refused the data", status);
            default -> Verdict.rejected(Reason.UNEXPECTED_ANSWER, unexpected, status);
        };
    }

    private static Verdict withoutAnswer(Answer answer, String doubt) {
        if (!answer.sent()) {
            return Verdict.unavailable(answer.failure(), null);
        }
        return Verdict.unknown(
                answer.timedOut() ? Reason.TIMEOUT : Reason.CONNECTION_LOST, answer.failure() + "; " + doubt, null);
    }

    private static String shown(Answer answer) {
        if (answer.unreadable() != null) {
            return answer.unreadable();
        }
        return answer.text().isBlank() ? "empty" : "'" + Text.shown(answer.text(), SHOWN) + "'";
    }
}
