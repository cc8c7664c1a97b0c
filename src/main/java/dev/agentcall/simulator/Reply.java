package dev.agentcall.simulator;

import java.time.Duration;
import java.util.Map;

/**
 * What the simulator is to answer to one request.
 *
 * @param fault what goes wrong; null for a complete answer, which the other components are
 * @param status 200 to 599
 * @param body text, sent as UTF-8
 * @param headers further headers; not those that frame the body
 * @param delay before the answer, or the fault, begins; zero or more
 */
public record Reply(Fault fault, int status, String body, Map<String, String> headers, Duration delay) {

    /** 200 and a new GUID. */
    public static Reply guid() {
        return new Reply(null, 200, FaultyAnswers.guid(), Map.of(), Duration.ZERO);
    }
}
