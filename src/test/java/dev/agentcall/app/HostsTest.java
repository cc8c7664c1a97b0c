package dev.agentcall.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.zaxxer.hikari.HikariDataSource;
import dev.agentcall.call.Stopping;
import dev.agentcall.ledger.RealPostgres;
import dev.agentcall.rest.RestServer;
import dev.agentcall.simulator.Reply;
import dev.agentcall.simulator.Simulator;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import jakarta.jms.Queue;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.sql.Connection;
import java.sql.ResultSet;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.Route;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.component.jms.JmsComponent;
import org.apache.camel.component.servlet.CamelHttpTransportServlet;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.main.Main;
import org.apache.camel.spi.Resource;
import org.apache.camel.support.PluginHelper;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.web.servlet.ServletRegistrationBean;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;

/** The bundle as a jar in applications of somebody else: nothing of {@code dev.agentcall.app} runs, and no file but theirs. */
class HostsTest {

    private static final JsonMapper JSON = new JsonMapper();
    private static final String ROUTES = "classpath:agentcall/routes/*.camel.yaml";

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    Path folder;

    private Simulator ucontact;

    @BeforeEach
    void start() throws IOException {
        ucontact = Simulator.start(Simulator.Options.defaults());
    }

    @AfterEach
    void stop() {
        ucontact.close();
    }

    /** What an application of somebody else has to say, and these further properties, key and value in turn. */
    private Properties properties(String... more) {
        Properties properties = new Properties();
        properties.setProperty("agentcall.ucontact.url", ucontact.uri() + "/"); // as people copy it from a browser
        properties.setProperty("agentcall.ucontact.token", RunningBundle.TOKEN);
        properties.setProperty("agentcall.data", folder.resolve("data").toString());
        properties.setProperty("agentcall.rest.port", "0");
        for (int i = 0; i < more.length; i += 2) {
            properties.setProperty(more[i], more[i + 1]);
        }
        return properties;
    }

    /** Writes the one file that a host has, in a folder of its own. */
    private Path write(Properties properties) throws IOException {
        properties.setProperty("camel.main.routes-include-pattern", ROUTES);
        Path file = Files.createDirectories(folder.resolve("host")).resolve("application.properties");
        try (var out = Files.newBufferedWriter(file)) {
            properties.store(out, null);
        }
        return file;
    }

    private Main main(String... more) throws Exception {
        Path file = write(properties(more));
        Main main = new Main();
        main.setPropertyPlaceholderLocations("file:" + file);
        return main;
    }

    /** A context of the application's own, with routes loaded and not started yet. */
    private CamelContext context(String... more) throws Exception {
        return context(context -> {}, more);
    }

    private interface Making {
        void with(CamelContext context) throws Exception;
    }

    private CamelContext context(Making making, String... more) throws Exception {
        CamelContext context = new DefaultCamelContext();
        context.getPropertiesComponent().setInitialProperties(properties(more));
        making.with(context);
        load(context);
        return context;
    }

    private static void load(CamelContext context) throws Exception {
        List<Resource> found =
                List.copyOf(PluginHelper.getPackageScanResourceResolver(context).findResources(ROUTES));
        assertThat(found).hasSizeGreaterThan(10);
        PluginHelper.getRoutesLoader(context).loadRoutes(found);
    }

    @SpringBootApplication
    static class SpringHost {
        @Bean
        ServletRegistrationBean<CamelHttpTransportServlet> camel() {
            var servlet = new ServletRegistrationBean<>(new CamelHttpTransportServlet(), "/voice/*");
            servlet.setName("TheirServlet");
            return servlet;
        }

        /** Names that a bundle might have taken for its own. */
        @Bean
        String metrics() {
            return "theirs";
        }

        @Bean
        String settings() {
            return "theirs";
        }

        @Bean
        SimpleMeterRegistry figures() {
            return new SimpleMeterRegistry();
        }
    }

