package dev.agentcall.rest;

import org.eclipse.jetty.http.HttpMethod;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.GracefulHandler;
import org.eclipse.jetty.util.Callback;

/**
 * At a stop lets the requests in work end and refuses what might place a call. Who only asks is answered all the same: what
 * became of a call, whether the process lives, and that it is not ready.
 */
final class GracefulStop extends GracefulHandler {

    GracefulStop(Handler handler) {
        super(handler);
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        boolean asks = HttpMethod.GET.is(request.getMethod()) || HttpMethod.HEAD.is(request.getMethod());
        // Not counted as in work: who asks again and again must not hold up the stop.
        return asks && isShutdown()
                ? getHandler().handle(request, response, callback)
                : super.handle(request, response, callback);
    }
}
