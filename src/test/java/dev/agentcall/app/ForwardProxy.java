package dev.agentcall.app;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** A forward proxy: relays requests with an absolute URI, and tunnels by CONNECT. Keeps the head of each request. */
final class ForwardProxy implements AutoCloseable {

    private static final String DENIED = "HTTP/1.1 %s\r\nContent-Length: 0\r\n"
            + "Proxy-Authenticate: Basic realm=\"proxy\"\r\nConnection: close\r\n\r\n";

    private final ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final String refusal;
    private final List<String> heads = new CopyOnWriteArrayList<>();
    private final List<Socket> sockets = new CopyOnWriteArrayList<>();

    private ForwardProxy(String refusal) throws IOException {
        this.refusal = refusal;
        Daemons.start(this::accept);
    }

    /** One that lets everyone through. */
    static ForwardProxy open() throws IOException {
        return new ForwardProxy(null);
    }

    /** One that answers 407 to everyone. */
    static ForwardProxy closed() throws IOException {
        return refusing("407 Proxy Authentication Required");
    }

    /** One that answers so to everyone. */
    static ForwardProxy refusing(String status) throws IOException {
        return new ForwardProxy(status);
    }

    String url() {
        return "http://127.0.0.1:" + server.getLocalPort();
    }

    /** Request lines and headers as they came, one text for each connection. */
    List<String> heads() {
        return heads;
    }

    private void accept() throws IOException {
        while (true) {
            Socket client = server.accept();
            sockets.add(client);
            Daemons.start(() -> serve(client));
        }
    }

    private void serve(Socket client) throws IOException {
        String head = readHead(client.getInputStream());
        heads.add(head);
        if (refusal != null) {
            client.getOutputStream().write(DENIED.formatted(refusal).getBytes(ISO_8859_1));
            client.close();
            return;
        }
        String[] line = head.split("\r\n", 2)[0].split(" ");
        boolean tunnel = line[0].equals("CONNECT");
        URI target = URI.create(tunnel ? "tunnel://" + line[1] : line[1]);
        Socket origin = new Socket(target.getHost(), target.getPort());
        sockets.add(origin);
        if (tunnel) {
            client.getOutputStream().write("HTTP/1.1 200 OK\r\n\r\n".getBytes(ISO_8859_1));
        } else {
            origin.getOutputStream()
                    .write(head.replaceFirst(" \\S+ ", " " + target.getRawPath() + " ")
                            .getBytes(ISO_8859_1));
        }
        Daemons.start(() -> relay(origin, client));
        relay(client, origin);
    }

    private static void relay(Socket from, Socket to) throws IOException {
        InputStream in = from.getInputStream();
        OutputStream out = to.getOutputStream();
        byte[] buffer = new byte[8192];
        for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
            out.write(buffer, 0, read);
            out.flush();
        }
        to.shutdownOutput();
    }

    private static String readHead(InputStream in) throws IOException {
        ByteArrayOutputStream head = new ByteArrayOutputStream();
        while (!head.toString(ISO_8859_1).endsWith("\r\n\r\n")) {
            int next = in.read();
            if (next < 0) {
                throw new IOException("the client hung up");
            }
            head.write(next);
        }
        return head.toString(ISO_8859_1);
    }

    @Override
    public void close() throws IOException {
        server.close();
        for (Socket socket : sockets) {
            socket.close();
        }
    }
}
