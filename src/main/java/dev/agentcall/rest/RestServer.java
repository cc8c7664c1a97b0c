package dev.agentcall.rest;

import dev.agentcall.config.RestSettings;
import dev.agentcall.config.Settings;
import dev.agentcall.config.SettingsException;
import dev.agentcall.http.Token;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.camel.CamelContext;
import org.apache.camel.CamelContextAware;
import org.apache.camel.component.servlet.ServletComponent;
import org.apache.camel.component.servlet.ServletEndpoint;
import org.eclipse.jetty.ee11.servlet.ServletContextHandler;
import org.eclipse.jetty.ee11.servlet.ServletHolder;
import org.eclipse.jetty.http.UriCompliance;
import org.eclipse.jetty.security.Constraint;
import org.eclipse.jetty.security.LoginService;
import org.eclipse.jetty.security.SecurityHandler;
import org.eclipse.jetty.server.ConnectionFactory;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.SecureRequestCustomizer;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.SslConnectionFactory;
import org.eclipse.jetty.server.handler.CrossOriginHandler;
import org.eclipse.jetty.server.handler.EagerContentHandler;
import org.eclipse.jetty.server.handler.EagerContentHandler.RetainedContentLoaderFactory;
import org.eclipse.jetty.server.handler.QoSHandler;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The HTTP server before the routes of receive-rest: Jetty with Camel's servlet in it. It decides who gets in; what is
 * answered is the routes' business.
 *
 * <p>There is none where {@code agentcall.rest.servlet} names the servlet of another server; who gets in is that server's
 * business then.
 */
