package dev.agentcall.rest;

import dev.agentcall.rest.Problem.Kind;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.function.BooleanSupplier;
import org.eclipse.jetty.http.HttpException;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.util.Callback;

/** What Jetty itself refuses, told as a {@link Problem}: nothing of the request, no stack trace and no version in it. */
final class ProblemPages extends ErrorHandler {

    private final BooleanSupplier stopping;

    /** {@code stopping}: tells why there is a 503. */
    ProblemPages(BooleanSupplier stopping) {
        this.stopping = stopping;
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) {
        int status = response.getStatus();
        if (request.getAttribute(ERROR_EXCEPTION) instanceof HttpException cause) {
            status = cause.getCode();
        }
        write(response, Problem.of(kind(status), null), callback);
        return true;
    }

    static void write(Response response, Problem problem, Callback callback) {
        response.setStatus(problem.kind().status());
        secure(response);
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, Problem.MEDIA_TYPE);
        if (problem.retryAfter() != null) {
            response.getHeaders().put(HttpHeader.RETRY_AFTER, problem.retryAfter());
        }
        response.write(true, ByteBuffer.wrap(problem.json().getBytes(StandardCharsets.UTF_8)), callback);
    }

    /** What every answer tells the browser: to take it for what it is, and not to keep it. */
    static void secure(Response response) {
        response.getHeaders().put("X-Content-Type-Options", "nosniff");
        response.getHeaders().put(HttpHeader.CACHE_CONTROL, "no-store");
    }

    private Kind kind(int status) {
        return switch (status) {
            case HttpStatus.UNAUTHORIZED_401 -> Kind.UNAUTHORIZED;
            case HttpStatus.NOT_FOUND_404 -> Kind.NOT_FOUND;
            case HttpStatus.METHOD_NOT_ALLOWED_405 -> Kind.METHOD_NOT_ALLOWED;
            case HttpStatus.REQUEST_TIMEOUT_408 -> Kind.TOO_SLOW;
            case HttpStatus.PAYLOAD_TOO_LARGE_413,
                    HttpStatus.URI_TOO_LONG_414,
                    HttpStatus.REQUEST_HEADER_FIELDS_TOO_LARGE_431 -> Kind.TOO_LARGE;
            case HttpStatus.UNSUPPORTED_MEDIA_TYPE_415 -> Kind.UNSUPPORTED_TYPE;
            case HttpStatus.SERVICE_UNAVAILABLE_503 -> stopping.getAsBoolean() ? Kind.STOPPING : Kind.BUSY;
            default -> status / 100 == 4 ? Kind.BAD_REQUEST : Kind.INTERNAL;
        };
    }
}
