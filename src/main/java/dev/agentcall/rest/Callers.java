package dev.agentcall.rest;

import dev.agentcall.http.Token;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.security.auth.Subject;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.security.AuthenticationState;
import org.eclipse.jetty.security.ServerAuthException;
import org.eclipse.jetty.security.UserIdentity;
import org.eclipse.jetty.security.UserPrincipal;
import org.eclipse.jetty.security.authentication.BasicAuthenticator;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/**
 * Who is calling, by HTTP Basic. At uContact's own path the token of uContact is good as well: that is what its clients
 * send.
 */
final class Callers extends BasicAuthenticator {

    /** What is below uContact's own path. */
    static final String FACADE = "/Integra/";

    private static final Pattern CREDENTIALS = Pattern.compile("[A-Za-z]+ +(\\S+)\\s*");

    private final Token token;

    Callers(Token token) {
        this.token = token;
        setCharset(StandardCharsets.UTF_8);
    }

    @Override
    public AuthenticationState validateRequest(Request request, Response response, Callback callback)
            throws ServerAuthException {
        if (Request.getPathInContext(request).startsWith(FACADE) && hasToken(request)) {
            UserPrincipal principal = new UserPrincipal("ucontact-token", null);
            return new UserAuthenticationSucceeded(
                    getAuthenticationType(), UserIdentity.from(new Subject(), principal));
        }
        try {
            return super.validateRequest(request, response, callback);
        } catch (IllegalArgumentException e) { // no Base64
            response.getHeaders()
                    .put(
                            HttpHeader.WWW_AUTHENTICATE,
                            "Basic realm=\"" + getLoginService().getName() + "\"");
            Response.writeError(request, response, callback, getUnauthorizedStatusCode());
            return AuthenticationState.CHALLENGE;
        }
    }

    private boolean hasToken(Request request) {
        String header = request.getHeaders().get(HttpHeader.AUTHORIZATION);
        Matcher credentials = CREDENTIALS.matcher(header == null ? "" : header);
        return credentials.matches()
                && MessageDigest.isEqual(
                        credentials.group(1).getBytes(StandardCharsets.UTF_8),
                        token.value().getBytes(StandardCharsets.UTF_8));
    }
}
