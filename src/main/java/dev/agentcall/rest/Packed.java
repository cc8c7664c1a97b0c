package dev.agentcall.rest;

import dev.agentcall.call.Text;
import dev.agentcall.rest.Problem.Kind;
import java.util.List;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/**
 * Refuses packed bodies before they are read: Camel unpacks them on every path, also where no body is expected, and a few
 * bytes become as many as the memory has.
 */
final class Packed extends Handler.Wrapper {

    static final String HEADER = HttpHeader.CONTENT_ENCODING.asString();

    private static final int SHOWN = 60;

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        Problem problem = problem(request.getHeaders().getValuesList(HEADER));
        if (problem == null) {
            return super.handle(request, response, callback);
        }
        ProblemPages.write(response, problem, callback);
        return true;
    }

    /** What is wrong with these values of {@code Content-Encoding}, null for nothing. */
    static Problem problem(List<String> encodings) {
        String found = String.join(", ", encodings);
        for (String encoding : found.split(",")) {
            if (!encoding.isBlank() && !encoding.strip().equalsIgnoreCase("identity")) {
                return Problem.of(
                        Kind.UNSUPPORTED_TYPE,
                        "Content-Encoding: found '" + Text.shown(found, SHOWN) + "', expected none or identity");
            }
        }
        return null;
    }
}
