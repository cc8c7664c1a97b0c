package dev.agentcall.cases;

import java.util.List;
import java.util.Map;

/**
 * What is expected of one request.
 *
 * @param calls POSTs that arrive, 0 or 1
 * @param form the fields of the POST, all of them; null if they do not matter
 * @param body the POST's body as it came over the wire; null if it does not matter
 * @param path the POST's path; null if it does not matter
 * @param headers some of the POST's headers
 * @param unavailable true if uContact does not take the call: there is no outcome, the request waits
 * @param members members of the outcome, or of another operation's result, with their values, as JSON; empty if neither is
 *     expected
 * @param detail parts of the outcome's detail
 * @param channel the channel that gets the outcome, the other stays empty; null if there is no outcome
 * @param delivered parts of what the channel gets
 * @param returns parts of the body that the route ends with
 * @param sentTo other endpoints that get something, in order, each by the beginning of its URI; null if that does not
 *     matter
 */
record Expectation(
        int calls,
        Map<String, String> form,
        String body,
        String path,
        Map<String, String> headers,
        boolean unavailable,
        Map<String, Object> members,
        List<String> detail,
        ChannelName channel,
        List<String> delivered,
        List<String> returns,
        List<String> sentTo) {

    /** How much leaves the routes, as far as that is said. */
    int expectedSendings() {
        return (channel == null ? 0 : 1) + (sentTo == null ? 0 : sentTo.size());
    }
}
