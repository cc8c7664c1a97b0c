package dev.agentcall.cases;

import com.fasterxml.jackson.databind.JsonNode;
import dev.agentcall.call.Gate;
import dev.agentcall.call.Outcome;
import dev.agentcall.call.OutcomeJson;
import dev.agentcall.call.Stopping;
import dev.agentcall.call.StoppingException;
import dev.agentcall.call.UnavailableException;
import dev.agentcall.csv.CsvFiles;
import dev.agentcall.csv.FileSummary;
import dev.agentcall.ledger.Entry;
import dev.agentcall.ledger.Ledger;
import dev.agentcall.routes.Spelling;
import dev.agentcall.simulator.ReceivedCall;
import dev.agentcall.simulator.Simulator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.ProducerTemplate;
import org.apache.camel.Route;
import org.apache.camel.component.direct.DirectEndpoint;
import org.apache.camel.component.seda.SedaEndpoint;
import org.apache.camel.util.ObjectHelper;
import org.apache.camel.util.URISupport;

/** The routes in place, running for cases of the same settings: in a folder of their own, with stand-ins for what is real. */
final class CaseRoutes implements AutoCloseable {

    /** How long a channel may take to get what is expected. */
    private static final long PATIENCE_MILLIS = 300;
    /** What an asynchronous step is expected to send, or a POST whose answer nobody waited for, may come so late. */
    private static final long LATE_MILLIS = 5_000;
    /** Between two steps of an exchange on its way through a queue nothing seems to be in work. */
    private static final int QUIET_LOOKS = 3;

    private static final long LOOK_MILLIS = 2;
    /** What is still in work after a request; its own steps are through by then. */
    private static final long REST_MILLIS = 5_000;

    private final Simulator simulator;
    private final Path data;
    private final StandIns standIns;
    private final RoutesStart.Running routes;
    private final ProducerTemplate template;
    private final RouteWatch watch;
    private boolean used;

    /**
     * Starts them.
     *
     * @param simulator where POSTs go
     * @throws NotStartedException if settings or routes cannot be worked with
     */
    CaseRoutes(RoutesStart start, Simulator simulator, Map<String, String> settings) throws Exception {
        this.simulator = simulator;
        this.data = Files.createTempDirectory("agentcall-cases");
        this.standIns = new StandIns(simulator.uri().toString());
        Map<String, String> overriding = new HashMap<>(settings);
        overriding.putAll(CaseSettings.addresses(simulator.uri(), data));
        try {
            this.routes = start.start(
                    overriding, before -> before.getCamelContextExtension().registerEndpointCallback(standIns));
        } catch (Exception e) {
            deleteData();
            throw new NotStartedException(e);
        }
        this.template = context().createProducerTemplate();
        this.watch =
                new RouteWatch(() -> simulator.calls().size(), () -> sendings().size(), bean(Stopping.class)::stop);
        context().getManagementStrategy().addEventNotifier(watch);
        // They are called by others, like direct: ones.
        for (Route route : context().getRoutes()) {
            if (route.getEndpoint().getEndpointUri().startsWith("seda:")) {
                context().getRouteController().startRoute(route.getRouteId());
            }
        }
    }

    /** The routes do not start; the cause says why. */
    static final class NotStartedException extends Exception {
        private static final long serialVersionUID = 1L;

        private NotStartedException(Exception cause) {
            super(cause.getMessage(), cause);
        }
    }

    private CamelContext context() {
        return routes.context();
    }

    private <T> T bean(Class<T> type) {
        return context().getRegistry().findSingleByType(type);
    }

    /** False after a request that was not taken: the next one would have to wait. */
    boolean isReady() {
        return bean(Gate.class).outageDetail() == null && !watch.isGivenUp();
    }

    /** True if a case was run before. */
    boolean isUsed() {
        return used;
    }

    /** All that would have been sent so far. */
    List<StandIns.Sending> sendings() {
        return standIns.sendings();
    }

    /** An endpoint for a report: with the name of the folder that it is in, in place of the folder of the day. */
    String shown(String endpoint) {
        return Shown.endpoint(endpoint)
                .replace(":" + data.toString().substring(1), ":{{agentcall.data}}")
                .replace(data.toString(), "{{agentcall.data}}");
    }

    String resolve(String text) {
        return context().resolvePropertyPlaceholders(text);
    }

    /**
     * Sends what the case sends. One for each request, or for each row that came out of the CSV file or is expected to.
     *
     * @throws CaseFileException if the case begins at a route that is not there
     */
    List<Found> run(Case one) throws Exception {
        used = true;
        if (one.csv() != null) {
            return rows(one);
        }
        if (one.route() != null) {
            return messages(one);
        }
        List<Found> found = new ArrayList<>();
        for (int i = 0; i < one.requests().size(); i++) {
            found.add(request(one.requests().get(i), one.expectations().get(i)));
        }
        return found;
    }

