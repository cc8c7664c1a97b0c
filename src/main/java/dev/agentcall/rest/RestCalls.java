package dev.agentcall.rest;

import dev.agentcall.call.BusyException;
import dev.agentcall.call.CallRequest;
import dev.agentcall.call.Deliveries;
import dev.agentcall.call.Fault;
import dev.agentcall.call.Field;
import dev.agentcall.call.Gate;
import dev.agentcall.call.InFlightException;
import dev.agentcall.call.Incoming;
import dev.agentcall.call.Outcome;
import dev.agentcall.call.OutcomeKind;
import dev.agentcall.call.Reason;
import dev.agentcall.call.RequestReader;
import dev.agentcall.call.Source;
import dev.agentcall.call.StoppingException;
import dev.agentcall.call.Submission;
import dev.agentcall.call.Text;
import dev.agentcall.call.UnavailableException;
import dev.agentcall.call.Validation;
import dev.agentcall.config.Settings;
import dev.agentcall.form.FormFields;
import dev.agentcall.http.UcontactHttp;
import dev.agentcall.ledger.Entry;
import dev.agentcall.ledger.EntryJson;
import dev.agentcall.ledger.Ledger;
import dev.agentcall.ledger.LedgerException;
import dev.agentcall.rest.Problem.Kind;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Enumeration;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.apache.camel.Exchange;
import org.apache.camel.ExchangePropertyKey;
import org.apache.camel.Message;
import org.apache.camel.http.common.HttpMessage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes requests for place-call out of what came over HTTP, and answers out of their outcomes. What an outcome is in
 * HTTP is all here: statuses, headers and media types.
 */
public final class RestCalls {

    private static final Logger LOG = LoggerFactory.getLogger(RestCalls.class);

    /** Exchange variable: {@link #root}. */
    private static final String ROOT = "root";

    private static final String CALLS = "/api/agent-calls";
    private static final String FACADE = "/Integra/resources/Agents/";
    private static final Set<String> FORMS = Set.of("", "application/x-www-form-urlencoded", "text/plain");
    private static final String JSON = "application/json";
    private static final String TEXT = "text/plain; charset=UTF-8";
    /** In a path these are not names, whether they are encoded or not: the same place and the one above. */
    private static final Set<String> NO_SEGMENTS = Set.of(".", "..");

    private static final int ITEMS = 50;
    private static final int MOST_ITEMS = 500;
    private static final int SHOWN = 60;

    private final Gate gate;
    private final Ledger ledger;
    private final Duration patience;
    /** Whose pages may send requests through another server than the bundle's own; null where that has looked already. */
    private final List<String> origins;

    public RestCalls(Settings settings, Gate gate, Ledger ledger) {
        this.gate = gate;
        this.ledger = ledger;
        this.patience =
                settings.rest() == null ? Duration.ZERO : settings.rest().patience();
        this.origins = settings.rest() == null || settings.rest().servlet() == null
                ? null
                : settings.rest().origins();
    }

    // --- Requests ---

    /** Makes the JSON in the body a submission. What is no JSON request is one too: its outcome is {@code malformed}. */
    public void readJson(Exchange exchange) {
        HttpServletRequest http = letIn(exchange);
        String type = mediaType(http);
        if (!type.equals(JSON) && !(type.startsWith("application/") && type.endsWith("+json"))) {
            throw problem(Kind.UNSUPPORTED_TYPE, "expected Content-Type: application/json");
        }
        Source source = new Source("rest", CALLS, null);
        exchange.setVariable(ROOT, root(http));
        submit(exchange, withKey(http, RequestReader.readJson(body(exchange), StandardCharsets.UTF_8, source)));
    }

    /**
     * Makes the form in the body, as uContact's clients write it, a submission. Some of them send no content type, or
     * that of plain text.
     */
    public void readForm(Exchange exchange) {
        readForm(exchange, false);
    }

    /** The same of a form that has data for the campaign's workflow. */
    public void readFormWithData(Exchange exchange) {
        readForm(exchange, true);
    }

    private void readForm(Exchange exchange, boolean withData) {
        HttpServletRequest http = letIn(exchange);
        if (!FORMS.contains(mediaType(http))) {
            throw problem(Kind.UNSUPPORTED_TYPE, "expected Content-Type: application/x-www-form-urlencoded");
        }
        Source source = new Source("rest", FACADE + (withData ? "AgentCallwithData" : "AgentCall"), null);
        submit(exchange, withKey(http, form(body(exchange), source, withData)));
    }

