package dev.agentcall.http;

import dev.agentcall.call.Answer;
import dev.agentcall.call.Text;
import dev.agentcall.config.Settings;
import java.io.IOException;
import java.io.InputStream;
import java.net.SocketTimeoutException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.apache.camel.Exchange;
import org.apache.camel.component.http.HttpActivityListener;
import org.apache.camel.component.http.HttpClientConfigurer;
import org.apache.hc.client5.http.classic.ExecChain;
import org.apache.hc.client5.http.classic.ExecRuntime;
import org.apache.hc.client5.http.classic.methods.HttpGet;
import org.apache.hc.client5.http.config.ConnectionConfig;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.impl.ChainElement;
import org.apache.hc.client5.http.impl.DefaultConnectionKeepAliveStrategy;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClientBuilder;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManager;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManagerBuilder;
import org.apache.hc.client5.http.ssl.DefaultClientTlsStrategy;
import org.apache.hc.core5.http.ClassicHttpRequest;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.HttpHeaders;
import org.apache.hc.core5.http.HttpHost;
import org.apache.hc.core5.http.HttpRequest;
import org.apache.hc.core5.http.HttpResponse;
import org.apache.hc.core5.http.io.entity.StringEntity;
import org.apache.hc.core5.http.message.BasicClassicHttpResponse;
import org.apache.hc.core5.http.protocol.HttpContext;
import org.apache.hc.core5.ssl.SSLContexts;
import org.apache.hc.core5.util.TimeValue;
import org.apache.hc.core5.util.Timeout;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the HTTP client of one route endpoint ({@code httpClientConfigurer: "#agentcallUcontactHttp"}) fit for a POST that
 * rings a human: it repeats nothing, follows nothing, adds the token to every request, reads an answer whole within the
 * response timeout and up to 1 MiB, and knows whether a request had left when something failed.
 *
 * <p>What came back is left in the exchange property {@value #ANSWER} as an {@link Answer}; that property is null if the
 * request never left.
 */
public final class UcontactHttp implements HttpClientConfigurer, HttpActivityListener, AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(UcontactHttp.class);

    /** Exchange property with the {@link Answer}. */
    public static final String ANSWER = "agentcall.answer";

    /**
     * Exchange variable with an AtomicBoolean, if the request may leave once: it turns true just before, by whoever turns it.
     * Copies of an exchange have the same one. It is there from the claim of a call to its answer.
     */
    public static final String LEAVES = "agentcallLeaves";

    /**
     * Exchange property: true if the request is not the call that is on its exchange, and may leave whatever became of that.
     */
    public static final String ASIDE = "agentcall.aside";

    private static final Pattern SLASHES = Pattern.compile("/{2,}");
    private static final String EXCHANGE_ATTRIBUTE = "org.apache.camel.Exchange";
    /** With these a proxy says that it would not or could not ask. Servers say them too, but seldom on their root. */
    private static final Set<Integer> OF_PROXIES = Set.of(407, 502, 503, 504);

    private static final int MAX_ANSWER_BYTES = 1 << 20;

    /** Shorter than the idle timeout of common servers (Tomcat 20 s, nginx 75 s), so that they do not hang up first. */
    private static final TimeValue KEEP_ALIVE = TimeValue.ofSeconds(4);

    /** A connection that has rested so long is looked at before it is used, for a millisecond: did the server close it? */
    private static final TimeValue LOOK_AFTER = TimeValue.ofMilliseconds(50);

    private static final TimeValue TIME_TO_LIVE = TimeValue.ofMinutes(5);

    private final Settings settings;
    private final Token token;
    private final Deadlines deadlines = new Deadlines();

    public UcontactHttp(Settings settings, Token token) {
        this.settings = settings;
        this.token = token;
    }

    @Override
    public void configureHttpClient(HttpClientBuilder builder) {
        configure(builder)
                // The address in the settings may end with a slash; what the routes put behind it begins with one.
                .addRequestInterceptorFirst((request, entity, context) ->
                        request.setPath(SLASHES.matcher(request.getPath()).replaceAll("/")))
                .addRequestInterceptorLast((request, entity, context) ->
                        request.setHeader(HttpHeaders.AUTHORIZATION, settings.authScheme() + " " + token.value()))
                .addExecInterceptorBefore(
                        ChainElement.CONNECT.name(), "clean-connection", UcontactHttp::overCleanConnection)
                // The connection, with TLS, stands when this is reached: from here on a request may have left.
                .addExecInterceptorBefore(ChainElement.MAIN_TRANSPORT.name(), "whole-answer", this::exchange);
    }

    private HttpClientBuilder configure(HttpClientBuilder builder) {
        Timeout response = Timeout.of(settings.responseTimeout());
        builder.setConnectionManager(connections())
                .setConnectionManagerShared(false)
                .setDefaultRequestConfig(RequestConfig.custom()
                        .setResponseTimeout(response)
                        .setConnectionRequestTimeout(response)
                        .setAuthenticationEnabled(false)
                        .setProtocolUpgradeEnabled(false)
                        .build())
                .disableAutomaticRetries()
                .disableRedirectHandling()
                .disableCookieManagement()
                .disableAuthCaching()
                .disableContentCompression()
                .setUserAgent("agentcall-routes")
                .setKeepAliveStrategy(UcontactHttp::keepAlive);
        return settings.proxy() == null ? builder : builder.setProxy(HttpHost.create(settings.proxy()));
    }

    /** Below what the server offers, so that it does not hang up first. */
    private static TimeValue keepAlive(HttpResponse answer, HttpContext context) {
        TimeValue offered = DefaultConnectionKeepAliveStrategy.INSTANCE.getKeepAliveDuration(answer, context);
        return TimeValue.isPositive(offered) && offered.compareTo(KEEP_ALIVE) < 0
                ? TimeValue.ofMilliseconds(offered.toMilliseconds() / 2)
                : KEEP_ALIVE;
    }

    /**
     * Asks uContact's host for its root, without the token and without placing a call.
     *
     * @return the HTTP status
     * @throws IOException if there is no answer, or only the proxy's
     */
    public int probe() throws IOException {
        AtomicBoolean connected = new AtomicBoolean(); // by a tunnel, if uContact is behind a proxy and TLS
        HttpClientBuilder builder = configure(HttpClientBuilder.create())
                .addExecInterceptorBefore(ChainElement.MAIN_TRANSPORT.name(), "connected", (request, scope, chain) -> {
                    connected.set(true);
                    return chain.proceed(request, scope);
                });
        HttpGet root = new HttpGet(settings.ucontactUrl() + "/");
        Deadlines.Deadline deadline = deadlines.set(settings.responseTimeout(), root::abort);
        int status;
        try (CloseableHttpClient client = builder.build()) {
            status = client.execute(root, HttpResponse::getCode);
        } catch (IOException e) {
            // A read that waits as long as the deadline may be the first of the two to end.
            boolean timedOut = deadline.isOver() || connected.get() && e instanceof SocketTimeoutException;
            throw timedOut ? new SocketTimeoutException(why(true, e)) : e;
        } finally {
            deadline.lift();
        }
        if (settings.proxy() != null && (!connected.get() || OF_PROXIES.contains(status))) {
            throw new IOException("the proxy answered HTTP " + status);
        }
        return status;
    }

    private PoolingHttpClientConnectionManager connections() {
        return PoolingHttpClientConnectionManagerBuilder.create()
                .setConnectionFactory(CleanConnection::over)
                .setTlsSocketStrategy(new DefaultClientTlsStrategy(sslContext()))
                .setMaxConnTotal(settings.concurrency())
                .setMaxConnPerRoute(settings.concurrency())
                .setDefaultConnectionConfig(ConnectionConfig.custom()
                        .setConnectTimeout(Timeout.of(settings.connectTimeout()))
                        .setSocketTimeout(Timeout.of(settings.responseTimeout()))
                        .setTimeToLive(TIME_TO_LIVE)
                        .setValidateAfterInactivity(LOOK_AFTER)
                        .build())
                .build();
    }

    /** The JVM's own trust, or only what the truststore holds. */
    private SSLContext sslContext() {
        if (settings.truststore() == null) {
            return SSLContexts.createSystemDefault();
        }
        char[] password = settings.truststorePassword() == null
                ? null
                : settings.truststorePassword().toCharArray();
        try {
            KeyStore trusted = KeyStore.getInstance(settings.truststore().toFile(), password);
            TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(trusted);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, trust.getTrustManagers(), null);
            return context;
        } catch (IOException | GeneralSecurityException e) {
            throw new IllegalArgumentException(
                    "agentcall.ucontact.truststore: found " + settings.truststore() + " (" + e.getMessage()
                            + "), expected a PKCS12 or JKS file and its password in agentcall.ucontact.truststore-password",
                    e);
        }
    }

    /** Takes another connection as long as nothing was sent; those that rested end sooner or later, and a new one is clean. */
    private static ClassicHttpResponse overCleanConnection(
            ClassicHttpRequest request, ExecChain.Scope scope, ExecChain chain) throws IOException, HttpException {
        while (true) {
            try {
                return chain.proceed(request, scope);
            } catch (CleanConnection.UnaskedInputException e) {
                LOG.debug("a connection to uContact is not used again: {}", e.getMessage());
            }
        }
    }

    /** Sends the request and reads the whole answer, or notes why there is none. */
    private ClassicHttpResponse exchange(ClassicHttpRequest request, ExecChain.Scope scope, ExecChain chain)
            throws IOException, HttpException {
        Exchange exchange = (Exchange) scope.clientContext.getAttribute(EXCHANGE_ATTRIBUTE);
        if (exchange == null) { // nothing could be noted, and what was sent would be sent again
            throw new IOException("the route's endpoint has no httpActivityListener, expected #agentcallUcontactHttp");
        }
        AtomicBoolean leaves = exchange.getProperty(ASIDE, false, Boolean.class)
                ? null
                : exchange.getVariable(LEAVES, AtomicBoolean.class);
        if (leaves != null && !leaves.compareAndSet(false, true)) {
            String already = "the request has been sent or taken back already";
            note(exchange, Answer.lost(false, already)); // not as one that was not sent, which would be sent again
            throw new IOException(already);
        }
        Deadlines.Deadline deadline = deadlines.set(settings.responseTimeout(), scope.execRuntime::discardEndpoint);
        try {
            note(exchange, Answer.lost(false, "the request was sent and no answer was read"));
            ClassicHttpResponse response = chain.proceed(request, scope);
            Answer answer = read(response, scope.execRuntime, request.getFirstHeader(HttpHeaders.AUTHORIZATION));
            note(exchange, answer);
            if (response.getCode() == 401 || response.getCode() == 403) {
                token.refused(true);
            } else if (response.getCode() / 100 == 2) {
                token.refused(false);
            }
            ClassicHttpResponse plain = new BasicClassicHttpResponse(response.getCode());
            plain.setEntity(
                    new StringEntity(answer.text(), ContentType.TEXT_PLAIN.withCharset(StandardCharsets.UTF_8)));
            return plain;
        } catch (CleanConnection.UnaskedInputException e) {
            exchange.removeProperty(ANSWER);
            if (leaves != null) {
                leaves.set(false);
            }
            throw e;
        } catch (IOException | HttpException | RuntimeException e) {
            boolean timedOut = deadline.isOver() || e instanceof SocketTimeoutException;
            note(exchange, Answer.lost(timedOut, why(timedOut, e)));
            throw e;
        } finally {
            deadline.lift();
        }
    }

    private static void note(Exchange exchange, Answer answer) {
        exchange.setProperty(ANSWER, answer);
    }

    private String why(boolean timedOut, Exception e) {
        return timedOut
                ? "no complete answer within agentcall.ucontact.response-timeout ("
                        + settings.responseTimeout().toMillis() + " ms)"
                : "the connection was lost after sending (" + describe(e) + ")";
    }

    /** @param credentials an answer that quotes them is read without: it goes to logs and channels */
    private static Answer read(ClassicHttpResponse response, ExecRuntime connection, Header credentials)
            throws IOException {
        HttpEntity entity = response.getEntity();
        Duration retryAfter = RetryAfter.of(response.getFirstHeader(HttpHeaders.RETRY_AFTER));
        if (entity == null) {
            connection.releaseEndpoint();
            return Answer.of(response.getCode(), "", false, retryAfter);
        }
        boolean openEnded = entity.getContentLength() < 0 && !entity.isChunked();
        long announced = entity.getContentLength();
        InputStream body = entity.getContent();
        byte[] bytes = body.readNBytes(
                announced >= 0 && announced <= MAX_ANSWER_BYTES ? (int) announced : MAX_ANSWER_BYTES + 1);
        if (bytes.length > MAX_ANSWER_BYTES) {
            connection.discardEndpoint(); // rather than read on to its end
            return Answer.unreadable(response.getCode(), "over 1 MiB", retryAfter);
        }
        body.close();
        connection.releaseEndpoint(); // read to its end: the connection may serve the next call
        String encoding = entity.getContentEncoding();
        if (encoding != null && bytes.length > 0 && !encoding.equalsIgnoreCase("identity")) {
            return Answer.unreadable(
                    response.getCode(), "encoded as '" + Text.shown(encoding, 20) + "', unasked", retryAfter);
        }
        String text = without(credentials, new String(bytes, charset(entity)));
        return Answer.of(response.getCode(), text, openEnded, retryAfter);
    }

    private static String without(Header credentials, String text) {
        String token = credentials.getValue().substring(credentials.getValue().indexOf(' ') + 1);
        return text.contains(token) ? text.replaceAll("(?<![\\w-])" + Pattern.quote(token) + "(?![\\w-])", "…") : text;
    }

    private static Charset charset(HttpEntity entity) {
        ContentType type = ContentType.parseLenient(entity.getContentType());
        return type == null || type.getCharset() == null ? StandardCharsets.UTF_8 : type.getCharset();
    }

    /** An exception in one line: its type and its message. */
    public static String describe(Throwable e) {
        return e.getMessage() == null
                ? e.getClass().getSimpleName()
                : e.getClass().getSimpleName() + ": " + e.getMessage();
    }

    /** What to say of a request that failed: {@link Answer#notSent} unless it may have left. */
    public static Answer failed(Exchange exchange, Throwable failure) {
        Answer noted = exchange.getProperty(ANSWER, Answer.class);
        return noted != null ? noted : Answer.notSent("not sent: " + describe(failure));
    }

    /**
     * Has Camel hand the exchange to the client's context. A request that leaves without a note does so through a client
     * that is not ours, as if a route were changed: nothing is known about its answer, and it must not be sent again.
     */
    @Override
    public void onRequestSubmitted(
            Object source, Exchange exchange, HttpHost host, HttpRequest request, HttpEntity entity) {
        if (exchange.getProperty(ANSWER) == null) {
            note(
                    exchange,
                    Answer.lost(
                            false,
                            "it was sent, and the route's endpoint has no httpClientConfigurer,"
                                    + " expected #agentcallUcontactHttp"));
        }
    }

    @Override
    public void onResponseReceived(
            Object source, Exchange exchange, HttpHost host, HttpResponse response, HttpEntity entity, long elapsed) {}

    @Override
    public void close() {
        deadlines.close();
    }
}