public final class RestServer implements CamelContextAware, AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(RestServer.class);

    private static final String REALM = "AgentCall";
    private static final String HEALTH = "/observe/health/*";
    static final int MAX_BODY_BYTES = 64 * 1024;
    /** What a piece of a body costs besides its bytes: a body of a thousand pieces is too large. */
    private static final int CHUNK_OVERHEAD = 512;
    /** Requests that have a thread; more of them wait without one. Some threads are left for health. */
    private static final int REQUESTS = 200;

    private static final int THREADS = REQUESTS + 50;
    /** A client that sends or takes nothing for so long is gone. */
    private static final Duration IDLE = Duration.ofSeconds(30);

    private final RestSettings settings;
    private final Token token;
    private final LoginService users;
    private final SslContextFactory.Server tls;
    private CamelContext context;
    private Server server;
    private ServerConnector connector;
    private SlowHeads slowHeads;
    private GracefulStop graceful;

    /**
     * Reads the users and the keystore; listens nowhere yet.
     *
     * @throws SettingsException if they cannot be used
     */
    public RestServer(Settings settings, Token token) {
        this.settings = settings.rest();
        this.token = token;
        this.users = this.settings == null || this.settings.users() == null
                ? null
                : Users.read(this.settings.users(), REALM);
        this.tls = this.settings == null || this.settings.keystore() == null ? null : tls(this.settings);
    }

    private static SslContextFactory.Server tls(RestSettings settings) {
        String password = settings.keystorePassword() == null ? "" : settings.keystorePassword();
        try {
            KeyStore keys = KeyStore.getInstance(settings.keystore().toFile(), password.toCharArray());
            if (!hasPrivateKey(keys, password)) {
                throw new SettingsException(
                        List.of(
                                "agentcall.rest.keystore: found " + settings.keystore()
                                        + " (no private key in it), expected a PKCS12 or JKS file with the server's key and certificate"));
            }
            SslContextFactory.Server tls = new SslContextFactory.Server();
            tls.setKeyStore(keys);
            tls.setKeyStorePassword(password);
            return tls;
        } catch (IOException | GeneralSecurityException e) {
            throw new SettingsException(List.of("agentcall.rest.keystore: found " + settings.keystore() + " ("
                    + e.getMessage() + "), expected a PKCS12 or JKS file and its password in"
                    + " agentcall.rest.keystore-password"));
        }
    }

    /** Without one every handshake would fail, and nobody here would be told. */
    private static boolean hasPrivateKey(KeyStore keys, String password) throws GeneralSecurityException {
        boolean found = false;
        for (String alias : Collections.list(keys.aliases())) {
            // One that does not open with the password is told here; it would end the start later on.
            found |= keys.getKey(alias, password.toCharArray()) instanceof PrivateKey
                    && keys.getCertificateChain(alias) != null;
        }
        return found;
    }

    /**
     * Takes the port. Nobody is answered yet; who connects waits.
     *
     * @throws SettingsException if the port cannot be had
     */
    public void open() {
        if (settings == null || settings.servlet() != null) {
            return;
        }
        QueuedThreadPool threads = new QueuedThreadPool(THREADS);
        threads.setName("agentcall-rest");
        server = new Server(threads);
        connector = new ServerConnector(server, connectionFactories());
        connector.setHost(settings.address().getHostAddress());
        connector.setPort(settings.port());
        connector.setIdleTimeout(IDLE.toMillis());
        slowHeads = new SlowHeads(connector.getScheduler());
        connector.addEventListener(slowHeads);
        server.addConnector(connector);
        ProblemPages pages = new ProblemPages(() -> graceful.isShutdown());
        server.setErrorHandler(pages);
        graceful = new GracefulStop(new Doorkeeper(settings));
        server.setHandler(new BodyDeadline(graceful));
        Handler.Singleton last = (Handler.Singleton) graceful.getHandler();
        for (Handler.Singleton next : handlers()) {
            last.setHandler(next);
            last = next;
        }
        last.setHandler(servlet(pages));
        try {
            connector.open();
        } catch (IOException e) {
            throw new SettingsException(List.of("agentcall.rest.port: found " + settings.port() + " on "
                    + settings.host() + " (" + e.getMessage() + "), expected a port that is free"));
        }
    }

    /** What a request passes after the doorkeeper, in this order. */
    private List<Handler.Singleton> handlers() {
        List<Handler.Singleton> handlers = new ArrayList<>();
        if (!settings.origins().isEmpty()) {
            handlers.add(origins());
        }
        if (users != null) {
            handlers.add(security());
        }
        handlers.add(new Packed());
        // A body has arrived before it gets a thread: who sends slowly holds up nobody.
        handlers.add(
                new EagerContentHandler(new RetainedContentLoaderFactory(2 * MAX_BODY_BYTES, CHUNK_OVERHEAD, true)));
        handlers.add(new BodyDeadline.Met());
        handlers.add(room());
        return handlers;
    }

    private SecurityHandler security() {
        SecurityHandler.PathMapped security = new SecurityHandler.PathMapped();
        security.setLoginService(users);
        security.setAuthenticator(new Callers(token));
        security.put("/*", Constraint.ANY_USER);
        security.put(HEALTH, Constraint.ALLOWED);
        return security;
    }

    /** Who finds no room waits without a thread. Health has room always. */
    private QoSHandler room() {
        QoSHandler room = new QoSHandler();
        room.excludePath(HEALTH);
        room.setMaxRequestCount(REQUESTS);
        room.setMaxSuspend(settings.patience().isZero() ? Duration.ofMillis(1) : settings.patience());
        return room;
    }

    /** Tells browsers what pages of the origins in the settings may do; the others are at the door still. */
    private CrossOriginHandler origins() {
        CrossOriginHandler origins = new CrossOriginHandler();
        origins.setAllowedOriginPatterns(
                settings.origins().stream().map(Pattern::quote).collect(Collectors.toSet()));
        origins.setAllowedMethods(Set.of("GET", "POST"));
        origins.setAllowedHeaders(Set.of("Authorization", "Content-Type", "Idempotency-Key"));
        origins.setExposedHeaders(Set.of("Location", "Retry-After"));
        origins.setDeliverPreflightRequests(false);
        return origins;
    }

    private ServletContextHandler servlet(ProblemPages pages) {
        ServletContextHandler handler = new ServletContextHandler("/");
        handler.setErrorHandler(pages);
        handler.getServletHandler().setDecodeAmbiguousURIs(true);
        ServletHolder holder = new ServletHolder(new RestServlet());
        holder.setName(component().getServletName());
        handler.addServlet(holder, "/*");
        return handler;
    }

    private ServletComponent component() {
        return context.getComponent("agentcall-servlet", ServletComponent.class);
    }

    private ConnectionFactory[] connectionFactories() {
        HttpConfiguration http = new HttpConfiguration();
        http.setSendServerVersion(false);
        http.setSendDateHeader(false);
        // An id may have a % or a \ in it.
        http.setUriCompliance(UriCompliance.DEFAULT.with(
                "ids",
                UriCompliance.Violation.AMBIGUOUS_PATH_ENCODING,
                UriCompliance.Violation.SUSPICIOUS_PATH_CHARACTERS));
        HttpConnectionFactory plain = new HttpConnectionFactory(http);
        if (tls == null) {
            return new ConnectionFactory[] {plain};
        }
        http.addCustomizer(new SecureRequestCustomizer(false)); // the doorkeeper looks at the host
        return new ConnectionFactory[] {new SslConnectionFactory(tls, plain.getProtocol()), plain};
    }

    /** Answers from now on. */
    public void start() throws Exception {
        if (server != null) {
            server.start();
            slowHeads.schedule();
            LOG.info("REST on {}://{}:{}", tls == null ? "http" : "https", settings.host(), port());
        }
    }

    /** The port that it listens on; -1 while it listens on none. */
    public int port() {
        return connector == null ? -1 : connector.getLocalPort();
    }

    /**
     * Ends: from now on each new request for a call is answered with 503; those in work get their answers, and so does
     * until then whoever only asks.
     *
     * @param patience how long they may take
     */
    public void stop(Duration patience) throws Exception {
        if (server == null || !server.isRunning()) {
            return;
        }
        try {
            graceful.shutdown().get(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException | ExecutionException e) {
            LOG.warn("REST requests are still in work after {} s", patience.toSeconds());
        }
        server.stop();
    }

    @Override
    public CamelContext getCamelContext() {
        return context;
    }

    @Override
    public void setCamelContext(CamelContext context) {
        if (this.context == null) {
            this.context = context;
            if (settings != null && settings.servlet() != null) {
                leavePacked();
            }
            // Camel looks for the servlet by its name, in the whole JVM.
            component()
                    .setServletName(
                            settings == null || settings.servlet() == null
                                    ? "agentcall-" + UUID.randomUUID()
                                    : settings.servlet());
        }
    }

    /** The application's server has no handler of ours that refuses packed bodies: Camel must not unpack them before we look. */
    private void leavePacked() {
        context.getCamelContextExtension().registerEndpointCallback((uri, endpoint) -> {
            if (endpoint instanceof ServletEndpoint servlet && servlet.getComponent() == component()) {
                servlet.setBridgeEndpoint(true);
            }
            return endpoint;
        });
    }

    @Override
    public void close() throws Exception {
        if (server != null) {
            server.stop();
            connector.close();
        }
    }
}
