package dev.agentcall.cases;

import dev.agentcall.simulator.Fault;
import dev.agentcall.simulator.Reply;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What is sent, what uContact answers, and what is expected of the routes.
 *
 * @param name the file's path below the folder of the cases, without its ending
 * @param file the file, as it is called in reports
 * @param description null for none
 * @param settings keys that are set for this case
 * @param route the id of the route where the case begins; null for place-call, or call-rows if there is a CSV file
 * @param routePlace the file and line where the route is named
 * @param headers of each message that the route gets
 * @param requests the requests, a map or a text each, or the bodies of the route's messages, null for none; no request if
 *     there is a CSV file
 * @param csv the text of a CSV file; null if there are requests
 * @param answers in the order of the POSTs
 * @param otherAnswer to every POST beyond those; null for a new GUID each
 * @param expectations one for each request, or row, in order; of a route, for each request that it makes of its messages
 */
record Case(
        String name,
        String file,
        String description,
        Map<String, String> settings,
        String route,
        String routePlace,
        Map<String, Object> headers,
        List<Object> requests,
        String csv,
        List<Reply> answers,
        Reply otherAnswer,
        List<Expectation> expectations) {

    private static final Set<Fault> ENDLESS = Set.of(Fault.SILENCE, Fault.HEAD_ONLY, Fault.DRIP);

    /** True if uContact's answer to some POST never comes to its end. */
    boolean isEndless() {
        return Stream.concat(answers.stream(), Stream.ofNullable(otherAnswer))
                .anyMatch(answer -> answer.fault() != null && ENDLESS.contains(answer.fault()));
    }

    /** POSTs of all requests, or rows. */
    int expectedCalls() {
        return expectations.stream().mapToInt(Expectation::calls).sum();
    }

    /** The answer to a POST, the first one being 0. */
    Reply answer(int post) {
        if (post < answers.size()) {
            return answers.get(post);
        }
        return otherAnswer == null ? Reply.guid() : otherAnswer;
    }
}
