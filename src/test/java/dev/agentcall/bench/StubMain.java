package dev.agentcall.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * An HTTP endpoint that answers every POST at once with 200 and a new GUID, at the least cost in CPU: it shares the
 * machine with the client that is measured.
 *
 * <p>It listens on a free port of 127.0.0.1 and prints that port as its first line. Each line on its standard input is
 * answered by {@code requests=N destinations=M}: the POSTs received completely so far and, with the argument
 * {@code destinations}, the different numbers that these ended with; else 0. When the input ends it prints that line a last
 * time and exits. The last 12 hex digits of each GUID are the number of the request, from 1. Other methods get an empty
 * 200 and are not counted; a POST without {@code Content-Length} gets 411 and the connection is closed.
 */
public final class StubMain {

    /** What each GUID starts with; the number of the request follows as 12 hex digits. */
    static final String GUID_PREFIX = "8cf8570e-60e7-44ed-b799-";

    private static final byte[] PLACED = ascii(
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 36\r\n\r\n" + GUID_PREFIX + "000000000000");
    private static final byte[] EMPTY = ascii("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    private static final byte[] LENGTH_REQUIRED =
            ascii("HTTP/1.1 411 Length Required\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    private static final byte[] CONTENT_LENGTH = ascii("content-length:");
    private static final byte[] HEX = ascii("0123456789abcdef");
    private static final int BUFFER_BYTES = 16 * 1024;

    private static final AtomicLong REQUESTS = new AtomicLong();
    private static final Set<Long> DESTINATIONS = ConcurrentHashMap.newKeySet();

    private static boolean destinations;

    private StubMain() {}

    public static void main(String[] args) throws IOException {
        destinations = args.length > 0 && args[0].equals("destinations");
        try (ServerSocket server = new ServerSocket(0, 128, InetAddress.getLoopbackAddress())) {
            startDaemon(() -> accept(server));
            System.out.println(server.getLocalPort());
            BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
            while (in.readLine() != null) {
                printCount();
            }
            printCount();
        }
    }

    private static void printCount() {
        System.out.println("requests=" + REQUESTS.get() + " destinations=" + DESTINATIONS.size());
    }

    private static void accept(ServerSocket server) {
        try {
            while (true) {
                Socket socket = server.accept();
                startDaemon(() -> serve(socket));
            }
        } catch (IOException closed) {
            // the end of the run
        }
    }

    private static void serve(Socket socket) {
        try (socket) {
            socket.setTcpNoDelay(true);
            converse(socket.getInputStream(), socket.getOutputStream());
        } catch (IOException gone) {
            // the client hung up; what it has sent completely is counted
        }
    }

    private static void converse(InputStream in, OutputStream out) throws IOException {
        byte[] buffer = new byte[BUFFER_BYTES];
        byte[] placed = PLACED.clone();
        int filled = 0;
        while (true) {
            int bodyStart = bodyStart(buffer, 0, filled);
            while (bodyStart < 0) {
                int read = in.read(buffer, filled, buffer.length - filled);
                if (read <= 0) { // the client is done, or its headers are longer than the buffer
                    return;
                }
                bodyStart = bodyStart(buffer, Math.max(0, filled - 3), filled + read);
                filled += read;
            }
            boolean post = buffer[0] == 'P' && buffer[1] == 'O';
            int length = contentLength(buffer, bodyStart);
            if (post && length < 0) {
                out.write(LENGTH_REQUIRED);
                return;
            }
            int end = bodyStart + Math.max(0, length);
            while (filled < end) {
                int read = in.read(buffer, filled, buffer.length - filled);
                if (read <= 0) { // the client is done, or its request is longer than the buffer
                    return;
                }
                filled += read;
            }
            if (post && destinations) {
                DESTINATIONS.add(numberBefore(end, buffer));
            }
            System.arraycopy(buffer, end, buffer, 0, filled - end);
            filled -= end;
            if (post) {
                number(placed, REQUESTS.incrementAndGet());
                out.write(placed);
            } else {
                out.write(EMPTY);
            }
        }
    }

    /** Where the body starts, or -1 as long as the empty line that ends the headers is not within [from, to). */
    private static int bodyStart(byte[] buffer, int from, int to) {
        for (int i = from; i + 3 < to; i++) {
            if (buffer[i] == '\r' && buffer[i + 1] == '\n' && buffer[i + 2] == '\r' && buffer[i + 3] == '\n') {
                return i + 4;
            }
        }
        return -1;
    }

    /** The value of Content-Length in bytes, or -1 without one. */
    private static int contentLength(byte[] buffer, int headersEnd) {
        for (int i = 0; i < headersEnd; i++) {
            if (buffer[i] == '\n' && startsWithContentLength(buffer, i + 1)) {
                int value = 0;
                for (int j = i + 1 + CONTENT_LENGTH.length; buffer[j] != '\r'; j++) {
                    if (buffer[j] >= '0' && buffer[j] <= '9') {
                        value = 10 * value + buffer[j] - '0';
                    }
                }
                return value;
            }
        }
        return -1;
    }

    private static boolean startsWithContentLength(byte[] buffer, int at) {
        for (int i = 0; i < CONTENT_LENGTH.length; i++) {
            if (at + i >= buffer.length || (buffer[at + i] | 0x20) != (CONTENT_LENGTH[i] | 0x20)) {
                return false;
            }
        }
        return true;
    }

    /** The number that the bytes before this one end with; in a form of AgentCall it is the destination. */
    private static long numberBefore(int end, byte[] buffer) {
        long number = 0;
        long factor = 1;
        for (int i = end - 1; buffer[i] >= '0' && buffer[i] <= '9'; i--) {
            number += factor * (buffer[i] - '0');
            factor *= 10;
        }
        return number;
    }

    private static void number(byte[] answer, long value) {
        for (int i = answer.length - 1; i >= answer.length - 12; i--) {
            answer[i] = HEX[(int) (value & 15)];
            value >>>= 4;
        }
    }

    private static void startDaemon(Runnable work) {
        Thread thread = new Thread(work);
        thread.setDaemon(true);
        thread.start();
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
