package dev.agentcall.rest;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.IllegalCharsetNameException;
import java.nio.charset.UnsupportedCharsetException;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.apache.camel.component.servlet.CamelHttpTransportServlet;
import org.eclipse.jetty.http.HttpException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Camel's servlet; a body that does not arrive, or an answer that nobody takes, is no fault of the server's. */
final class RestServlet extends CamelHttpTransportServlet {

    private static final long serialVersionUID = 1L;
    /** The servlet's own logger has stack traces for clients that went away, and is switched off. */
    private static final Logger LOG = LoggerFactory.getLogger(RestServer.class);

    @Override
    protected void handleService(HttpServletRequest request, HttpServletResponse response) throws Exception {
        try {
            super.handleService(request, response);
            if (response.getStatus() == HttpServletResponse.SC_METHOD_NOT_ALLOWED) {
                response.setHeader("Allow", allowed(request));
            }
        } catch (Exception e) {
            int status = status(e);
            if (status == HttpServletResponse.SC_INTERNAL_SERVER_ERROR) {
                LOG.error("a request failed", e);
            } else {
                LOG.debug("a client did not send its request or take its answer: {}", e.toString());
            }
            if (!response.isCommitted()) {
                response.sendError(status);
            }
        }
    }

    private String allowed(HttpServletRequest request) {
        return METHODS.stream()
                .filter(method ->
                        getServletResolveConsumerStrategy().isHttpMethodAllowed(request, method, getConsumers()))
                .collect(Collectors.joining(", "));
    }

    private static int status(Throwable e) {
        int status = HttpServletResponse.SC_INTERNAL_SERVER_ERROR;
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof HttpException http) {
                return http.getCode();
            }
            if (cause instanceof IllegalCharsetNameException || cause instanceof UnsupportedCharsetException) {
                return HttpServletResponse.SC_UNSUPPORTED_MEDIA_TYPE;
            }
            if (cause instanceof TimeoutException) {
                return HttpServletResponse.SC_REQUEST_TIMEOUT;
            }
            if (cause instanceof IOException) {
                status = HttpServletResponse.SC_BAD_REQUEST;
            }
        }
        return status;
    }
}