    private static Incoming form(byte[] body, Source source, boolean withData) {
        List<FormFields.Pair> pairs;
        try {
            pairs = FormFields.decode(body);
        } catch (IllegalArgumentException e) {
            return RequestReader.malformed("no form: expected two hex digits behind each %", source);
        }
        EnumMap<Field, String> fields = new EnumMap<>(Field.class);
        Map<String, Object> extra = new LinkedHashMap<>();
        List<Fault> faults = new ArrayList<>();
        Set<String> seen = new HashSet<>();
        for (FormFields.Pair pair : pairs) {
            Field field = Field.ofKey(pair.name());
            if (!seen.add(pair.name())) {
                faults.add(new Fault(
                        Reason.MALFORMED, field, Text.shown(pair.name(), SHOWN) + " is there twice, expected it once"));
            } else if (field != null && (field != Field.DATA || withData)) {
                fields.put(field, pair.value());
            } else {
                extra.put(pair.name(), pair.value());
            }
        }
        if (withData && Validation.isBlank(fields.getOrDefault(Field.DATA, ""))) {
            faults.add(new Fault(Reason.MISSING_FIELD, Field.DATA, "data is missing or blank, expected a value"));
        }
        return new Incoming(new CallRequest(null, fields, extra, source), faults);
    }

    private void submit(Exchange exchange, Incoming incoming) {
        exchange.getMessage().setBody(Submission.impatient(findable(incoming), patience));
    }

    /** Refuses what nobody could ask for afterwards. */
    private static Incoming findable(Incoming incoming) {
        String id = incoming.request().requestId();
        if (id == null || !NO_SEGMENTS.contains(id)) {
            return incoming;
        }
        List<Fault> faults = new ArrayList<>(incoming.faults());
        faults.add(new Fault(
                Reason.BAD_TEXT,
                null,
                "requestId '" + id + "' cannot stand in a path, expected another than '.' and '..'"));
        return new Incoming(incoming.request(), faults);
    }

    /** The header Idempotency-Key is the request's id, as a plain value or in the quotes of a structured one. */
    private static Incoming withKey(HttpServletRequest http, Incoming incoming) {
        Enumeration<String> headers = http.getHeaders("Idempotency-Key");
        if (!headers.hasMoreElements()) {
            return incoming;
        }
        List<String> keys = Collections.list(headers).stream()
                .map(RestCalls::utf8)
                .map(RestCalls::unquoted)
                .filter(key -> !key.isEmpty())
                .distinct()
                .toList();
        CallRequest request = incoming.request();
        Set<String> ids = new TreeSet<>(keys);
        if (keys.size() <= 1 && request.requestId() != null) {
            ids.add(request.requestId());
        }
        if (ids.size() <= 1) {
            return keys.isEmpty() ? incoming : new Incoming(request.withRequestId(keys.get(0)), incoming.faults());
        }
        List<Fault> faults = new ArrayList<>(incoming.faults());
        faults.add(new Fault(
                Reason.MALFORMED,
                null,
                (keys.size() > 1
                                ? "there are " + keys.size() + " different Idempotency-Key headers ("
                                : "Idempotency-Key and requestId are different (")
                        + ids.stream()
                                .map(id -> "'" + Text.shown(id, SHOWN) + "'")
                                .collect(Collectors.joining(", "))
                        + "), expected one id"));
        return new Incoming(request.withRequestId(null), faults);
    }

    /** Servers read headers as ISO-8859-1, and clients send ids as they send them in bodies. */
    private static String utf8(String header) {
        try {
            ByteBuffer bytes = StandardCharsets.ISO_8859_1.newEncoder().encode(CharBuffer.wrap(header));
            return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
        } catch (CharacterCodingException e) {
            return header;
        }
    }

    private static String unquoted(String key) {
        String bare = key.strip();
        return bare.length() > 1 && bare.startsWith("\"") && bare.endsWith("\"")
                ? bare.substring(1, bare.length() - 1)
                : bare;
    }

    // --- Answers ---

    /** Answers with the outcome, as JSON or as a problem. */
    public void answerJson(Exchange exchange) {
        Outcome outcome = exchange.getVariable(Deliveries.OUTCOME, Outcome.class);
        if (outcome.placed()) {
            answer(exchange, outcome.replayed() ? 200 : 201, JSON, outcomeJson(exchange));
        } else {
            answer(exchange, outcome);
        }
        if (outcome.kind() == OutcomeKind.PLACED || outcome.kind() == OutcomeKind.UNKNOWN) {
            String id = URLEncoder.encode(outcome.request().requestId(), StandardCharsets.UTF_8);
            String root = exchange.getVariable(ROOT, String.class);
            exchange.getMessage().setHeader("Location", root + CALLS + "/" + id.replace("+", "%20"));
        }
    }

