package dev.agentcall.call;

import static dev.agentcall.call.OutcomeKind.REJECTED;
import static dev.agentcall.call.OutcomeKind.UNKNOWN;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class OutcomeRulesTest {

    private static final String GUID = "8cf8570e-60e7-44ed-b799-3baab211b04d";

    static Stream<Arguments> answers() {
        return Stream.of(
                // a complete answer that places nothing
                Arguments.of("0", complete(200, "0"), REJECTED, "ucontact-0"),
                Arguments.of("0 and a line break", complete(200, "0\r\n"), REJECTED, "ucontact-0"),
                Arguments.of("1", complete(200, "1"), REJECTED, "ucontact-1"),
                Arguments.of("0 with another 2xx", complete(202, "0"), REJECTED, "ucontact-0"),
                Arguments.of("some text", complete(200, "Agent not logged in"), REJECTED, "unexpected-answer"),
                Arguments.of("00", complete(200, "00"), REJECTED, "unexpected-answer"),
                Arguments.of("nothing", complete(200, ""), REJECTED, "unexpected-answer"),
                Arguments.of("no content", complete(204, ""), REJECTED, "unexpected-answer"),
                Arguments.of(
                        "a GUID without hyphens", complete(200, GUID.replace("-", "")), REJECTED, "unexpected-answer"),
                Arguments.of("400", complete(400, "bad"), REJECTED, "http-400"),
                Arguments.of("402", complete(402, ""), REJECTED, "http-402"),
                Arguments.of("408", complete(408, ""), REJECTED, "http-408"),
                Arguments.of("422", complete(422, ""), REJECTED, "http-422"),
                Arguments.of("400 with a GUID", complete(400, GUID), REJECTED, "http-400"),
                // it may exist: a GUID in it, but it is not one
                Arguments.of("a GUID with a digit before it", complete(200, "1" + GUID), UNKNOWN, "unexpected-answer"),
                Arguments.of(
                        "a GUID in JSON", complete(200, "{\"id\":\"" + GUID + "\"}"), UNKNOWN, "unexpected-answer"),
                Arguments.of("two GUIDs", complete(200, GUID + " " + GUID), UNKNOWN, "unexpected-answer"),
                Arguments.of(
                        "a GUID in a page", complete(200, "<p>" + GUID.toUpperCase()), UNKNOWN, "unexpected-answer"),
                // it may be cut
                Arguments.of("0, then the end of the connection", openEnded(200, "0"), UNKNOWN, "connection-lost"),
                Arguments.of("half a GUID", openEnded(200, GUID.substring(0, 20)), UNKNOWN, "connection-lost"),
                Arguments.of("nothing, then the end", openEnded(200, ""), UNKNOWN, "connection-lost"),
                // no complete answer, or none to be trusted
                Arguments.of("over 1 MiB", Answer.unreadable(200, "over 1 MiB", null), UNKNOWN, "unexpected-answer"),
                Arguments.of("500", complete(500, "oops"), UNKNOWN, "http-500"),
                Arguments.of("500 and a 0", complete(500, "0"), UNKNOWN, "http-500"),
                Arguments.of("502", complete(502, ""), UNKNOWN, "http-502"),
                Arguments.of("504", complete(504, ""), UNKNOWN, "http-504"),
                Arguments.of("timeout", Answer.lost(true, "no answer within 60 s"), UNKNOWN, "timeout"),
                Arguments.of("reset", Answer.lost(false, "connection reset"), UNKNOWN, "connection-lost"));
    }

    @ParameterizedTest(name = "{0}: {2}, {3}")
    @MethodSource("answers")
    void anAnswerThatIsNoGuidHasOneOutcomeAndOneReason(String name, Answer answer, OutcomeKind outcome, String reason) {
        Verdict verdict = OutcomeRules.notAccepted(answer);

        assertThat(verdict.kind()).isEqualTo(outcome);
        assertThat(verdict.reason()).isEqualTo(reason);
        assertThat(verdict.guid()).isNull();
        assertThat(verdict.status()).isEqualTo(answer.status());
        assertThat(verdict.detail()).isNotBlank();
    }

    @ParameterizedTest
    @ValueSource(ints = {300, 301, 302, 304, 307, 308, 401, 403, 404, 405, 407, 429, 503})
    void aStatusThatSaysNotHereNotYouOrNotNowIsUnavailableAndNoOutcome(int status) {
        Verdict verdict = OutcomeRules.notAccepted(complete(status, "no"));

        assertThat(verdict.isUnavailable()).isTrue();
        assertThat(verdict.kind()).isNull();
        assertThat(verdict.status()).isEqualTo(status);
        assertThat(verdict.reason()).isEqualTo("http-" + status);
        assertThat(verdict.detail()).contains(String.valueOf(status));
    }

    @Test
    void aRequestThatNeverLeftIsUnavailable() {
        Verdict verdict = OutcomeRules.notAccepted(Answer.notSent("connection refused"));

        assertThat(verdict.isUnavailable()).isTrue();
        assertThat(verdict.status()).isNull();
        assertThat(verdict.detail()).isEqualTo("connection refused");
    }

    @ParameterizedTest
    @ValueSource(strings = {GUID, " " + GUID + "\r\n", "\"" + GUID + "\"", "'" + GUID + "'", "\t\"" + GUID + "\" "})
    void aPlacedCallIsNamedByTheGuidAlone(String text) {
        Verdict verdict = OutcomeRules.accepted(complete(201, text));

        assertThat(verdict.kind()).isEqualTo(OutcomeKind.PLACED);
        assertThat(verdict.guid()).isEqualTo(GUID);
        assertThat(verdict.reason()).isNull();
        assertThat(verdict.detail()).isNull();
        assertThat(verdict.status()).isEqualTo(201);
    }

    @Test
    void aGuidKeepsItsCase() {
        assertThat(OutcomeRules.accepted(complete(200, GUID.toUpperCase())).guid())
                .isEqualTo(GUID.toUpperCase());
    }

    @Test
    void uContactsBodyIsShownOnOneLineAndCutAt200Characters() {
        String detail = OutcomeRules.notAccepted(complete(200, "  \r\nline 1\nline 2\u0000\u001B" + "x".repeat(500)))
                .detail();

        assertThat(detail).contains("'line 1 line 2").doesNotContainPattern("\\p{Cntrl}");
        assertThat(detail.substring(detail.indexOf('\'') + 1, detail.lastIndexOf('\'')))
                .endsWith("…")
                .hasSize(201);
    }

    @Test
    void onlyTheTextOfA2xxIsLookedAtForAGuid() {
        assertThat(complete(200, GUID).okText()).isEqualTo(GUID);
        assertThat(complete(299, GUID).okText()).isEqualTo(GUID);
        assertThat(complete(302, GUID).okText()).isNull();
        assertThat(complete(500, GUID).okText()).isNull();
        assertThat(Answer.unreadable(200, "over 1 MiB", null).okText()).isNull();
        assertThat(Answer.lost(true, "late").okText()).isNull();
        assertThat(Answer.notSent("refused").okText()).isNull();
    }

    private static Answer complete(int status, String text) {
        return Answer.of(status, text, false, null);
    }

    private static Answer openEnded(int status, String text) {
        return Answer.of(status, text, true, null);
    }
}
