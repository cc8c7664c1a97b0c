package dev.agentcall.simulator;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import org.apache.hc.core5.http.ClassicHttpRequest;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.ExceptionListener;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpConnection;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.impl.HttpProcessors;
import org.apache.hc.core5.http.impl.bootstrap.HttpServer;
import org.apache.hc.core5.http.impl.bootstrap.ServerBootstrap;
import org.apache.hc.core5.http.impl.bootstrap.StandardFilter;
import org.apache.hc.core5.http.io.HttpFilterChain.ResponseTrigger;
import org.apache.hc.core5.http.io.SocketConfig;
import org.apache.hc.core5.http.io.entity.EntityUtils;
import org.apache.hc.core5.util.TimeValue;
import org.apache.hc.core5.util.Timeout;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An HTTP server that takes AgentCall requests as uContact does, calls nobody, and misbehaves on demand.
 *
 * <p>{@code POST /Integra/resources/Agents/AgentCall} (and {@code …/AgentCallwithData}, with the field {@code data})
 * is answered with 200 and a new GUID as text. In this order: another path is 404, another method 405, a body that is
 * not a urlencoded form 415, a missing or wrong token 401. A form that lacks a field, has an empty one, one too many or
 * one twice is answered with 200 and {@code 0}, and so is an agent whose name begins with {@code nobody}. A destination
 * out of {@link Fault#table()} gets the fault instead.
 *
 * <p>{@code POST /Integra/resources/queues/addqueuemember} is answered with 200 and {@code 1}, or {@code 0} for what is no
 * JSON array of agents; a first agent whose phone is a destination of that table gets the fault instead.
 *
 * <p>Connections are kept open, however long they are idle, except for faults and for what HTTP has closed after an
 * answer (400 and 503 among them). It listens on the loopback interface alone: there is no limit on what a client can send.
 */
public final class Simulator implements AutoCloseable {

    /** The path of the seven fields. */
    public static final String AGENT_CALL = "/Integra/resources/Agents/AgentCall";

    /** The path of the seven fields and {@code data}. */
    public static final String AGENT_CALL_WITH_DATA = "/Integra/resources/Agents/AgentCallwithData";

    /** The path of the one field {@code queuemember}, a JSON array of agents for a campaign. */
    public static final String ADD_QUEUE_MEMBER = "/Integra/resources/queues/addqueuemember";

    /** Where {@link Fault#HTTP_302} leads: a path that answers any request with a GUID. */
    static final String MOVED = "/Integra/resources/Agents/AgentCallMoved";

    private static final Logger LOG = LoggerFactory.getLogger(Simulator.class);
    private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();
    private static final Set<String> FIELDS =
            Set.of("callerid", "agent", "phone", "tech", "context", "outqueue", "destination");
    private static final String DATA = "data";
    private static final Set<String> PATHS = Set.of(AGENT_CALL, AGENT_CALL_WITH_DATA, ADD_QUEUE_MEMBER);
    private static final Pattern FORM = Pattern.compile("(?i)application/x-www-form-urlencoded\\s*(;.*)?");
    private static final Pattern CREDENTIALS = Pattern.compile("(?i:Basic|Bearer) +(\\S+)");

    private final Options options;
    private final HttpServer server;
    private final Set<SimulatedConnection> connections = ConcurrentHashMap.newKeySet();
    private final FaultyAnswers faultyAnswers = new FaultyAnswers();
    private final List<ReceivedCall> calls = new ArrayList<>();
    private final AtomicInteger received = new AtomicInteger();
    private final AtomicInteger requests = new AtomicInteger();
    private volatile boolean closed;

    /**
     * How to run the simulator. Begin with {@link #defaults()}.
     *
     * @param port 0 = a free one, chosen by the operating system
     * @param token the only token that is let in, as {@code Basic} or {@code Bearer}; null = any
     * @param latency added before every answer; zero or more
     * @param tls null = plain HTTP
     * @param keptCalls how many calls {@link Simulator#calls()} keeps at most
     * @param answers decides what is answered to each request, at whatever path and with whatever token; null = the rules
     *     of the simulator
     */
    public record Options(
            int port,
            String token,
            Duration latency,
            SSLContext tls,
            int keptCalls,
            Function<ReceivedCall, Reply> answers) {

        /** @throws IllegalArgumentException if a number is out of range */
        public Options {
            if (port < 0 || port > 65535) {
                throw new IllegalArgumentException("Port of the simulator: expected 0 to 65535, found " + port);
            }
            if (latency.isNegative()) {
                throw new IllegalArgumentException("Latency of the simulator: expected 0 or more, found " + latency);
            }
            if (keptCalls < 0) {
                throw new IllegalArgumentException("Calls to keep: expected 0 or more, found " + keptCalls);
            }
        }

        /** A free port, any token, no latency, plain HTTP, 10,000 calls. */
        public static Options defaults() {
            return new Options(0, null, Duration.ZERO, null, 10_000, null);
        }

        /** The same with another port. */
        public Options withPort(int port) {
            return new Options(port, token, latency, tls, keptCalls, answers);
        }

        /** The same with another token. */
        public Options withToken(String token) {
            return new Options(port, token, latency, tls, keptCalls, answers);
        }

        /** The same with another latency. */
        public Options withLatency(Duration latency) {
            return new Options(port, token, latency, tls, keptCalls, answers);
        }

        /** The same over TLS. */
        public Options withTls(SSLContext tls) {
            return new Options(port, token, latency, tls, keptCalls, answers);
        }

        /** The same with another limit of calls to keep. */
        public Options withKeptCalls(int keptCalls) {
            return new Options(port, token, latency, tls, keptCalls, answers);
        }

        /** The same with answers that are decided elsewhere. */
        public Options withAnswers(Function<ReceivedCall, Reply> answers) {
            return new Options(port, token, latency, tls, keptCalls, answers);
        }
    }

    private Simulator(Options options) {
        this.options = options;
        this.server = ServerBootstrap.bootstrap()
                // Without a name the machine's own would be looked up, which can take seconds.
                .setCanonicalHostName("localhost")
                .setLocalAddress(LOOPBACK)
                .setListenerPort(options.port())
                .setServerSocketFactory(new ListeningSockets())
                // Reuse: a simulator can take the port of one that was just closed, as a server that comes back.
                .setSocketConfig(SocketConfig.custom()
                        .setSoReuseAddress(true)
                        .setSoTimeout(Timeout.DISABLED)
                        .setBacklogSize(1024)
                        .build())
                .setHttpProcessor(HttpProcessors.server("uContact-simulator"))
                .setConnectionFactory(this::connection)
                .setExceptionListener(new ConnectionLog())
                .setRequestRouter((request, context) -> null)
                // A filter, because only a filter may end without an answer.
                .replaceFilter(
                        StandardFilter.MAIN_HANDLER.name(),
                        (request, trigger, context, chain) -> answer(request, trigger))
                .create();
    }

    /**
     * Starts to listen.
     *
     * @throws IOException if the port cannot be listened on, e.g. because it is taken
     */
    public static Simulator start(Options options) throws IOException {
        Simulator simulator = new Simulator(options);
        try {
            simulator.server.start();
        } catch (IOException e) {
            simulator.close();
            throw new IOException(
                    "The simulator cannot listen on port " + options.port() + " of " + LOOPBACK + ": " + e.getMessage(),
                    e);
        }
        return simulator;
    }

    /** The port that it listens on. */
    public int port() {
        return server.getLocalPort();
    }

    /** Scheme, host and port, without a path. */
    public URI uri() {
        try {
            return new URI(
                    options.tls() == null ? "http" : "https",
                    null,
                    LOOPBACK.getHostAddress(),
                    port(),
                    null,
                    null,
                    null);
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * The AgentCall requests whose form arrived completely, in the order of their arrival, whatever was answered: those
     * with a wrong token too. Once there are {@link Options#keptCalls()}, later ones are counted but not kept.
     *
     * @return a copy
     */
    public List<ReceivedCall> calls() {
        synchronized (calls) {
            return List.copyOf(calls);
        }
    }

    /** How many AgentCall requests arrived with their form complete, kept or not. */
    public int received() {
        return received.get();
    }

    /** How many HTTP requests of any kind reached it, half-sent forms included. */
    public int requests() {
        return requests.get();
    }

    /** Ends all connections, without a word, and frees the port. A second time does nothing. */
    @Override
    public void close() {
        closed = true;
        server.initiateShutdown();
        connections.forEach(SimulatedConnection::kill);
        try {
            server.awaitTermination(TimeValue.ofSeconds(5));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private SimulatedConnection connection(Socket socket) throws IOException {
        SimulatedConnection connection = new SimulatedConnection(socket, options.tls(), connections);
        if (closed) {
            // Too late for close() to have seen it.
            connection.kill();
        }
        return connection;
    }

    private void answer(ClassicHttpRequest request, ResponseTrigger trigger) throws HttpException, IOException {
        requests.incrementAndGet();
        String path = request.getRequestUri().split("\\?", 2)[0];
        if (options.answers() != null) {
            ReceivedCall call = receive(request, path);
            faultyAnswers.send(options.answers().apply(call), call, trigger);
            return;
        }
        ClassicHttpResponse early = withoutForm(request, path);
        ReceivedCall call = early == null ? receive(request, path) : null;
        if (!options.latency().isZero()) {
            FaultyAnswers.pause(options.latency());
        }
        if (early != null) {
            trigger.submitResponse(early);
        } else if (!authorized(request)) {
            ClassicHttpResponse unauthorized = FaultyAnswers.page("401 Unauthorized");
            unauthorized.setHeader("WWW-Authenticate", "Basic realm=\"uContact\"");
            trigger.submitResponse(unauthorized);
        } else if (call.path().equals(ADD_QUEUE_MEMBER)) {
            addQueueMember(call, trigger);
        } else if (!acceptable(call)) {
            trigger.submitResponse(FaultyAnswers.text(200, "0"));
        } else {
            Fault fault = Fault.of(call.fields().get("destination"));
            if (fault == null) {
                trigger.submitResponse(FaultyAnswers.text(200, FaultyAnswers.guid()));
            } else {
                faultyAnswers.send(fault, call, trigger);
            }
        }
    }

    private void addQueueMember(ReceivedCall call, ResponseTrigger trigger) throws HttpException, IOException {
        Optional<QueueMembers> members = QueueMembers.read(call);
        Fault fault = members.map(QueueMembers::firstPhone).map(Fault::of).orElse(null);
        if (fault != null) {
            faultyAnswers.send(fault, call, trigger);
        } else {
            trigger.submitResponse(FaultyAnswers.text(200, members.isPresent() ? "1" : "0"));
        }
    }

    /** The answer to a request that is no form of an operation, else null. */
    private static ClassicHttpResponse withoutForm(ClassicHttpRequest request, String path) {
        if (path.equals(MOVED)) {
            return FaultyAnswers.text(200, FaultyAnswers.guid());
        }
        if (!PATHS.contains(path)) {
            return FaultyAnswers.page("404 Not Found");
        }
        if (!request.getMethod().equals("POST")) {
            ClassicHttpResponse response = FaultyAnswers.page("405 Method Not Allowed");
            response.setHeader("Allow", "POST");
            return response;
        }
        Header type = request.getFirstHeader("Content-Type");
        if (type == null || !FORM.matcher(type.getValue()).matches()) {
            return FaultyAnswers.page("415 Unsupported Media Type");
        }
        return null;
    }

    private ReceivedCall receive(ClassicHttpRequest request, String path) throws IOException {
        byte[] form = request.getEntity() == null ? new byte[0] : EntityUtils.toByteArray(request.getEntity());
        ReceivedCall call = ReceivedCall.read(request, path, form);
        received.incrementAndGet();
        synchronized (calls) {
            if (calls.size() < options.keptCalls()) {
                calls.add(call);
            }
        }
        return call;
    }

    private boolean authorized(ClassicHttpRequest request) {
        Header header = request.getFirstHeader("Authorization");
        var credentials = CREDENTIALS.matcher(header == null ? "" : header.getValue());
        return credentials.matches()
                && (options.token() == null || options.token().equals(credentials.group(1)));
    }

    private static boolean acceptable(ReceivedCall call) {
        Set<String> expected = new HashSet<>(FIELDS);
        if (call.path().equals(AGENT_CALL_WITH_DATA)) {
            expected.add(DATA);
        }
        return call.wellFormed()
                && call.fields().keySet().equals(expected)
                && FIELDS.stream().noneMatch(field -> call.fields().get(field).isEmpty())
                && !call.fields().get("agent").startsWith("nobody");
    }

    /** A client that hangs up or comes too late is nothing to talk about; an error of the simulator itself is. */
    private final class ConnectionLog implements ExceptionListener {

        @Override
        public void onError(Exception e) {
            log(e);
        }

        @Override
        public void onError(HttpConnection connection, Exception e) {
            log(e);
        }

        private void log(Exception e) {
            if (closed || e instanceof IOException || e instanceof HttpException) {
                LOG.debug("Connection ended: {}", e.toString());
            } else {
                LOG.error("Error in the simulator", e);
            }
        }
    }
}