    /** Answers as uContact does: with the GUID, or with 0 for what is certainly not placed. */
    public void answerForm(Exchange exchange) {
        Outcome outcome = exchange.getVariable(Deliveries.OUTCOME, Outcome.class);
        switch (outcome.kind()) {
            case PLACED -> {
                if (outcome.guid() == null) { // a human knows that it was placed, and not under what name
                    throw problem(Kind.UNKNOWN, "the call was placed, its GUID is not known");
                }
                answer(exchange, 200, TEXT, outcome.guid());
            }
            case REJECTED, INVALID -> answer(exchange, 200, TEXT, "0");
            case UNKNOWN -> answer(exchange, outcome);
        }
    }

    private static void answer(Exchange exchange, Outcome outcome) {
        Kind kind =
                switch (outcome.kind()) {
                    case REJECTED -> Kind.REJECTED;
                    case INVALID -> Reason.ID_CONFLICT.equals(outcome.reason()) ? Kind.ID_CONFLICT : Kind.INVALID;
                    default -> Kind.UNKNOWN;
                };
        answer(
                exchange,
                kind.status(),
                Problem.MEDIA_TYPE,
                Problem.of(kind, null).json(outcomeJson(exchange)));
    }

    /** What place-call leaves as the body. */
    private static String outcomeJson(Exchange exchange) {
        return exchange.getMessage().getBody(String.class);
    }

    /** Answers a request that has no outcome. */
    public void failed(Exchange exchange) {
        Throwable cause = exchange.getProperty(Exchange.EXCEPTION_CAUGHT, Throwable.class);
        answer(exchange, problem(exchange, cause));
    }

    private Problem problem(Exchange exchange, Throwable cause) {
        if (cause instanceof ProblemException refused) {
            return refused.problem();
        }
        if (cause instanceof UnavailableException) {
            return new Problem(Kind.UNAVAILABLE, cause.getMessage(), secondsToNextTry());
        }
        if (cause instanceof BusyException) {
            return Problem.of(Kind.BUSY, cause.getMessage());
        }
        if (cause instanceof StoppingException) {
            return Problem.of(Kind.STOPPING, null);
        }
        if (cause instanceof InFlightException) {
            return Problem.of(Kind.UNKNOWN, cause.getMessage());
        }
        if (exchange.getProperty(UcontactHttp.ANSWER) != null) {
            LOG.error("a request was sent and its outcome is not recorded: {}", cause.toString());
            return Problem.of(Kind.UNKNOWN, "the request was sent and its outcome could not be recorded");
        }
        if (cause instanceof LedgerException) {
            LOG.error("a request cannot be recorded: {}", cause.getMessage());
            return Problem.of(Kind.NOT_RECORDED, null);
        }
        LOG.error("a request failed", cause);
        return Problem.of(Kind.INTERNAL, null);
    }

    private int secondsToNextTry() {
        Duration wait = gate.untilNextTry();
        return wait == null || wait.isNegative() ? 1 : (int) wait.toSeconds() + 1;
    }

    private static void answer(Exchange exchange, Problem problem) {
        answer(exchange, problem.kind().status(), Problem.MEDIA_TYPE, problem.json());
        if (problem.retryAfter() != null) {
            exchange.getMessage().setHeader("Retry-After", problem.retryAfter());
        }
    }

    private static void answer(Exchange exchange, int status, String mediaType, String body) {
        Message message = exchange.getMessage();
        message.removeHeaders("*");
        message.setHeader(Exchange.HTTP_RESPONSE_CODE, status);
        message.setHeader(Exchange.CONTENT_TYPE, mediaType);
        message.setBody(body.getBytes(StandardCharsets.UTF_8));
    }

    // --- What was recorded ---

    /** Answers with the recorded request whose id is the last part of the path. */
    public void find(Exchange exchange) {
        String path = http(exchange).getRequestURI();
        String id = URLDecoder.decode(
                path.substring(path.lastIndexOf('/') + 1).replace("+", "%2B"), StandardCharsets.UTF_8);
        Entry entry = reading(() -> ledger.findLatest(id));
        if (entry == null) {
            answer(exchange, Problem.of(Kind.NOT_FOUND, "no request with this id is recorded"));
        } else {
            answer(exchange, entry.inFlight() ? 202 : 200, JSON, EntryJson.write(entry));
        }
    }