    private ConfigurableApplicationContext spring(String... more) throws IOException {
        System.setProperty("org.springframework.boot.logging.LoggingSystem", "none"); // the tests have theirs
        Properties properties = properties(more);
        properties.setProperty("camel.main.shutdown-timeout", "1");
        properties.setProperty("server.port", "0");
        Path file = write(properties);
        SpringApplication application = new SpringApplication(SpringHost.class);
        return application.run("--spring.config.location=file:" + file);
    }
    // --- What each of them can do ---

    private void dropsCallsAndGetsResults() throws IOException {
        Path inbox = folder.resolve("data/inbox");
        Path written = Files.copy(Path.of("examples/calls.csv"), folder.resolve("calls.csv"));
        Files.setLastModifiedTime(written, FileTime.from(Instant.now().minusSeconds(60)));
        Files.move(written, inbox.resolve("calls.csv"));

        Path results = folder.resolve("data/outbox/calls.success.csv");
        await().atMost(PATIENCE).until(() -> Files.exists(results));
        assertThat(Files.readAllLines(results)).hasSizeGreaterThan(3);
        await().atMost(PATIENCE).until(() -> Files.exists(folder.resolve("data/done/calls.csv")));
    }

    private static void answersJson(URI base) throws Exception {
        HttpResponse<String> answer = new RestClient(base).post(RestClient.call("099123456", "requestId", "host-1"));
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(201);
        JsonNode outcome = RestClient.read(answer);
        assertThat(outcome.path("outcome").asText()).isEqualTo("placed");
        assertThat(outcome.path("requestId").asText()).isEqualTo("host-1");
    }

    private static URI own(CamelContext context) {
        int port = context.getRegistry().findSingleByType(RestServer.class).port();
        assertThat(port).isPositive();
        return URI.create("http://127.0.0.1:" + port);
    }

    private static JsonNode place(CamelContext context, String destination, String id) throws IOException {
        return JSON.readTree(context.createProducerTemplate()
                .requestBody("direct:place-call", RestClient.call(destination, "requestId", id), String.class));
    }

    @Test
    void aCamelMainWithNothingButItsProperties() throws Exception {
        Main main = main();
        main.start();
        try {
            dropsCallsAndGetsResults();
            answersJson(own(main.getCamelContext()));
        } finally {
            main.stop();
        }
        assertThat(folder.resolve("data")).isDirectoryNotContaining("glob:**.lock");
    }

    @Test
    void aSpringBootApplicationWithItsOwnServlet() throws Exception {
        try (ConfigurableApplicationContext spring = spring("agentcall.rest.servlet", "TheirServlet")) {
            int port = Integer.parseInt(spring.getEnvironment().getProperty("local.server.port"));
            dropsCallsAndGetsResults();
            RestClient client = new RestClient(URI.create("http://127.0.0.1:" + port));
            HttpResponse<String> answer = client.send(client.request("/voice/api/agent-calls")
                    .header("Content-Type", "application/json")
                    .POST(java.net.http.HttpRequest.BodyPublishers.ofString(
                            JSON.writeValueAsString(RestClient.call("099123456")))));
            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(201);
            assertThat(client.get(answer.headers().firstValue("Location").orElseThrow())
                            .body())
                    .as("what Location leads to")
                    .isEqualTo(answer.body());
            assertThat(JSON.readTree(client.get("/voice/api/openapi.json").body())
                            .at("/servers/0/url")
                            .asText())
                    .isEqualTo("/voice");
            assertThat(client.postForm("/voice" + RestClient.FACADE, RestClient.form(RestClient.call("099123457")))
                            .body())
                    .hasSize(36);
            assertThat(client.postForm(
                                    "/voice" + RestClient.FACADE,
                                    RestClient.form(RestClient.call("099123458")),
                                    "Origin",
                                    "https://elsewhere.example.com")
                            .statusCode())
                    .isEqualTo(403);
            assertThat(client.postForm(
                                    "/voice" + RestClient.FACADE,
                                    RestClient.form(RestClient.call("099123458")),
                                    "Content-Encoding",
                                    "gzip") // which it is not: unpacking it would fail
                            .statusCode())
                    .isEqualTo(415);
            assertThat(client.get("/voice/observe/health/ready").statusCode()).isEqualTo(200);
            assertThat(spring.getBean(CamelContext.class)
                            .getRegistry()
                            .findSingleByType(RestServer.class)
                            .port())
                    .as("a port of the bundle's own")
                    .isEqualTo(-1);
            assertThat(spring.getBean(SimpleMeterRegistry.class)
                            .get("agentcall.outcomes")
                            .tag("outcome", "placed")
                            .tag("source", "rest")
                            .counter()
                            .count())
                    .isEqualTo(2);
            assertThat(spring.getBean("metrics")).isEqualTo("theirs");
        }
    }

