package dev.agentcall.cases;

import dev.agentcall.call.OutcomeKind;
import dev.agentcall.config.SettingsReader;
import dev.agentcall.simulator.Fault;
import dev.agentcall.simulator.Reply;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** Reads case files. The keys are those of the section "Test your routes" in docs/extending.md. */
final class CaseReader {

    static final List<String> CASE = List.of(
            "description", "settings", "request", "json", "csv", "route", "body", "headers", "answer", "expect");
    static final List<String> ANSWER = List.of("status", "body", "headers", "delay", "fault");
    static final List<String> EXPECT = List.of(
            "outcome",
            "reason",
            "guid",
            "detail",
            "httpStatus",
            "requestId",
            "replayed",
            "extra",
            "result",
            "unavailable",
            "channel",
            "delivered",
            "returns",
            "calls",
            "form",
            "body",
            "path",
            "headers",
            "sentTo");

    private static final List<String> INPUTS = List.of("request", "json", "csv", "route");
    /** Members of the outcome, or of another operation's result, that are compared as they are. */
    private static final List<String> MEMBERS =
            List.of("outcome", "result", "reason", "guid", "httpStatus", "requestId", "replayed", "extra");
    /** What only an outcome has. */
    private static final List<String> OF_OUTCOMES =
            List.of("guid", "requestId", "replayed", "extra", "channel", "delivered");
    /** What an outcome has, and another operation's result too. */
    private static final List<String> OF_BOTH = List.of("reason", "httpStatus", "detail");

    private static final List<String> RESULTS = List.of("accepted", "rejected", "unknown", "unavailable");
    /** The simulator frames its answers itself. */
    private static final Set<String> FRAMING = Set.of("content-length", "transfer-encoding", "connection");

    private static final String OUTCOMES =
            Arrays.stream(OutcomeKind.values()).map(OutcomeKind::word).collect(Collectors.joining(", "));

    private final CaseSettings settings;

    CaseReader(CaseSettings settings) {
        this.settings = settings;
    }

    /** Faults that a case can name: {@code busy-twice} is not among them, since it remembers other cases. */
    static List<String> faults() {
        return Arrays.stream(Fault.values())
                .filter(fault -> fault.kind() != Fault.Kind.TEMPORARY)
                .map(Fault::word)
                .toList();
    }

    /**
     * Reads one file.
     *
     * @param name the case's name
     * @param shown the file, as it is called in faults
     * @throws CaseFileException if it is no case
     */
    Case read(Path file, String name, String shown) throws IOException, CaseFileException {
        List<String> faults = new ArrayList<>();
        YamlMap yaml = null;
        try {
            yaml = YamlMap.read(shown, Files.readString(file), faults);
        } catch (CharacterCodingException e) {
            faults.add(shown + ": found bytes that are no UTF-8, expected UTF-8");
        }
        Case read = yaml == null ? null : read(yaml.only(CASE), name, shown);
        if (!faults.isEmpty()) {
            throw new CaseFileException(faults);
        }
        return read;
    }

    private Case read(YamlMap yaml, String name, String shown) {
        List<String> inputs = INPUTS.stream().filter(yaml::has).toList();
        if (inputs.size() != 1) {
            yaml.fault(
                    inputs.isEmpty() ? "request" : inputs.get(1),
                    "found " + (inputs.isEmpty() ? "nothing to send" : String.join(" and ", inputs))
                            + ", expected one of " + String.join(", ", INPUTS));
        }
        List<Object> requests = new ArrayList<>(yaml.texts("json"));
        yaml.maps("request").forEach(request -> requests.add(request.json()));
        boolean atRoute = yaml.has("route");
        if (atRoute) {
            requests.addAll(yaml.has("body") ? yaml.jsons("body") : Collections.singletonList(null));
        } else {
            onlyAtRoute(yaml, "body", "headers");
        }
        List<Reply> answers = yaml.maps("answer").stream().map(this::answer).toList();
        List<Expectation> expectations = yaml.maps("expect").stream()
                .map(expect -> expectation(expect, atRoute))
                .toList();
        boolean counted = !atRoute && !yaml.has("csv");
        if (expectations.isEmpty() || counted && expectations.size() != requests.size()) {
            yaml.fault(
                    "expect",
                    "found " + expectations.size() + ", expected one for each " + (yaml.has("csv") ? "row" : "request")
                            + (counted ? ", " + requests.size() : ""));
        }
        boolean each = yaml.isList("answer");
        return new Case(
                name,
                shown,
                yaml.text("description"),
                settings(yaml),
                yaml.text("route"),
                yaml.place("route"),
                yaml.jsonMap("headers"),
                requests,
                yaml.text("csv"),
                each ? answers : List.of(),
                each || answers.isEmpty() ? null : answers.get(0),
                expectations);
    }

    private Map<String, String> settings(YamlMap yaml) {
        Map<String, String> set = yaml.textMap("settings");
        if (set == null) {
            return Map.of();
        }
        set.keySet().forEach(key -> {
            String refusal = settings.refusal(key);
            if (refusal != null) {
                yaml.fault("settings", key + ": " + refusal);
            }
        });
        return set;
    }