    private Found request(Object body, Expectation expected) throws InterruptedException {
        int calls = simulator.calls().size();
        int sendings = sendings().size();
        Exchange exchange =
                template.send("direct:place-call", sent -> sent.getMessage().setBody(body));
        await(List.of(expected), sendings);
        Exception failure = exchange.getException();
        boolean unavailable = failure instanceof UnavailableException;
        String answer = failure == null ? exchange.getMessage().getBody(String.class) : null;
        JsonNode outcome = RouteWatch.json(answer, "outcome");
        if (isWithoutAnswer(outcome)) {
            awaitCalls(expected.calls(), calls);
        }
        return new Found(
                after(calls, simulator.calls()),
                outcome,
                unavailable ? failure.getMessage() : null,
                unavailable
                        ? null
                        : failure != null
                                ? described(failure)
                                : outcome == null ? "no outcome but " + Shown.text(answer) : null,
                answer,
                after(sendings, sendings()));
    }

    private List<Found> messages(Case one) throws Exception {
        Route route = context().getRoute(one.route());
        if (route == null) {
            List<String> ids =
                    context().getRoutes().stream().map(Route::getRouteId).toList();
            throw new CaseFileException(List.of(one.routePlace() + ": route: found " + Shown.text(one.route())
                    + ", expected a route that is in place: " + Spelling.expected(one.route(), ids)));
        }
        // Its consumer is a stand-in that receives nothing, if it would be one from outside.
        context().getRouteController().startRoute(one.route());
        List<Found> found = new ArrayList<>();
        int sendings = sendings().size();
        int calls = simulator.calls().size();
        for (int i = 0; i < one.requests().size() && !watch.isGivenUp(); i++) {
            boolean last = i == one.requests().size() - 1;
            List<Expectation> expected = last ? one.expectations() : List.of();
            found.addAll(message(route, one.requests().get(i), one.headers(), expected, sendings, calls));
        }
        return found;
    }

    /** One for each request that the route made of the message; one without an outcome if it made none. */
    private List<Found> message(
            Route route,
            Object body,
            Map<String, Object> headers,
            List<Expectation> expected,
            int sendingsBefore,
            int callsBefore)
            throws Exception {
        int calls = simulator.calls().size();
        int sendings = sendings().size();
        watch.take();
        Exchange exchange = route.getEndpoint().createExchange();
        exchange.getMessage().setBody(body);
        headers.forEach(exchange.getMessage()::setHeader);
        if (route.getEndpoint() instanceof DirectEndpoint) {
            template.send(route.getEndpoint(), exchange);
        } else {
            route.getConsumer().getProcessor().process(exchange);
        }
        await(expected, sendingsBefore);
        List<RouteWatch.Asked> asked = watch.take();
        if (asked.stream().anyMatch(one -> isWithoutAnswer(one.answer()))) {
            awaitCalls(expected.stream().mapToInt(Expectation::calls).sum(), callsBefore);
        }
        List<ReceivedCall> allCalls = simulator.calls();
        List<StandIns.Sending> allSendings = sendings();
        String returned = exchange.getMessage().getBody(String.class);
        List<Found> found = new ArrayList<>();
        for (int i = 0; i < Math.max(1, asked.size()); i++) {
            RouteWatch.Asked now = i < asked.size() ? asked.get(i) : null;
            RouteWatch.Asked next = i + 1 < asked.size() ? asked.get(i + 1) : null;
            found.add(new Found(
                    allCalls.subList(i == 0 ? calls : now.calls(), next == null ? allCalls.size() : next.calls()),
                    now == null ? null : now.answer(),
                    now == null ? null : now.unavailable(),
                    next == null ? failure(exchange.getException(), now) : null,
                    returned,
                    allSendings.subList(
                            i == 0 ? sendings : now.sendings(), next == null ? allSendings.size() : next.sendings())));
        }
        return found;
    }

    /** How a route failed other than by letting a request wait that uContact did not take. */
    private static String failure(Exception failure, RouteWatch.Asked last) {
        boolean isWaiting = last != null
                && (last.unavailable() != null
                        || last.answer() != null
                                && last.answer().path("result").asText().equals("unavailable"));
        boolean waits = ObjectHelper.getException(UnavailableException.class, failure) != null
                || ObjectHelper.getException(StoppingException.class, failure) != null;
        return failure == null || isWaiting && waits ? null : described(failure);
    }

    private List<Found> rows(Case one) throws IOException, InterruptedException {
        int calls = simulator.calls().size();
        int sendings = sendings().size();
        Path file = Files.createDirectories(data.resolve("csv"))
                .resolve(one.name().replaceAll("[^A-Za-z0-9_-]", "-") + ".csv");
        Files.writeString(file, one.csv());
        bean(CsvFiles.class).setOneShot(true);
        Exchange exchange =
                template.send("direct:call-rows", sent -> sent.getMessage().setBody(file.toString()));
        List<Outcome> outcomes = outcomes(file.getFileName().toString());
        await(one.expectations(), sendings);
        if (outcomes.stream().anyMatch(outcome -> isWithoutAnswer(json(outcome)))) {
            awaitCalls(one.expectedCalls(), calls);
        }
        FileSummary summary = exchange.getVariable(CsvFiles.SUMMARY, FileSummary.class);
        boolean interrupted = summary != null && summary.state() == FileSummary.State.INTERRUPTED;
        String failure = exchange.getException() == null ? null : described(exchange.getException());
        return split(
                one,
                outcomes,
                after(calls, simulator.calls()),
                after(sendings, sendings()),
                interrupted ? summary.detail() : null,
                failure);
    }

