package dev.agentcall.app;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/** A uContact whose answers the test decides one by one, and that sees how many calls come at once. */
final class CallStub implements AutoCloseable {

    static {
        // Without it an answer waits up to 40 ms for the client's acknowledgement of its headers.
        System.setProperty("sun.net.httpserver.nodelay", "true");
    }

    static final Duration PATIENCE = Duration.ofSeconds(30);

    /** What to answer to a call; may wait. */
    interface Answers {
        Answer to(Map<String, String> call) throws InterruptedException;
    }

    /** A complete answer; {@code retryAfter} may be null. */
    record Answer(int status, String body, Duration retryAfter) {
        Answer(int status, String body) {
            this(status, body, null);
        }

        static Answer placed() {
            return new Answer(200, UUID.randomUUID().toString());
        }

        static Answer unavailable() {
            return unavailable(null);
        }

        static Answer unavailable(Duration retryAfter) {
            return new Answer(503, "later", retryAfter);
        }
    }

    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private volatile Answers answers;

    private final List<Map<String, String>> calls = new ArrayList<>();
    private final List<String> targets = new ArrayList<>();
    private final Map<String, List<String>> headers = new HashMap<>();
    private final List<String> placed = new ArrayList<>();
    private final Map<String, Integer> agents = new HashMap<>();
    private final Set<String> agentsCalledTwiceAtOnce = new TreeSet<>();
    private int inFlight;
    private int mostInFlight;

    private CallStub(Answers answers) throws IOException {
        this.answers = answers;
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/Integra/resources/Agents/AgentCall", this::handle);
        server.start();
    }

    static CallStub start(Answers answers) throws IOException {
        return new CallStub(answers);
    }

    /** The first {@code count} calls are placed, the others are not taken. */
    static Answers placedFirst(int count) {
        AtomicInteger calls = new AtomicInteger();
        return call -> calls.incrementAndGet() <= count ? Answer.placed() : Answer.unavailable();
    }

    /** All are placed, after some time. */
    static Answers placedAfter(Duration latency) {
        return call -> {
            Thread.sleep(latency.toMillis());
            return Answer.placed();
        };
    }

    /** All are placed, none before so many were in flight at once; each takes some time to see whether more come. */
    Answers placedOnceInFlight(int count, Duration latency) {
        return call -> {
            synchronized (this) {
                long end = System.nanoTime() + PATIENCE.toNanos();
                while (mostInFlight < count && System.nanoTime() < end) {
                    wait(100);
                }
            }
            Thread.sleep(latency.toMillis());
            return Answer.placed();
        };
    }

    void answer(Answers answers) {
        this.answers = answers;
    }

    URI uri() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    }

    /** The fields of every call so far, in the order of arrival. */
    synchronized List<Map<String, String>> calls() {
        return List.copyOf(calls);
    }

    /** Method and path, with the query, of every call so far. */
    synchronized List<String> targets() {
        return List.copyOf(targets);
    }

    /** The headers of all calls so far. */
    synchronized Map<String, List<String>> headers() {
        return Map.copyOf(headers);
    }

    /** The destinations of the calls that were answered with 200. */
    synchronized List<String> placed() {
        return List.copyOf(placed);
    }

    synchronized int mostInFlight() {
        return mostInFlight;
    }

    synchronized Set<String> agentsCalledTwiceAtOnce() {
        return Set.copyOf(agentsCalledTwiceAtOnce);
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            Map<String, String> call = form(new String(exchange.getRequestBody().readAllBytes(), UTF_8));
            arrived(exchange, call);
            Answer answer;
            try {
                answer = answers.to(call);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
            answered(call, answer);
            byte[] body = answer.body().getBytes(UTF_8);
            exchange.getResponseHeaders().set("Content-Type", "text/plain; charset=UTF-8");
            if (answer.retryAfter() != null) {
                exchange.getResponseHeaders()
                        .set("Retry-After", String.valueOf(answer.retryAfter().toSeconds()));
            }
            exchange.sendResponseHeaders(answer.status(), body.length);
            exchange.getResponseBody().write(body);
        }
    }

    private synchronized void arrived(HttpExchange exchange, Map<String, String> call) {
        calls.add(call);
        targets.add(exchange.getRequestMethod() + " " + exchange.getRequestURI());
        exchange.getRequestHeaders().forEach((name, values) -> headers.computeIfAbsent(name, n -> new ArrayList<>())
                .addAll(values));
        inFlight++;
        mostInFlight = Math.max(mostInFlight, inFlight);
        if (agents.merge(call.get("agent"), 1, Integer::sum) > 1) {
            agentsCalledTwiceAtOnce.add(call.get("agent"));
        }
        notifyAll();
    }

    /** Before the answer leaves: whoever gets it may call again at once. */
    private synchronized void answered(Map<String, String> call, Answer answer) {
        inFlight--;
        agents.merge(call.get("agent"), -1, Integer::sum);
        if (answer.status() == 200) {
            placed.add(call.get("destination"));
        }
    }

    private static Map<String, String> form(String body) {
        Map<String, String> fields = new HashMap<>();
        for (String pair : body.split("&")) {
            String[] parts = pair.split("=", 2);
            fields.put(URLDecoder.decode(parts[0], UTF_8), URLDecoder.decode(parts[1], UTF_8));
        }
        return fields;
    }

    @Override
    public void close() {
        threads.shutdownNow();
        server.stop(0);
    }
}