    private Reply answer(YamlMap yaml) {
        yaml.only(ANSWER);
        Fault fault = yaml.read("fault", "one of " + String.join(", ", faults()), CaseReader::fault);
        if (fault != null && (yaml.has("status") || yaml.has("body") || yaml.has("headers"))) {
            yaml.fault("fault", "found status, body or headers beside it, expected a fault or a complete answer");
        }
        Integer status = yaml.read("status", "a status from 200 to 599", text -> number(text, 200, 599));
        Duration delay = yaml.read(
                "delay",
                "a duration such as 500ms or 2s, at most 60s",
                text -> checked(
                        SettingsReader.duration("delay", text),
                        duration -> duration.compareTo(Duration.ofSeconds(60)) <= 0));
        Map<String, String> headers = yaml.textMap("headers");
        if (headers != null && headers.keySet().stream().anyMatch(name -> FRAMING.contains(name.toLowerCase()))) {
            yaml.fault("headers", "found " + headers.keySet() + ", expected none of " + FRAMING);
        }
        boolean placed = status == null || status / 100 == 2 && status != 204;
        String body = yaml.has("body") ? yaml.text("body") : null;
        return new Reply(
                fault,
                status == null ? 200 : status,
                body != null ? body : placed ? Reply.guid().body() : "",
                headers == null ? Map.of() : headers,
                delay == null ? Duration.ZERO : delay);
    }

    private static void onlyAtRoute(YamlMap yaml, String... keys) {
        for (String key : keys) {
            if (yaml.has(key)) {
                yaml.fault(key, "found it without route, expected it only in a case that begins at a route");
            }
        }
    }

    private Expectation expectation(YamlMap yaml, boolean atRoute) {
        yaml.only(EXPECT);
        boolean unavailable = Boolean.TRUE.equals(yaml.read("unavailable", "true or false", CaseReader::bool));
        OutcomeKind outcome = yaml.read("outcome", "one of " + OUTCOMES, OutcomeKind::ofWord);
        if (unavailable) {
            for (String key : EXPECT.subList(0, EXPECT.indexOf("calls"))) {
                if (yaml.has(key) && !key.equals("unavailable")) {
                    yaml.fault(key, "found it beside unavailable, expected no outcome: the request waits");
                }
            }
        } else if (!atRoute && !yaml.has("outcome")) {
            yaml.fault("outcome", "found none, expected one of " + OUTCOMES + ", or unavailable: true");
        } else if (atRoute) {
            outcomeOrResult(yaml);
        }
        if (!atRoute) {
            onlyAtRoute(yaml, "result", "returns");
        }
        yaml.read("result", "one of " + String.join(", ", RESULTS), result -> checked(result, RESULTS::contains));
        ChannelName channel = yaml.read("channel", "success or error", ChannelName::ofWord);
        if (channel == null && yaml.has("outcome")) {
            channel = outcome == OutcomeKind.PLACED ? ChannelName.SUCCESS : ChannelName.ERROR;
        }
        Integer calls = yaml.read("calls", "0 or 1", text -> number(text, 0, 1));
        if (Integer.valueOf(0).equals(calls)) {
            for (String key : List.of("form", "body", "path", "headers")) {
                if (yaml.has(key)) {
                    yaml.fault(key, "found it beside calls: 0, expected nothing about a POST that does not arrive");
                }
            }
        }
        Map<String, String> headers = yaml.textMap("headers");
        return new Expectation(
                calls == null ? 1 : calls,
                yaml.textMap("form"),
                yaml.text("body"),
                yaml.text("path"),
                headers == null ? Map.of() : headers,
                unavailable,
                members(yaml),
                yaml.texts("detail"),
                unavailable ? null : channel,
                yaml.texts("delivered"),
                yaml.texts("returns"),
                yaml.has("sentTo") ? yaml.texts("sentTo") : null);
    }

    /** At a route there may be the one or the other, or neither. */
    private static void outcomeOrResult(YamlMap yaml) {
        if (yaml.has("outcome") && yaml.has("result")) {
            yaml.fault("result", "found it beside outcome, expected one of the two");
        } else if (!yaml.has("outcome")) {
            OF_OUTCOMES.stream()
                    .filter(yaml::has)
                    .forEach(key -> yaml.fault(key, "found it without outcome, expected that too"));
            OF_BOTH.stream()
                    .filter(key -> yaml.has(key) && !yaml.has("result"))
                    .forEach(key -> yaml.fault(key, "found it without outcome or result, expected one of them too"));
        }
    }

    private static Map<String, Object> members(YamlMap yaml) {
        Map<String, Object> members = new LinkedHashMap<>();
        for (String member : MEMBERS) {
            if (yaml.has(member)) {
                members.put(member, yaml.json(member));
            }
        }
        return members;
    }

    private static Fault fault(String word) {
        return Arrays.stream(Fault.values())
                .filter(fault ->
                        fault.kind() != Fault.Kind.TEMPORARY && fault.word().equals(word))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(word));
    }

    private static Boolean bool(String text) {
        return text.equals("true") ? Boolean.TRUE : checked(Boolean.FALSE, no -> text.equals("false"));
    }

    private static Integer number(String text, int least, int most) {
        return checked(Integer.valueOf(text), number -> number >= least && number <= most);
    }

    private static <T> T checked(T value, Predicate<T> expected) {
        if (!expected.test(value)) {
            throw new IllegalArgumentException(String.valueOf(value));
        }
        return value;
    }
}