    /** In the order of the rows; that of a file which is none has no row. */
    private List<Outcome> outcomes(String file) {
        return bean(Ledger.class).recent(null, null, 10_000).stream()
                .map(Entry::outcome)
                .filter(outcome ->
                        outcome != null && outcome.request().source().name().equals(file))
                .sorted(Comparator.comparing(outcome -> row(outcome) == null ? 0 : row(outcome)))
                .toList();
    }

    private static JsonNode json(Outcome outcome) {
        return RouteWatch.json(OutcomeJson.write(outcome), "outcome");
    }

    private static Integer row(Outcome outcome) {
        return outcome.request().source().row();
    }

    /**
     * To each row its part. Calls come in the order of the rows, since only one is in flight at a time; with more or fewer
     * of them than expected nobody knows whose they are.
     */
    private static List<Found> split(
            Case one,
            List<Outcome> outcomes,
            List<ReceivedCall> calls,
            List<StandIns.Sending> sendings,
            String unavailable,
            String failure) {
        List<Found> rows = new ArrayList<>();
        Iterator<ReceivedCall> nextCall = calls.iterator();
        boolean asManyCalls = calls.size() == one.expectedCalls();
        List<StandIns.Sending> left = new ArrayList<>(sendings);
        int count = Math.max(outcomes.size(), one.expectations().size());
        for (int i = 0; i < count; i++) {
            Outcome outcome = i < outcomes.size() ? outcomes.get(i) : null;
            boolean called =
                    i < one.expectations().size() && one.expectations().get(i).calls() == 1;
            boolean last = i == count - 1;
            List<StandIns.Sending> sent = left.stream()
                    .filter(sending -> last || outcome != null && isAbout(sending, outcome))
                    .toList();
            left.removeAll(sent);
            rows.add(new Found(
                    !asManyCalls ? null : called ? List.of(nextCall.next()) : List.of(),
                    outcome == null ? null : json(outcome),
                    outcome == null ? unavailable : null,
                    outcome == null ? failure : null,
                    null,
                    sent));
        }
        return rows;
    }

    private static boolean isAbout(StandIns.Sending sending, Outcome outcome) {
        return sending.outcome() != null
                && sending.outcome()
                        .request()
                        .requestId()
                        .equals(outcome.request().requestId());
    }

    /** True for an outcome, or a result, of a POST that may not even have been read yet. */
    private static boolean isWithoutAnswer(JsonNode outcome) {
        return outcome != null
                && outcome.path("httpStatus").isNull()
                && (outcome.path("outcome").asText().equals("unknown")
                        || outcome.path("result").asText().equals("unknown"));
    }

    /** Waits until so many more POSTs have been read, if they come at all. */
    private void awaitCalls(int expected, int before) throws InterruptedException {
        long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(LATE_MILLIS);
        while (simulator.calls().size() - before < expected && System.nanoTime() < until) {
            TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
        }
    }

    /** Waits for asynchronous steps: until all that is expected was sent, if it comes at all, and all is quiet. */
    private void await(List<Expectation> expectations, int already) throws InterruptedException {
        int expected =
                expectations.stream().mapToInt(Expectation::expectedSendings).sum();
        boolean toOthers = expectations.stream().anyMatch(one -> one.sentTo() != null);
        standIns.await(all -> all.size() - already >= expected, toOthers ? LATE_MILLIS : PATIENCE_MILLIS);
        long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(REST_MILLIS);
        for (int quiet = 0; quiet < QUIET_LOOKS && System.nanoTime() < until; ) {
            quiet = isQuiet() ? quiet + 1 : 0;
            TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
        }
    }

    private boolean isQuiet() {
        return context().getInflightRepository().size() == 0
                && context().getEndpoints().stream()
                        .noneMatch(endpoint -> endpoint instanceof SedaEndpoint queue
                                && queue.getConsumers().size() > 0
                                && queue.getCurrentQueueSize() > 0);
    }

    /** With its causes, and without the options of endpoints, among which there may be secrets. */
    private static String described(Throwable failure) {
        StringBuilder text = new StringBuilder();
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            String message = cause.getClass().getSimpleName() + ": " + cause.getMessage();
            if (cause.getMessage() == null || text.indexOf(cause.getMessage()) < 0) {
                text.append(text.isEmpty() ? "" : ", because ").append(message);
            }
        }
        return URISupport.sanitizeUri(text.toString().replaceAll("\\?[^\\s\\],]*", "?…"));
    }

    private static <T> List<T> after(int count, List<T> all) {
        return List.copyOf(all.subList(count, all.size()));
    }

    @Override
    public void close() throws IOException {
        try {
            template.close();
            routes.close();
        } finally {
            deleteData();
        }
    }

    private void deleteData() throws IOException {
        try (Stream<Path> files = Files.walk(data)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }
}
