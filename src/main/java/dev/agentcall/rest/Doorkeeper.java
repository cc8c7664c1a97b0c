package dev.agentcall.rest;

import dev.agentcall.config.RestSettings;
import dev.agentcall.rest.Problem.Kind;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/**
 * Lets nobody in by whom a web page could ring people: neither a page of another origin, which the browser names in
 * {@code Origin}, nor one whose own name was made to point to this server, which then stands in {@code Host}.
 */
final class Doorkeeper extends Handler.Wrapper {

    /** Nobody's name can be made to point to an address: there is none to look up. */
    private static final Pattern ADDRESS = Pattern.compile("\\d{1,3}(\\.\\d{1,3}){3}|[0-9a-f:.]*:[0-9a-f:.]*");

    private final Set<String> hosts = new HashSet<>();
    private final boolean anyAddress;
    private final Set<String> origins = new HashSet<>();

    Doorkeeper(RestSettings settings) {
        anyAddress = settings.address().isAnyLocalAddress();
        hosts.add(name(settings.host()));
        hosts.add(settings.address().getHostAddress());
        if (anyAddress || settings.address().isLoopbackAddress()) {
            hosts.addAll(Set.of("localhost", "127.0.0.1", "::1", "0:0:0:0:0:0:0:1"));
        }
        if (anyAddress) {
            addOwnNames();
        }
        for (String origin : settings.origins()) {
            origins.add(origin.toLowerCase(Locale.ROOT));
            hosts.add(name(URI.create(origin).getHost()));
        }
    }

    private void addOwnNames() {
        try {
            InetAddress machine = InetAddress.getLocalHost();
            hosts.add(name(machine.getHostName()));
            hosts.add(name(machine.getCanonicalHostName()));
        } catch (UnknownHostException e) {
            // then it has no name by which to reach it
        }
    }

    private static String name(String host) {
        String bare = host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
        return (bare.endsWith(".") ? bare.substring(0, bare.length() - 1) : bare).toLowerCase(Locale.ROOT);
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        ProblemPages.secure(response);
        String host = name(Request.getServerName(request));
        if (!hosts.contains(host) && !(anyAddress && ADDRESS.matcher(host).matches())) {
            refuse(Kind.FOREIGN_HOST, "agentcall.rest.host", response, callback);
            return true;
        }
        String origin = request.getHeaders().get(HttpHeader.ORIGIN);
        if (origin != null && !origins.contains(origin.toLowerCase(Locale.ROOT))) {
            refuse(Kind.FOREIGN_ORIGIN, "agentcall.rest.cors", response, callback);
            return true;
        }
        return super.handle(request, response, callback);
    }

    private static void refuse(Kind kind, String setting, Response response, Callback callback) {
        ProblemPages.write(response, Problem.of(kind, "Who is let in is set by " + setting), callback);
    }
}
