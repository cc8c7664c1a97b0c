package dev.agentcall.simulator;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.Set;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.apache.hc.core5.http.ClassicHttpRequest;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.config.Http1Config;
import org.apache.hc.core5.http.impl.io.DefaultBHttpServerConnection;
import org.apache.hc.core5.io.CloseMode;

/**
 * A client's connection that lets a fault reach below HTTP. {@link #close()} ends it in the normal way (FIN),
 * {@code close(CloseMode.IMMEDIATE)} with a reset (RST).
 */
final class SimulatedConnection extends DefaultBHttpServerConnection {

    // The server has one thread per connection, and hands the connection to nobody but that thread.
    private static final ThreadLocal<SimulatedConnection> CURRENT = new ThreadLocal<>();

    private final Socket socket;
    private final Set<SimulatedConnection> open;

    /**
     * @param socket the accepted TCP connection
     * @param tls null for plain HTTP; the handshake takes place at the first read, so that a client that does not shake
     *     hands holds up nobody but itself
     * @param open the connection is in this set as long as it is open
     */
    SimulatedConnection(Socket socket, SSLContext tls, Set<SimulatedConnection> open) throws IOException {
        super(tls == null ? "http" : "https", Http1Config.DEFAULT);
        this.socket = socket;
        this.open = open;
        if (tls == null) {
            bind(socket);
        } else {
            bind((SSLSocket) tls.getSocketFactory().createSocket(socket, null, true), socket);
        }
        open.add(this);
    }

    /** The connection whose request the calling thread serves. */
    static SimulatedConnection current() {
        return CURRENT.get();
    }

    @Override
    public ClassicHttpRequest receiveRequestHeader() throws HttpException, IOException {
        CURRENT.set(this);
        return super.receiveRequestHeader();
    }

    /** Sends bytes as they are, one per char, at once. */
    void send(String bytes) throws IOException {
        OutputStream out = getSocketHolder().getOutputStream();
        out.write(bytes.getBytes(ISO_8859_1));
        out.flush();
    }

    /**
     * Waits until the client closes the connection. What it sends meanwhile is thrown away.
     *
     * @param millis how long to wait at most, 0 = for ever
     * @return whether the client has closed
     * @throws IOException also if the client resets the connection, or the simulator is closed
     */
    boolean awaitClose(int millis) throws IOException {
        getSocketHolder().getSocket().setSoTimeout(millis);
        byte[] ignored = new byte[1024];
        try {
            while (getSocketHolder().getInputStream().read(ignored) >= 0) {}
            return true;
        } catch (SocketTimeoutException e) {
            return false;
        }
    }

    /** Ends the connection from another thread, as the end of a process would: no more bytes, not even of TLS. */
    void kill() {
        open.remove(this);
        try {
            socket.close();
        } catch (IOException e) {
            // It is closed all the same.
        }
    }

    @Override
    public void close() throws IOException {
        open.remove(this);
        super.close();
    }

    @Override
    public void close(CloseMode closeMode) {
        open.remove(this);
        super.close(closeMode);
    }
}
