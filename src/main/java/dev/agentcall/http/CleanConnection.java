package dev.agentcall.http;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.hc.client5.http.impl.io.DefaultManagedHttpClientConnection;
import org.apache.hc.client5.http.io.ManagedHttpClientConnection;
import org.apache.hc.core5.http.ClassicHttpRequest;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.io.SessionInputBuffer;
import org.apache.hc.core5.util.Timeout;

/**
 * A connection that sends no request while something lies on it unread. What a balancer says to a connection that rests (a
 * 408, for one), or a server behind its answer, would be taken for the answer to the next request.
 */
final class CleanConnection extends DefaultManagedHttpClientConnection {

    private static final AtomicLong COUNT = new AtomicLong();
    /** The shortest look that is one. */
    private static final Timeout AT_ONCE = Timeout.ofMilliseconds(1);

    private boolean answered;
    /** What was read ahead; null until an answer had a body. */
    private SessionInputBuffer readAhead;

    private CleanConnection() {
        super("uContact-" + COUNT.incrementAndGet());
    }

    /** A connection over this socket; null for one that is not connected yet. */
    static ManagedHttpClientConnection over(Socket socket) throws IOException {
        CleanConnection connection = new CleanConnection();
        if (socket != null) {
            connection.bind(socket);
        }
        return connection;
    }

    /** Something came that nobody has asked for, and nothing was sent since. Never so of a new connection. */
    static final class UnaskedInputException extends IOException {
        private UnaskedInputException() {
            super("the server says something before it is asked");
        }
    }

    /** @throws UnaskedInputException if something is there to be read; then nothing is sent */
    @Override
    public void sendRequestHeader(ClassicHttpRequest request) throws HttpException, IOException {
        if (hasInput()) {
            throw new UnaskedInputException();
        }
        super.sendRequestHeader(request);
    }

    /** True if the server has closed the connection, or has said something that nobody will ask for. */
    @Override
    public boolean isStale() throws IOException {
        return super.isStale() || hasInput();
    }

    private boolean hasInput() throws IOException {
        if (readAhead == null) {
            return answered && isDataAvailable(AT_ONCE);
        }
        return readAhead.length() > 0 || getSocket().getInputStream().available() > 0;
    }

    @Override
    public ClassicHttpResponse receiveResponseHeader() throws HttpException, IOException {
        ClassicHttpResponse response = super.receiveResponseHeader();
        answered = true;
        return response;
    }

    @Override
    protected InputStream createContentInputStream(long length, SessionInputBuffer buffer, InputStream input) {
        readAhead = buffer;
        return super.createContentInputStream(length, buffer, input);
    }
}