    @Test
    void anApplicationThatMakesItsContextItself() throws Exception {
        CamelContext context = context();
        context.start();
        try {
            dropsCallsAndGetsResults();
            answersJson(own(context));
        } finally {
            context.stop();
        }
    }

    // --- What they have is used ---

    @Test
    void theirDataSourceIsTheLedgerIfTheySaySo() throws Exception {
        try (EmbeddedPostgres postgres = RealPostgres.start()) {
            HikariDataSource theirs = new HikariDataSource();
            theirs.setDataSource(postgres.getPostgresDatabase());
            theirs.setMaximumPoolSize(6); // as few as they are asked for: each is looked at below
            CamelContext context =
                    context(with -> with.getRegistry().bind("theirs", theirs), "agentcall.ledger.url", "bean:theirs");
            context.start();
            try {
                place(context, "099123456", "in-theirs");
                assertThat(place(context, "099123456", "in-theirs")
                                .path("replayed")
                                .asBoolean())
                        .isTrue();
            } finally {
                context.stop();
            }
            assertThat(ucontact.received()).isEqualTo(1);
            assertThat(folder.resolve("data/ledger.db")).doesNotExist();
            assertThat(one(theirs, "SELECT count(*) FROM request WHERE outcome = 'placed'"))
                    .isEqualTo("2");
            assertThat(one(theirs, "SELECT count(*) FROM process"))
                    .as("processes that did not leave")
                    .isEqualTo("0");
            assertThat(one(theirs, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"))
                    .as("signs of life that stay with their connections")
                    .isEqualTo("0");
            List<Connection> all = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                all.add(theirs.getConnection());
            }
            for (Connection connection : all) {
                try (connection;
                        ResultSet result = connection.createStatement().executeQuery("SHOW lock_timeout")) {
                    result.next();
                    assertThat(result.getString(1))
                            .as("what was set for the ledger stays with no connection")
                            .isEqualTo("0");
                }
            }
            theirs.close();
        }
    }

    private static String one(DataSource database, String query) throws Exception {
        try (Connection connection = database.getConnection();
                ResultSet result = connection.createStatement().executeQuery(query)) {
            result.next();
            return result.getString(1);
        }
    }

    @Test
    void aDataSourceThatTheyDoNotNameIsLeftAlone() throws Exception {
        DataSource untouchable = (DataSource) java.lang.reflect.Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {DataSource.class}, (proxy, method, arguments) -> {
                    if (method.getDeclaringClass() == Object.class) {
                        return method.getName().equals("hashCode")
                                ? 1
                                : method.getName().equals("equals") ? false : "";
                    }
                    throw new AssertionError("it was used");
                });
        CamelContext context = context(with -> with.getRegistry().bind("dataSource", untouchable));
        context.start();
        try {
            assertThat(place(context, "099123456", "a").path("outcome").asText())
                    .isEqualTo("placed");
            assertThat(folder.resolve("data/ledger.db")).exists();
        } finally {
            context.stop();
        }
    }

    @Test
    void aDataSourceThatIsNotThereIsTold() {
        assertThatThrownBy(() -> context("agentcall.ledger.url", "bean:nobody"))
                .hasStackTraceContaining(
                        "agentcall.ledger.url: found bean:nobody, which is nothing in Camel's registry");
    }

