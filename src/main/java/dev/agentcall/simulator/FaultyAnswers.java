package dev.agentcall.simulator;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.zip.GZIPOutputStream;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.io.HttpFilterChain.ResponseTrigger;
import org.apache.hc.core5.http.io.entity.ByteArrayEntity;
import org.apache.hc.core5.http.io.entity.StringEntity;
import org.apache.hc.core5.http.message.BasicClassicHttpResponse;
import org.apache.hc.core5.io.CloseMode;

/** The answers of the simulator, and how each {@link Fault} spoils them. */
final class FaultyAnswers {

    private static final ContentType TEXT = ContentType.create("text/plain", UTF_8);
    private static final ContentType PAGE = ContentType.create("text/html", UTF_8);
    private static final String RAW_HEAD = "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=UTF-8\r\n";
    private static final int MIB = 1024 * 1024;

    // Agents with the number of their calls to BUSY_TWICE.
    private final Map<String, Integer> busy = new ConcurrentHashMap<>();

    /** A new GUID in lower case. */
    static String guid() {
        return UUID.randomUUID().toString();
    }

    /** A plain text answer, as uContact sends it. */
    static ClassicHttpResponse text(int status, String body) {
        return response(status, new StringEntity(body, TEXT));
    }

    /**
     * A short HTML page, as a server sends it with an error.
     *
     * @param title status and reason phrase, e.g. {@code 404 Not Found}
     */
    static ClassicHttpResponse page(String title) {
        String html = "<html><head><title>%1$s</title></head><body><h1>%1$s</h1></body></html>\n".formatted(title);
        return response(Integer.parseInt(title.substring(0, 3)), new StringEntity(html, PAGE));
    }

