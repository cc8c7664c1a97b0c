package dev.agentcall.cases;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.agentcall.simulator.ReceivedCall;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;

/** What is not as expected of one request, a sentence each: what it is about, what was expected, what was found. */
final class Comparison {

    private static final JsonMapper JSON = new JsonMapper();

    private final Expectation expected;
    private final Found found;
    private final UnaryOperator<String> placeholders;
    private final List<String> failures = new ArrayList<>();

    private Comparison(Expectation expected, Found found, UnaryOperator<String> placeholders) {
        this.expected = expected;
        this.found = found;
        this.placeholders = placeholders;
    }

    /**
     * The failures, in the order in which a request is worked on; none if all is well.
     *
     * @param placeholders resolves <code>{{key}}</code> in the name of an endpoint
     */
    static List<String> failures(Expectation expected, Found found, UnaryOperator<String> placeholders) {
        Comparison comparison = new Comparison(expected, found, placeholders);
        if (found.failure() != null) {
            comparison.failures.add("routes: expected no failure, found " + found.failure());
        }
        comparison.calls();
        comparison.outcome();
        comparison.contains("returns", expected.returns(), found.returned());
        for (ChannelName channel : ChannelName.values()) {
            comparison.channel(channel);
        }
        comparison.sentTo();
        return comparison.failures;
    }

    private void calls() {
        if (found.calls() == null) {
            return;
        }
        int count = found.calls().size();
        if (count != expected.calls()) {
            failures.add("calls: expected " + expected.calls() + ", found " + count);
        }
        if (count == 0 || expected.calls() == 0) {
            return;
        }
        ReceivedCall call = found.calls().get(0);
        compare("method", "POST", call.method());
        compareIfExpected("path", expected.path(), call.path());
        expected.headers()
                .forEach((name, value) ->
                        compare("headers." + name, value, call.headers().get(name)));
        if (expected.form() != null) {
            form(expected.form(), call.fields());
        }
        compareIfExpected("body", expected.body(), call.body());
    }

    private void form(Map<String, String> wanted, Map<String, String> arrived) {
        Set<String> names = new LinkedHashSet<>(wanted.keySet());
        names.addAll(arrived.keySet());
        for (String name : names) {
            if (!arrived.containsKey(name)) {
                failures.add("form." + name + ": expected " + Shown.text(wanted.get(name)) + ", found no such field");
            } else if (!wanted.containsKey(name)) {
                failures.add("form." + name + ": expected no such field, found " + Shown.text(arrived.get(name)));
            } else {
                compare("form." + name, wanted.get(name), arrived.get(name));
            }
        }
    }

    private void outcome() {
        if (expected.unavailable()) {
            if (found.unavailable() == null && found.failure() == null) {
                failures.add("unavailable: expected no outcome, found " + described());
            }
            return;
        }
        String what = expected.members().containsKey("result") ? "result" : "outcome";
        Object wanted = expected.members().get(what);
        if (wanted == null && (found.outcome() != null || found.unavailable() != null)) {
            failures.add("outcome: expected none, found " + described());
        } else if (wanted != null && found.outcome() == null && found.failure() == null) {
            failures.add(what + ": expected " + Shown.text(wanted) + ", found none"
                    + (found.unavailable() == null ? "" : ": unavailable, " + found.unavailable()));
        }
        if (wanted == null || found.outcome() == null) {
            return;
        }
        expected.members().forEach((name, value) -> {
            JsonNode member = found.outcome().path(name);
            if (!member.equals(json(value))) {
                failures.add(name + ": expected " + shown(json(value)) + ", found " + shown(member)
                        + (name.equals(what) ? because() : ""));
            }
        });
        contains("detail", expected.detail(), found.outcome().path("detail").asText(null));
    }

    private String because() {
        String reason = found.outcome().path("reason").asText("");
        JsonNode detail = found.outcome().path("detail");
        return reason.isEmpty()
                ? ""
                : " (" + reason + (detail.isTextual() ? ": " + Shown.plainText(detail.asText()) : "") + ")";
    }

    private void contains(String what, List<String> parts, String text) {
        for (String part : parts) {
            if (text == null || !text.contains(part)) {
                failures.add(what + ": expected " + Shown.text(part) + " in it, found " + Shown.text(text));
            }
        }
    }

    private String described() {
        if (found.outcome() == null) {
            return found.unavailable() == null
                    ? "neither that nor that uContact did not take the call"
                    : "unavailable, " + found.unavailable();
        }
        return found.outcome().has("outcome")
                ? found.outcome().path("outcome").asText()
                : "the result " + found.outcome().path("result").asText();
    }

    private void channel(ChannelName channel) {
        List<StandIns.Sending> got = found.of(channel);
        int wanted = channel == expected.channel() ? 1 : 0;
        if (got.size() != wanted) {
            failures.add(channel.word() + " channel: expected " + outcomes(wanted) + ", found " + outcomes(got.size()));
        } else if (wanted == 1) {
            contains("delivered", expected.delivered(), got.get(0).body());
        }
    }

    private static String outcomes(int count) {
        return count == 0 ? "nothing" : count == 1 ? "the outcome" : "it " + count + " times";
    }

    private void sentTo() {
        if (expected.sentTo() == null) {
            return;
        }
        List<String> others =
                found.of(null).stream().map(StandIns.Sending::endpoint).toList();
        List<String> wanted;
        try {
            wanted = expected.sentTo().stream()
                    .map(uri -> Shown.plain(placeholders.apply(uri)))
                    .toList();
        } catch (IllegalArgumentException e) {
            failures.add("sentTo: expected placeholders that have a value, found " + expected.sentTo() + " ("
                    + e.getMessage() + ")");
            return;
        }
        boolean same = others.size() == wanted.size();
        for (int i = 0; same && i < wanted.size(); i++) {
            same = others.get(i).startsWith(wanted.get(i));
        }
        if (!same) {
            failures.add("sentTo: expected " + expected.sentTo() + ", found "
                    + others.stream().map(Shown::endpoint).toList());
        }
    }

    private void compareIfExpected(String what, String wanted, String arrived) {
        if (wanted != null) {
            compare(what, wanted, arrived);
        }
    }

    private void compare(String what, String wanted, String arrived) {
        if (!wanted.equals(arrived)) {
            failures.add(what + ": expected " + Shown.text(wanted) + ", found " + Shown.text(arrived));
        }
    }

    private static JsonNode json(Object value) {
        try {
            return JSON.readTree(JSON.writeValueAsString(value)); // so that equal numbers are of the same kind
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e); // it came out of YAML's JSON values
        }
    }

    private static String shown(JsonNode value) {
        return value.isNull() || value.isMissingNode()
                ? "nothing"
                : Shown.text(value.isTextual() ? value.asText() : value.toString());
    }
}