    @Test
    void theirConnectionFactoryIsUsedIfTheySaySo() throws Exception {
        try (TestBroker broker = TestBroker.start(folder.resolve("broker"));
                ActiveMQConnectionFactory theirs = new ActiveMQConnectionFactory(broker.url());
                ActiveMQConnectionFactory another = new ActiveMQConnectionFactory("tcp://127.0.0.1:1")) {
            CamelContext context = context(
                    with -> {
                        with.getRegistry().bind("theirs", theirs);
                        with.getRegistry().bind("another", another);
                    },
                    "agentcall.jms.url",
                    "bean:theirs");
            context.start();
            try {
                broker.send(JSON.writeValueAsString(RestClient.call("099123456", "requestId", "by-queue")));
                await().atMost(PATIENCE).until(() -> broker.count("agentcall.success") == 1);
                String outcome = broker.inSession(session -> {
                    Queue success = session.createQueue("agentcall.success");
                    return session.createConsumer(success).receive(60_000).getBody(String.class);
                });
                assertThat(outcome).contains("\"requestId\":\"by-queue\",\"outcome\":\"placed\"");
            } finally {
                context.stop();
            }
        }
    }

    @Test
    void theirConnectionFactoryIsFoundByTheirComponentAsBefore() throws Exception {
        try (ActiveMQConnectionFactory theirs = new ActiveMQConnectionFactory("tcp://127.0.0.1:1")) {
            CamelContext context = context(with -> with.getRegistry().bind("theirs", theirs));
            context.start();
            try {
                assertThat(context.getComponent("jms", JmsComponent.class).getConnectionFactory())
                        .isSameAs(theirs);
            } finally {
                context.stop();
            }
        }
    }

    @Test
    void theirMeterRegistryGetsTheFigures() throws Exception {
        SimpleMeterRegistry theirs = new SimpleMeterRegistry();
        CamelContext context = context(with -> with.getRegistry().bind("figures", theirs), "agentcall.rest.port", "");
        context.start();
        try {
            place(context, "099123456", "a");
            assertThat(theirs.get("agentcall.outcomes")
                            .tag("outcome", "placed")
                            .counter()
                            .count())
                    .isEqualTo(1);
            assertThat(theirs.get("agentcall").timer().count()).isEqualTo(1);
            assertThat(theirs.get("agentcall.inflight").gauge().value()).isZero();
            assertThat(theirs.find("jvm.memory.used").meters())
                    .as("what is about their process")
                    .isEmpty();
        } finally {
            context.stop();
        }
        assertThat(theirs.isClosed()).isFalse();
    }

    // --- What they do not want is off ---

    @Test
    void triggersThatAreSwitchedOffAreNotThere() throws Exception {
        CamelContext context = context("agentcall.rest.port", "", "agentcall.inbox", "");
        context.start();
        try {
            assertThat(context.getRoutes().stream()
                            .map(Route::getRouteId)
                            .filter(id -> id.startsWith("receive-"))
                            .toList())
                    .containsExactly("receive-missed");
            assertThat(context.getRegistry().findSingleByType(RestServer.class).port())
                    .isEqualTo(-1);
            assertThat(folder.resolve("data/inbox")).doesNotExist();
            assertThat(place(context, "099123456", "a").path("outcome").asText())
                    .isEqualTo("placed");
        } finally {
            context.stop();
        }
    }

    @Test
    void theirOwnRestRoutesAndComponentsAreTheirs() throws Exception {
        CamelContext context = context(with -> with.addRoutes(new RouteBuilder() {
            @Override
            public void configure() {
                restConfiguration().component("servlet").contextPath("/theirs");
            }
        }));
        context.start();
        try {
            assertThat(context.getRestConfiguration().getContextPath()).isEqualTo("/theirs");
            assertThat(context.getRestConfiguration().getEndpointProperties()).isNullOrEmpty();
            assertThat(context.getComponentNames()).doesNotContain("servlet", "jms", "http");
            answersJson(own(context));
        } finally {
            context.stop();
        }
    }

    // --- Start and stop ---

