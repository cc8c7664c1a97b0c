package dev.agentcall.rest;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.http.HttpException;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.Scheduler;

/**
 * Gives up requests whose body takes too long to arrive. Jetty's own timeout begins anew with each byte, and its handler
 * for least rates (12.1.11) adds up the bytes of all requests.
 *
 * <p>Where the answer is given before the whole body is there, the rest is read and dropped, within the same time: a
 * connection that is closed while the client still sends is reset, and the answer is lost to him with it.
 */
final class BodyDeadline extends Handler.Wrapper {

    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final String TASK = BodyDeadline.class.getName();

    BodyDeadline(Handler handler) {
        super(handler);
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        Scheduler.Task task = request.getComponents()
                .getScheduler()
                .schedule(
                        () -> request.fail(new HttpException.RuntimeException(HttpStatus.REQUEST_TIMEOUT_408)),
                        LIMIT.toMillis(),
                        TimeUnit.MILLISECONDS);
        request.setAttribute(TASK, task);
        Rest rest = new Rest(request);
        Callback done = Callback.from(task::cancel, callback);
        return super.handle(rest, response, Callback.from(() -> rest.drop(done), done::failed));
    }

    /** What is left of a request when it is answered. */
    private static final class Rest extends Request.Wrapper {

        Rest(Request request) {
            super(request);
        }

        /** Jetty asks before it answers, and would make the rest unreadable. */
        @Override
        public boolean consumeAvailable() {
            for (Content.Chunk chunk = read(); chunk != null; chunk = read()) {
                chunk.release();
                if (chunk.isLast() || Content.Chunk.isFailure(chunk)) {
                    return true;
                }
            }
            return false;
        }

        void drop(Callback done) {
            if (consumeAvailable()) {
                done.succeeded();
            } else {
                demand(() -> drop(done));
            }
        }
    }

    /**
     * Where the whole body is there, or there will be no more of it. What holds the body (Jetty 12.1.11) is the callback too,
     * and ignores a failure that it is told as such: the request would be in work for ever, and its room taken.
     */
    static final class Met extends Handler.Wrapper {
        @Override
        public boolean handle(Request request, Response response, Callback callback) throws Exception {
            ((Scheduler.Task) request.getAttribute(TASK)).cancel();
            Callback told =
                    callback instanceof Request body ? Callback.from(callback::succeeded, body::fail) : callback;
            return super.handle(request, response, told);
        }
    }
}
