package dev.agentcall.chaos;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;

/**
 * A uContact in a process of its own that writes down what it got and gave, before it gives it: the program's simulator
 * does not tell which GUID it handed out. Each line of its record is one of
 *
 * <pre>
 * received DESTINATION
 * placed DESTINATION GUID
 * refused DESTINATION         (0: an agent whose name begins with nobody)
 * busy DESTINATION            (503: the first call to a destination of an agent whose name begins with busy)
 * </pre>
 *
 * <p>Arguments: port, milliseconds before an answer, file of the record. It prints a line once it listens.
 */
public final class SimulatorMain {

    private final long delayMillis;
    private final FileChannel log;
    private final Set<String> seen = ConcurrentHashMap.newKeySet();

    private SimulatorMain(long delayMillis, FileChannel log) {
        this.delayMillis = delayMillis;
        this.log = log;
    }

    public static void main(String[] args) throws IOException {
        // Without it an answer waits up to 40 ms for the client's acknowledgement of its headers.
        System.setProperty("sun.net.httpserver.nodelay", "true");
        FileChannel log = FileChannel.open(Path.of(args[2]), StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        SimulatorMain simulator = new SimulatorMain(Long.parseLong(args[1]), log);
        HttpServer server = HttpServer.create(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(args[0])), 1024);
        server.setExecutor(Executors.newCachedThreadPool());
        server.createContext("/Integra/resources/Agents/AgentCall", simulator::handle);
        server.start();
        System.out.println("listening");
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            Map<String, String> call = form(new String(exchange.getRequestBody().readAllBytes(), UTF_8));
            String destination = call.get("destination");
            boolean first = seen.add(destination);
            write("received " + destination);
            if (call.get("agent").startsWith("busy") && first) {
                write("busy " + destination);
                send(exchange, 503, "later");
                return;
            }
            Thread.sleep(delayMillis);
            if (call.get("agent").startsWith("nobody")) {
                write("refused " + destination);
                send(exchange, 200, "0");
            } else {
                String guid = UUID.randomUUID().toString();
                write("placed " + destination + " " + guid);
                send(exchange, 200, guid);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** In one write, which a killed process has done or not. */
    private void write(String line) throws IOException {
        log.write(ByteBuffer.wrap((line + "\n").getBytes(UTF_8)));
    }

    private static void send(HttpExchange exchange, int status, String text) throws IOException {
        byte[] body = text.getBytes(UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "text/plain; charset=UTF-8");
        exchange.sendResponseHeaders(status, body.length);
        exchange.getResponseBody().write(body);
    }

    private static Map<String, String> form(String body) {
        Map<String, String> fields = new HashMap<>();
        for (String pair : body.split("&")) {
            String[] parts = pair.split("=", 2);
            fields.put(URLDecoder.decode(parts[0], UTF_8), URLDecoder.decode(parts[1], UTF_8));
        }
        return fields;
    }
}