    @Test
    void aPortThatIsTakenFailsTheStartBeforeAnyCall() throws Exception {
        try (var taken = new java.net.ServerSocket(0, 1, java.net.InetAddress.getLoopbackAddress())) {
            CamelContext context = context("agentcall.rest.port", String.valueOf(taken.getLocalPort()));
            try {
                assertThatThrownBy(context::start)
                        .hasStackTraceContaining("agentcall.rest.port: found " + taken.getLocalPort());
                assertThat(context.getRoutes()).noneMatch(route -> context.getRouteController()
                        .getRouteStatus(route.getRouteId())
                        .isStarted());
            } finally {
                context.stop();
            }
        }
    }

    /** With a stop that Camel would cut off after a second. */
    @Test
    void aCallInFlightEndsBeforeTheApplicationDoes() throws Exception {
        CompletableFuture<Stopping> stopping = answerAfterStop();
        CamelContext context = context();
        context.getShutdownStrategy().setTimeUnit(TimeUnit.SECONDS);
        context.getShutdownStrategy().setTimeout(1);
        context.start();
        endsInGoodOrder(context, stopping, context::stop);
    }

    @Test
    void aCallInFlightEndsBeforeASpringBootApplicationDoes() throws Exception {
        CompletableFuture<Stopping> stopping = answerAfterStop();
        ConfigurableApplicationContext spring = spring();
        endsInGoodOrder(spring.getBean(CamelContext.class), stopping, spring::close);
    }

    /** No call ends before the stop has begun, nor soon after. */
    private CompletableFuture<Stopping> answerAfterStop() throws IOException {
        CompletableFuture<Stopping> stopping = new CompletableFuture<>();
        ucontact.close();
        ucontact = Simulator.start(Simulator.Options.defaults().withAnswers(call -> {
            await().atMost(PATIENCE).until(stopping.join()::isStopping);
            return new Reply(null, 200, UUID.randomUUID().toString(), Map.of(), Duration.ofSeconds(3));
        }));
        return stopping;
    }

    private static CompletableFuture<Exchange> request(CamelContext context, String destination, String id) {
        return CompletableFuture.supplyAsync(
                () -> context.createProducerTemplate().request("direct:place-call", exchange -> exchange.getMessage()
                        .setBody(RestClient.call(destination, "requestId", id))));
    }

    private interface Stop {
        void now() throws Exception;
    }

    private void endsInGoodOrder(CamelContext context, CompletableFuture<Stopping> stopping, Stop stop)
            throws Exception {
        CompletableFuture<Exchange> called = request(context, "099123455", "slow");
        await().atMost(PATIENCE).until(() -> ucontact.received() == 1);
        CompletableFuture<HttpResponse<String>> waits = // for the same agent
                new RestClient(own(context)).postAsync(RestClient.call("099123456", "requestId", "waits"));
        await().atMost(PATIENCE).until(() -> context.getInflightRepository().size("receive-rest-call") == 1);

        stopping.complete(context.getRegistry().findSingleByType(Stopping.class));
        stop.now();

        assertThat(called.get(60, TimeUnit.SECONDS).getException()).isNull();
        assertThat(waits.get(60, TimeUnit.SECONDS).statusCode()).isEqualTo(503);
        assertThat(ucontact.received()).isEqualTo(1);
        try (Connection ledger =
                        java.sql.DriverManager.getConnection("jdbc:sqlite:" + folder.resolve("data/ledger.db"));
                ResultSet outcomes = ledger.createStatement().executeQuery("SELECT outcome FROM request")) {
            assertThat(outcomes.next()).isTrue();
            assertThat(outcomes.getString(1)).isEqualTo("placed");
            assertThat(outcomes.next()).isFalse();
        }
    }

    @Test
    void nothingOfTheProgramIsNeeded() throws Exception {
        try (var classes = Files.walk(Path.of("src/main/java/dev/agentcall"))) {
            for (Path source : classes.filter(Files::isRegularFile).toList()) {
                if (!source.getParent().endsWith("app")) {
                    assertThat(Files.readString(source))
                            .as("%s", source)
                            .doesNotContain("dev.agentcall.app.")
                            .doesNotContain("org.apache.camel.main.");
                }
            }
        }
    }
}
