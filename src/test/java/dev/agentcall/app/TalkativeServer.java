package dev.agentcall.app;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.awaitility.Awaitility.await;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ServerSocketFactory;

/** A uContact that places every call, and says more than it is asked. */
final class TalkativeServer implements AutoCloseable {

    /** When, and what. */
    enum Says {
        ZERO_WITH_THE_ANSWER,
        ZERO_BEHIND_THE_ANSWER,
        TIMEOUT_WHILE_IT_RESTS,
        BODY_BEHIND_A_304
    }

    private static final String ZERO = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n0";
    private static final String TIMEOUT =
            "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

    private final ServerSocket server;
    private final Says says;
    private final AtomicInteger requests = new AtomicInteger();
    private final AtomicInteger said = new AtomicInteger();

    private TalkativeServer(ServerSocket server, Says says) {
        this.server = server;
        this.says = says;
        Daemons.start(() -> {
            while (true) {
                Socket socket = server.accept();
                Daemons.start(() -> serve(socket));
            }
        });
    }

    static TalkativeServer start(ServerSocketFactory sockets, Says says) throws IOException {
        return new TalkativeServer(sockets.createServerSocket(0, 50, InetAddress.getLoopbackAddress()), says);
    }

    int port() {
        return server.getLocalPort();
    }

    /** Whole requests that have come. */
    int requests() {
        return requests.get();
    }

    /** The call that the request with this number, from 1 on, was answered with. */
    static String guid(int number) {
        return "8cf8570e-60e7-44ed-b799-%012d".formatted(number);
    }

    /** Waits until all has been said that nobody asked for. */
    void awaitSaid() {
        await().atMost(Duration.ofSeconds(30)).until(() -> said.get() == requests.get());
    }

    private void serve(Socket socket) throws IOException {
        try (socket) {
            socket.setTcpNoDelay(true);
            OutputStream out = socket.getOutputStream();
            InputStream in = new BufferedInputStream(socket.getInputStream());
            while (readRequest(in)) {
                answer(out, requests.incrementAndGet());
                said.incrementAndGet();
            }
        }
    }

    private void answer(OutputStream out, int number) throws IOException {
        String placed = "HTTP/1.1 200 OK\r\nContent-Length: 36\r\n\r\n" + guid(number);
        switch (says) {
            case ZERO_WITH_THE_ANSWER -> write(out, placed + ZERO);
            case ZERO_BEHIND_THE_ANSWER -> {
                write(out, placed);
                write(out, ZERO);
            }
            case TIMEOUT_WHILE_IT_RESTS -> {
                write(out, placed);
                rest();
                write(out, TIMEOUT);
            }
            case BODY_BEHIND_A_304 ->
                write(out, number == 1 ? "HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\nabc" : placed);
        }
    }

    /** Longer than a connection may rest without being looked at. */
    private static void rest() {
        try {
            Thread.sleep(200);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void write(OutputStream out, String text) throws IOException {
        out.write(text.getBytes(ISO_8859_1));
        out.flush();
    }

    private static boolean readRequest(InputStream in) throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            int read = in.read();
            if (read < 0) {
                return false;
            }
            head.append((char) read);
        }
        int length = Integer.parseInt(head.toString().replaceFirst("(?si).*content-length: *(\\d+).*", "$1"));
        return in.readNBytes(length).length == length;
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
