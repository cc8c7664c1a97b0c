package dev.agentcall.rest;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.util.thread.Scheduler;

/**
 * Ends connections on which the head of a request comes byte by byte. Jetty's own timeout begins anew with each byte.
 */
final class SlowHeads implements Connection.Listener, Runnable {

    /** A head takes one to two of these at most. */
    private static final Duration INTERVAL = Duration.ofSeconds(5);

    private final Map<Connection, Seen> connections = new ConcurrentHashMap<>();
    private final Scheduler scheduler;

    /** What had come by the last look: requests with their head complete, those answered, and bytes. */
    private record Seen(long requests, long answers, long bytes, boolean headBegun) {

        static Seen of(Connection connection) {
            return new Seen(connection.getMessagesIn(), connection.getMessagesOut(), connection.getBytesIn(), false);
        }

        /** What has come by now. Bytes that are neither a whole head nor part of a request in work have begun a head. */
        Seen next(Connection connection) {
            Seen now = of(connection);
            boolean nothingWhole = now.requests == requests && requests == answers;
            boolean begun = nothingWhole && (now.bytes > bytes || headBegun);
            return new Seen(now.requests, now.answers, now.bytes, begun);
        }
    }

    SlowHeads(Scheduler scheduler) {
        this.scheduler = scheduler;
    }

    @Override
    public void onOpened(Connection connection) {
        if (connection.getMessagesIn() >= 0) { // below TLS there is one that knows of no requests
            connections.put(connection, Seen.of(connection));
        }
    }

    @Override
    public void onClosed(Connection connection) {
        connections.remove(connection);
    }

    void schedule() {
        scheduler.schedule(this, INTERVAL.toMillis(), TimeUnit.MILLISECONDS);
    }

    @Override
    public void run() {
        connections.forEach((connection, before) -> {
            Seen now = before.next(connection);
            if (before.headBegun && now.headBegun) { // one look alone may find a quick head on its way
                connection.getEndPoint().close();
            }
            connections.replace(connection, now);
        });
        schedule();
    }
}