    /**
     * Waits before an answer.
     *
     * @throws InterruptedIOException if the simulator is closed meanwhile
     */
    static void pause(Duration time) throws InterruptedIOException {
        try {
            Thread.sleep(time.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("the simulator was closed before it answered");
        }
    }

    /** Answers a call as it was decided. */
    void send(Reply reply, ReceivedCall call, ResponseTrigger trigger) throws HttpException, IOException {
        if (!reply.delay().isZero()) {
            pause(reply.delay());
        }
        if (reply.fault() != null) {
            send(reply.fault(), call, trigger);
            return;
        }
        ClassicHttpResponse response = text(reply.status(), reply.body());
        reply.headers().forEach(response::setHeader);
        trigger.submitResponse(response);
    }

    /**
     * Answers a call with a fault, and returns when the fault is over: with {@link Fault#SILENCE}, when the client has
     * given up.
     *
     * @param trigger sends a complete answer; the other faults write to the connection of the calling thread
     * @throws IOException also if the client hangs up first, or the simulator is closed
     */
    void send(Fault fault, ReceivedCall call, ResponseTrigger trigger) throws HttpException, IOException {
        switch (fault.kind()) {
            case STATUS -> trigger.submitResponse(status(fault));
            case BODY -> body(fault, trigger);
            case CONNECTION -> connection(fault, trigger);
            case TEMPORARY -> trigger.submitResponse(temporary(call.fields().getOrDefault("agent", "")));
        }
    }

    private static ClassicHttpResponse status(Fault fault) {
        ClassicHttpResponse response = page(fault.title());
        switch (fault) {
            case HTTP_302 -> response.setHeader("Location", Simulator.MOVED);
            case HTTP_401 -> response.setHeader("WWW-Authenticate", "Basic realm=\"uContact\"");
            case HTTP_405 -> response.setHeader("Allow", "GET");
            case HTTP_407 -> response.setHeader("Proxy-Authenticate", "Basic realm=\"proxy\"");
            case HTTP_429, HTTP_503 -> response.setHeader("Retry-After", "1");
            default -> {}
        }
        return response;
    }

    private static void body(Fault fault, ResponseTrigger trigger) throws HttpException, IOException {
        switch (fault) {
            case GUID_UNTIL_CLOSE -> sendAndClose(RAW_HEAD + "Connection: close\r\n\r\n" + guid());
            case ZERO_UNTIL_CLOSE -> sendAndClose(RAW_HEAD + "Connection: close\r\n\r\n0");
            default -> trigger.submitResponse(complete(fault));
        }
    }

    private static ClassicHttpResponse complete(Fault fault) throws IOException {
        return switch (fault) {
            case ZERO -> text(200, "0");
            case ONE -> text(200, "1");
            case EMPTY -> text(200, "");
            case NEARLY_GUID -> text(200, "18cf8570e-60e7-44ed-b799-3baab211b04d");
            case GUID_IN_TEXT -> text(200, "call " + guid() + " accepted");
            case HTML -> page("200 OK");
            case TOO_LONG -> text(200, "x".repeat(MIB + 1));
            case GUID_PADDED -> text(200, " \r\n  " + guid() + "  \r\n");
            case GUID_QUOTED -> text(200, '"' + guid() + '"');
            case GUID_UPPER_CASE -> text(200, guid().toUpperCase(Locale.ROOT));
            case GUID_CHUNKED -> response(200, new StringEntity(guid(), TEXT, null, true));
            case GUID_COMPRESSED -> response(200, new ByteArrayEntity(gzip(guid()), TEXT, "gzip"));
            case NO_CONTENT -> response(204, null);
            case CREATED -> text(201, guid());
            default -> throw new IllegalStateException("No answer for " + fault);
        };
    }

    private static void connection(Fault fault, ResponseTrigger trigger) throws HttpException, IOException {
        SimulatedConnection connection = SimulatedConnection.current();
        switch (fault) {
            case SILENCE -> hold(connection);
            case RESET -> connection.close(CloseMode.IMMEDIATE);
            case CLOSED -> connection.close();
            case HEAD_ONLY -> {
                connection.send(RAW_HEAD + "Content-Length: 36\r\n\r\n");
                hold(connection);
            }
            // The GUID is there, in full: a client that takes what it has got believes it.
            case SHORT_BODY -> sendAndClose(RAW_HEAD + "Content-Length: 64\r\n\r\n" + guid());
            case CUT_CHUNK ->
                sendAndClose(RAW_HEAD + "Transfer-Encoding: chunked\r\n\r\n24\r\n" + guid().substring(0, 18));
            case DRIP -> drip(connection, RAW_HEAD + "Content-Length: " + MIB + "\r\n\r\n");
            case CLOSED_AFTER -> {
                trigger.submitResponse(text(200, guid()));
                // Long enough for the client to put the connection back into its pool.
                pause(Duration.ofMillis(50));
                connection.close();
            }
            case GARBAGE -> sendAndClose("SSH-2.0-simulator\r\n\u0000\u0007\u00ff\u00fe");
            case SLOW -> {
                pause(Duration.ofSeconds(3));
                trigger.submitResponse(text(200, guid()));
            }
            default -> throw new IllegalStateException("No behaviour for " + fault);
        }
    }

    private ClassicHttpResponse temporary(String agent) {
        return busy.merge(agent, 1, Integer::sum) <= 2 ? page(Fault.HTTP_503.title()) : text(200, guid());
    }

    private static void hold(SimulatedConnection connection) throws IOException {
        connection.awaitClose(0);
        connection.close();
    }

    private static void drip(SimulatedConnection connection, String head) throws IOException {
        int sent = 0;
        do {
            connection.send(sent < head.length() ? head.substring(sent, sent + 1) : " ");
            sent++;
        } while (!connection.awaitClose(1000));
        connection.close();
    }

    private static void sendAndClose(String bytes) throws IOException {
        SimulatedConnection connection = SimulatedConnection.current();
        connection.send(bytes);
        connection.close();
    }

    private static byte[] gzip(String text) throws IOException {
        ByteArrayOutputStream compressed = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(compressed)) {
            gzip.write(text.getBytes(UTF_8));
        }
        return compressed.toByteArray();
    }

    private static ClassicHttpResponse response(int status, HttpEntity body) {
        ClassicHttpResponse response = new BasicClassicHttpResponse(status);
        response.setEntity(body);
        return response;
    }
}