    /** Answers with the newest requests; those with one outcome, if the query says so. */
    public void list(Exchange exchange) {
        Map<String, String> query = query(http(exchange).getQueryString());
        OutcomeKind kind = kind(query.get("outcome"));
        int limit = limit(query.get("limit"));
        String items = reading(() -> ledger.recent(kind, null, limit)).stream()
                .map(EntryJson::write)
                .collect(Collectors.joining(","));
        answer(exchange, 200, JSON, "{\"items\":[" + items + "]}");
    }

    /** Read here, since each server has its own way to tell, or not to tell, that a query cannot be read. */
    private static Map<String, String> query(String query) {
        Map<String, String> values = new LinkedHashMap<>();
        try {
            byte[] form = query == null ? new byte[0] : query.getBytes(StandardCharsets.UTF_8);
            FormFields.decode(form).forEach(pair -> values.putIfAbsent(pair.name(), pair.value()));
            return values;
        } catch (IllegalArgumentException e) {
            throw problem(
                    Kind.BAD_REQUEST,
                    "query: found '" + Text.shown(query, SHOWN) + "', expected two hex digits behind each %");
        }
    }

    private static <T> T reading(Supplier<T> read) {
        try {
            return read.get();
        } catch (LedgerException e) {
            LOG.error("a question about requests cannot be answered: {}", e.getMessage());
            throw problem(Kind.NOT_READ, null);
        }
    }

    private static OutcomeKind kind(String outcome) {
        try {
            return outcome == null ? null : OutcomeKind.ofWord(outcome);
        } catch (IllegalArgumentException e) {
            throw problem(Kind.BAD_REQUEST, "outcome: expected placed, rejected, invalid or unknown");
        }
    }

    private static int limit(String limit) {
        try {
            int items = limit == null ? ITEMS : Integer.parseInt(limit);
            if (items >= 1) {
                return Math.min(items, MOST_ITEMS);
            }
        } catch (NumberFormatException e) {
            // told below
        }
        throw problem(Kind.BAD_REQUEST, "limit: expected a whole number from 1 to " + MOST_ITEMS);
    }

    /** Answers with the description of this API. */
    public void openApi(Exchange exchange) {
        try (InputStream in = RestCalls.class.getResourceAsStream("openapi.json")) {
            String api = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            String root = root(http(exchange));
            String server = "\"url\": \"" + (root.isEmpty() ? "/" : root) + "\"";
            answer(exchange, 200, JSON, api.replace("\"url\": \"/\"", server));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What is before the paths of this API: nothing in the bundle's own server, the path of an application's servlet. */
    private static String root(HttpServletRequest http) {
        return http.getContextPath() + http.getServletPath();
    }

    private static HttpServletRequest http(Exchange exchange) {
        return exchange.getMessage(HttpMessage.class).getRequest();
    }

    /** The application's server knows nothing of what the bundle's own looks at: a web page must not ring people. */
    private HttpServletRequest letIn(Exchange exchange) {
        HttpServletRequest http = http(exchange);
        String origin = origins == null ? null : http.getHeader("Origin");
        if (origin != null && origins.stream().noneMatch(origin::equalsIgnoreCase)) {
            throw problem(Kind.FOREIGN_ORIGIN, "Who is let in is set by agentcall.rest.cors");
        }
        Problem packed = Packed.problem(Collections.list(http.getHeaders(Packed.HEADER)));
        if (packed != null) {
            throw new ProblemException(packed);
        }
        exchange.removeProperty(ExchangePropertyKey.CHARSET_NAME); // the request's; Camel would answer in it
        return http;
    }

    private static byte[] body(Exchange exchange) {
        byte[] body = exchange.getMessage().getBody(byte[].class);
        if (body != null && body.length > RestServer.MAX_BODY_BYTES) {
            throw problem(Kind.TOO_LARGE, null);
        }
        return body == null ? new byte[0] : body;
    }

    /** In lower case, without parameters; empty if there is none. */
    private static String mediaType(HttpServletRequest http) {
        String type = http.getContentType() == null ? "" : http.getContentType();
        int parameters = type.indexOf(';');
        return (parameters < 0 ? type : type.substring(0, parameters)).strip().toLowerCase(Locale.ROOT);
    }

    private static ProblemException problem(Kind kind, String detail) {
        return new ProblemException(Problem.of(kind, detail));
    }
}
