package dev.agentcall.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.agentcall.app.CallStub.Answer;
import dev.agentcall.call.Deliveries;
import dev.agentcall.call.Gate;
import dev.agentcall.jms.Broker;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.MessageConsumer;
import jakarta.jms.ObjectMessage;
import jakarta.jms.Queue;
import jakarta.jms.TemporaryQueue;
import jakarta.jms.TextMessage;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.activemq.artemis.core.security.Role;
import org.apache.activemq.artemis.core.settings.impl.AddressFullMessagePolicy;
import org.apache.activemq.artemis.core.settings.impl.AddressSettings;
import org.apache.camel.ExchangePattern;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of messages, with a real broker that is stopped, full, or picky. */
@Timeout(180)
class JmsTest {

    private static final JsonMapper JSON = new JsonMapper();
    private static final String REQUESTS = "agentcall.requests";
    private static final String SUCCESS = "agentcall.success";
    private static final String ERROR = "agentcall.error";
    private static final String READY = "/observe/health/ready";

    @TempDir
    private Path folder;

    private TestBroker broker;
    private CallStub ucontact;
    private RunningBundle bundle;

    @BeforeAll
    static void patience() {
        // A channel that failed for so long is tried again after as long once more, up to a minute.
        Awaitility.setDefaultTimeout(Duration.ofSeconds(90));
        Awaitility.setDefaultPollInterval(Duration.ofMillis(50));
    }

    @BeforeEach
    void startUcontact() throws IOException {
        ucontact = CallStub.start(call -> Answer.placed());
    }

    @AfterEach
    void close() throws Exception {
        ucontact.close();
        if (bundle != null) {
            bundle.close();
        }
        if (broker != null) {
            broker.close();
        }
    }

    private void startBroker() throws Exception {
        broker = TestBroker.start(folder.resolve("broker"));
    }

    private void startBundle(String... settings) throws Exception {
        List<String> all = new ArrayList<>(List.of("agentcall.jms.url", broker.url()));
        all.addAll(List.of(settings));
        bundle = RunningBundle.start(
                Bundle.Extent.ALL, folder.resolve("data"), ucontact.uri(), all.toArray(String[]::new));
    }

    private void restartBundle(String... settings) throws Exception {
        bundle.close();
        startBundle(settings);
    }

    private static String request(String id, String agent, String destination) {
        return "{" + (id == null ? "" : "\"requestId\":\"" + id + "\",")
                + "\"callerid\":\"59824001000\",\"agent\":\"" + agent
                + "\",\"phone\":\"1001\",\"context\":\"agentes\",\"outqueue\":\"Ventas->\",\"destination\":\""
                + destination + "\",\"crm_id\":\"77\"}";
    }

    private static String request(String id) {
        return request(id, "ana", "59899123456");
    }

    private static JsonNode json(Message message) throws JMSException {
        try {
            return JSON.readTree(((TextMessage) message).getText());
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private List<JsonNode> outcomes(String queue) throws JMSException {
        List<JsonNode> outcomes = new ArrayList<>();
        for (Message message : broker.browse(queue)) {
            outcomes.add(json(message));
        }
        return outcomes;
    }

    private List<JsonNode> awaitOutcomes(String queue, int count) throws JMSException {
        await().untilAsserted(() -> assertThat(broker.count(queue)).isGreaterThanOrEqualTo(count));
        return outcomes(queue);
    }

    private void awaitDone() {
        await().untilAsserted(() -> assertThat(broker.count(REQUESTS)).isZero());
    }

    private String problem() {
        return bundle.bundle()
                .context()
                .getRegistry()
                .findSingleByType(Broker.class)
                .notReady();
    }

    // --- A message ---

    @Test
    void anotherQueueOfTheBrokerMayBeAChannel() throws Exception {
        startBroker();
        startBundle("agentcall.channel.success", "jms:queue:crm agentcall-jms:queue:erp");

        broker.send(request("a"));

        assertThat(awaitOutcomes("crm", 1)).hasSize(1);
        assertThat(awaitOutcomes("erp", 1)).hasSize(1);
        assertThat(awaitOutcomes(SUCCESS, 1)).hasSize(1);
    }

    @Test
    void aMessageIsPlacedAndItsOutcomeIsOnTheQueueAndInTheFile() throws Exception {
        startBroker();
        startBundle();

        broker.send(request("crm-1"));

        JsonNode outcome = awaitOutcomes(SUCCESS, 1).get(0);
        assertThat(outcome.path("requestId").asText()).isEqualTo("crm-1");
        assertThat(outcome.path("outcome").asText()).isEqualTo("placed");
        assertThat(outcome.path("extra").path("crm_id").asText()).isEqualTo("77");
        assertThat(outcome.path("source").path("kind").asText()).isEqualTo("jms");
        assertThat(outcome.path("source").path("name").asText()).isEqualTo(REQUESTS);
        awaitDone();
        assertThat(bundle.successes("crm-1")).containsExactly(outcome);
        assertThat(bundle.errors()).isEmpty();
        assertThat(broker.count(ERROR)).isZero();
        assertThat(ucontact.calls()).hasSize(1);
        assertThat(ucontact.calls().get(0)).containsEntry("outqueue", "Ventas->");
        assertThat(problem()).isNull();
    }

    @Test
    void anOutcomeQueueWithoutANameIsNone() throws Exception {
        startBroker();
        startBundle("agentcall.jms.success", "");

        broker.send(request("crm-1"));
        broker.send("call Ana");

        await().until(() -> bundle.successes("crm-1").size() == 1);
        awaitOutcomes(ERROR, 1);
        awaitDone();
        assertThat(broker.queues()).doesNotContain(SUCCESS, "");
    }

    @Test
    void withoutARequestIdTheMessageIdIsTheRequestId() throws Exception {
        startBroker();
        startBundle();

        String id = broker.send(request(null));

        assertThat(awaitOutcomes(SUCCESS, 1).get(0).path("requestId").asText()).isEqualTo(id);
    }

    @Test
    void outcomesOfOtherSourcesGoToTheQueuesToo() throws Exception {
        startBroker();
        startBundle();

        // As a web server would ask, who waits for an answer: the queue must not be asked for one.
        bundle.bundle()
                .context()
                .createProducerTemplate()
                .sendBody("direct:place-call", ExchangePattern.InOut, request("rest-1"));

        assertThat(awaitOutcomes(SUCCESS, 1).get(0).path("requestId").asText()).isEqualTo("rest-1");
        assertThat(broker.browse(SUCCESS).get(0).getJMSReplyTo()).isNull();
    }

    @Test
    void theReplyHasTheSendersCorrelationIdOrElseTheMessageId() throws Exception {
        startBroker();
        startBundle();

        broker.inSession(session -> {
            TemporaryQueue replies = session.createTemporaryQueue();
            MessageConsumer consumer = session.createConsumer(replies);
            Queue requests = session.createQueue(REQUESTS);

            TextMessage correlated = session.createTextMessage(request("crm-1"));
            correlated.setJMSReplyTo(replies);
            correlated.setJMSCorrelationID("ticket 4711");
            session.createProducer(requests).send(correlated);
            Message reply = consumer.receive(60_000);
            assertThat(reply.getJMSCorrelationID()).isEqualTo("ticket 4711");
            assertThat(json(reply).path("requestId").asText()).isEqualTo("crm-1");
            assertThat(json(reply).path("outcome").asText()).isEqualTo("placed");

            TextMessage malformed = session.createTextMessage("call Ana");
            malformed.setJMSReplyTo(replies);
            session.createProducer(requests).send(malformed);
            reply = consumer.receive(60_000);
            assertThat(reply.getJMSCorrelationID()).isEqualTo(malformed.getJMSMessageID());
            assertThat(json(reply).path("reason").asText()).isEqualTo("malformed");
            return null;
        });
        awaitDone();
    }

    @Test
    void aReplyThatNobodyTakesDoesNotBringTheMessageBack() throws Exception {
        startBroker();
        startBundle();

        broker.inSession(session -> {
            TemporaryQueue replies = session.createTemporaryQueue();
            TextMessage message = session.createTextMessage(request("crm-1"));
            message.setJMSReplyTo(replies);
            replies.delete();
            session.createProducer(session.createQueue(REQUESTS)).send(message);
            return null;
        });

        awaitOutcomes(SUCCESS, 1);
        awaitDone();
        assertThat(outcomes(SUCCESS)).hasSize(1);
        assertThat(ucontact.calls()).hasSize(1);
        assertThat(broker.count(TestBroker.DEAD_LETTERS)).isZero();
    }

    // --- Messages that are none ---

    /** An object that must not come to life here. */
    static final class Trap implements Serializable {
        private static final long serialVersionUID = 1L;

        static volatile boolean sprung;

        private void readObject(ObjectInputStream in) throws IOException, ClassNotFoundException {
            in.defaultReadObject();
            sprung = true;
        }
    }

    @Test
    void onlyTextMessagesAreReadAndEachOtherIsMalformed() throws Exception {
        startBroker();
        startBundle();

        broker.send(session -> {
            ObjectMessage message = session.createObjectMessage();
            message.setObject(new Trap());
            return message;
        });
        broker.send(session -> {
            var message = session.createBytesMessage();
            message.writeBytes(request("bytes").getBytes(StandardCharsets.UTF_8));
            return message;
        });
        broker.send(session -> {
            var message = session.createMapMessage();
            message.setString("agent", "ana");
            return message;
        });
        broker.send(session -> {
            var message = session.createStreamMessage();
            message.writeString("ana");
            return message;
        });
        broker.send(session -> session.createMessage());
        broker.send("");
        broker.send("[1,2]");
        String last = broker.send("call Ana");

        broker.send("{\"callerid\":\"" + "5".repeat(64 * 1024) + "\"}");

        List<JsonNode> outcomes = awaitOutcomes(ERROR, 9);
        awaitDone();
        assertThat(outcomes).hasSize(9).allSatisfy(outcome -> {
            assertThat(outcome.path("outcome").asText()).isEqualTo("invalid");
            assertThat(outcome.path("reason").asText()).isEqualTo("malformed");
        });
        assertThat(outcomes)
                .extracting(outcome -> outcome.path("requestId").asText())
                .contains(last);
        assertThat(outcomes)
                .extracting(outcome -> outcome.path("detail").asText())
                .anyMatch(detail -> detail.contains("found an object message"))
                .anyMatch(detail -> detail.contains("found a bytes message"))
                .anyMatch(detail -> detail.contains("found a map message"))
                .anyMatch(detail -> detail.contains("found a stream message"))
                .anyMatch(detail -> detail.contains("at most 65536 characters, found 65551"));
        assertThat(Trap.sprung).isFalse();
        assertThat(ucontact.calls()).isEmpty();
        assertThat(broker.count(SUCCESS)).isZero();
    }

    @Test
    void aStompSenderThatSetsNoMessageIdGetsTheBrokersNumberAndTime() throws Exception {
        startBroker();
        startBundle();

        stomp("SEND\ndestination:" + REQUESTS + "\ndestination-type:ANYCAST\n\n" + request(null) + "\0");
        stomp("SEND\ndestination:" + REQUESTS + "\ndestination-type:ANYCAST\n\n" + request(null) + "\0");

        assertThat(awaitOutcomes(SUCCESS, 2))
                .extracting(outcome -> outcome.path("requestId").asText())
                .allMatch(id -> id.matches("artemis-\\d+-\\d{13}"))
                .doesNotHaveDuplicates();
    }

    private void stomp(String frame) throws IOException {
        try (Socket socket = new Socket("127.0.0.1", broker.port())) {
            socket.getOutputStream()
                    .write(("CONNECT\naccept-version:1.2\nhost:x\n\n\0" + frame + "DISCONNECT\nreceipt:bye\n\n\0")
                            .getBytes(StandardCharsets.UTF_8));
            StringBuilder answer = new StringBuilder();
            for (int c = socket.getInputStream().read();
                    c >= 0 && answer.indexOf("receipt-id:bye") < 0;
                    c = socket.getInputStream().read()) {
                answer.append((char) c);
            }
            assertThat(answer).contains("receipt-id:bye").doesNotContain("ERROR");
        }
    }

    // --- Headers ---

    /** What steers a component of Camel's, or a proxy, or a log. In several spellings; some are no JMS names. */
    private static final List<String> STEERING = List.of(
            "CamelHttpUri",
            "CAmelHttpUri",
            "camelhttpuri",
            "CamelHttpPath",
            "CamelHttpQuery",
            "CamelHttpRawQuery",
            "CamelHttpMethod",
            "CamelRestHttpUri",
            "CamelHttpHost",
            "CamelFileName",
            "CamelOverruleFileName",
            "CamelSqlQuery",
            "CamelJmsDestinationName",
            "CamelJmsDestination",
            "CamelExceptionCaught",
            "Authorization",
            "Cookie",
            "Host",
            "breadcrumbId",
            "org_apache_camel_CamelHttpUri",
            "Camel_DOT_Http_HYPHEN_Uri",
            "X_HYPHEN_Forwarded_HYPHEN_Host",
            "requestId",
            "toSend",
            "outcome");

    @Test
    void noHeaderOfAMessageChangesWhereItIsSentOrWhatBecomesOfIt() throws Exception {
        try (CallStub stranger = CallStub.start(call -> Answer.placed())) {
            startBroker();
            startBundle();
            String evil = stranger.uri() + "/evil";

            for (String body : List.of(request("crm-1"), "call Ana")) {
                broker.send(session -> {
                    TextMessage message = session.createTextMessage(body);
                    for (String name : STEERING) {
                        message.setStringProperty(name, evil);
                    }
                    message.setJMSType("evil");
                    return message;
                });
            }
            // STOMP takes any name, with dots and hyphens as they are.
            stomp("SEND\ndestination:" + REQUESTS + "\ndestination-type:ANYCAST\nCamelHttpUri:"
                    + evil.replace(":", "\\c")
                    + "\nContent-Type:text/evil\nX-Forwarded-Host:evil\nCamel.Http-Uri:evil\nCamelHttpPath:/evil\n"
                    + "CamelFileName:evil\n\n" + request("crm-2", "eva", "59899123457") + "\0");

            awaitOutcomes(SUCCESS, 2);
            awaitOutcomes(ERROR, 1);
            awaitDone();
            List<Message> outcomes = new ArrayList<>(broker.browse(SUCCESS));
            outcomes.addAll(broker.browse(ERROR));
            assertThat(outcomes).hasSize(3);
            assertThat(stranger.calls()).isEmpty();
            assertThat(ucontact.calls()).hasSize(2);
            assertThat(ucontact.headers()).allSatisfy((name, values) -> assertThat(name + values)
                    .doesNotContain("evil")
                    .doesNotContain(stranger.uri().getAuthority()));
            assertThat(ucontact.targets()).containsOnly("POST /Integra/resources/Agents/AgentCall");
            assertThat(ucontact.headers().get("Authorization")).containsOnly("Basic " + RunningBundle.TOKEN);
            for (Message outcome : outcomes) {
                assertThat(names(outcome)).allMatch(name -> name.startsWith("JMSX"));
                assertThat(outcome.getJMSType()).isNull();
            }
            assertThat(RunningBundle.names(bundle.outbox())).containsExactly("error.jsonl", "success.jsonl");
            assertThat(broker.queues())
                    .containsExactlyInAnyOrder(REQUESTS, SUCCESS, ERROR, TestBroker.EXPIRED, TestBroker.DEAD_LETTERS);
        }
    }

    @SuppressWarnings("unchecked")
    private static List<String> names(Message message) throws JMSException {
        return java.util.Collections.list((java.util.Enumeration<String>) message.getPropertyNames());
    }

    // --- Once ---

    @Test
    void aNewMessageWithTheIdOfAPlacedRequestIsReplayedAndWithARejectedOneIsANewAttempt() throws Exception {
        ucontact.answer(call -> call.get("agent").equals("nobody") ? new Answer(200, "0") : Answer.placed());
        startBroker();
        startBundle();

        broker.send(request("placed"));
        awaitOutcomes(SUCCESS, 1);
        broker.send(request("placed"));
        assertThat(awaitOutcomes(SUCCESS, 2))
                .extracting(outcome -> outcome.path("replayed").asBoolean())
                .containsExactly(false, true);
        broker.send(request("rejected", "nobody", "1"));
        awaitOutcomes(ERROR, 1);
        broker.send(request("rejected", "nobody", "1"));
        assertThat(awaitOutcomes(ERROR, 2))
                .extracting(outcome -> outcome.path("replayed").asBoolean())
                .containsExactly(false, false);
        assertThat(ucontact.calls()).hasSize(3);
    }

    @Test
    void aMessageThatWasCalledWhileTheBrokerWentAwayIsNotCalledAgain() throws Exception {
        CountDownLatch called = new CountDownLatch(2);
        CountDownLatch brokerIsAway = new CountDownLatch(1);
        ucontact.answer(call -> {
            called.countDown();
            brokerIsAway.await();
            return call.get("agent").equals("nobody") ? new Answer(200, "0") : Answer.placed();
        });
        startBroker();
        startBundle();
        broker.send(request("placed"));
        broker.send(request("rejected", "nobody", "1"));
        called.await();

        broker.stop();
        brokerIsAway.countDown();
        // Both are decided, and in the files, while the broker is away.
        Duration minute = Duration.ofMinutes(1);
        await().atMost(minute)
                .untilAsserted(() -> assertThat(bundle.successes("placed")).isNotEmpty());
        await().atMost(minute)
                .untilAsserted(() -> assertThat(bundle.errors("rejected")).isNotEmpty());
        await().until(() -> problem() != null);
        // Who was called already need not wait for the agent, who is busy with another call by now.
        CountDownLatch free = new CountDownLatch(1);
        CountDownLatch busy = new CountDownLatch(1);
        ucontact.answer(call -> {
            busy.countDown();
            free.await();
            return Answer.placed();
        });
        CompletableFuture<JsonNode> other =
                CompletableFuture.supplyAsync(() -> placed(request("other", "nobody", "3")));
        busy.await();
        broker.start();

        assertThat(awaitOutcomes(SUCCESS, 1).get(0).path("requestId").asText()).isEqualTo("placed");
        assertThat(awaitOutcomes(ERROR, 1).get(0).path("requestId").asText()).isEqualTo("rejected");
        awaitDone();
        free.countDown();
        other.get(60, TimeUnit.SECONDS);
        assertThat(ucontact.calls()).hasSize(3);
        await().until(() -> problem() == null);
    }

    private JsonNode placed(String request) {
        try {
            return bundle.place(request);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void aMessageThatComesAgainWhileItStillWaitsForItsAgentRingsOnce() throws Exception {
        CountDownLatch free = new CountDownLatch(1);
        ucontact.answer(call -> {
            if (call.get("destination").equals("first")) {
                return Answer.placed();
            }
            free.await();
            return new Answer(200, "0");
        });
        startBroker();
        startBundle("agentcall.concurrency", "4");
        broker.send(request("busy", "nobody", "1"));
        await().until(() -> ucontact.calls().size() == 1);
        broker.send(request("waiting", "nobody", "2"));
        await().until(() -> broker.held(REQUESTS) == 2);

        // Both are handed out a second time, while the first ones are still in hand.
        broker.disconnectAll();
        await().until(() -> broker.deliveries(REQUESTS).stream()
                        .filter(deliveries -> deliveries > 1)
                        .count()
                == 2);
        free.countDown();

        awaitDone();
        assertThat(ucontact.calls()).hasSize(2);
        assertThat(outcomes(ERROR))
                .extracting(outcome -> outcome.path("requestId").asText())
                .contains("busy", "waiting");
        assertThat(broker.count(TestBroker.DEAD_LETTERS)).isZero();
    }

    // --- Pace ---

    @Test
    void callsInFlightStayWithinTheConcurrencyAndABusyAgentDoesNotStopTheOthers() throws Exception {
        CountDownLatch called = new CountDownLatch(1);
        CountDownLatch free = new CountDownLatch(1);
        ucontact.answer(call -> {
            if (call.get("agent").equals("busy")) {
                called.countDown();
                free.await();
            }
            called.await(); // so that there are two at a time
            return Answer.placed();
        });
        startBroker();
        startBundle("agentcall.concurrency", "2");
        for (int i = 0; i < 8; i++) {
            broker.send(request("busy-" + i, "busy", "1"));
        }
        for (int i = 0; i < 10; i++) {
            broker.send(request("free-" + i, "agent" + i, "2"));
        }

        List<JsonNode> first = awaitOutcomes(SUCCESS, 10);
        assertThat(first).allMatch(outcome -> outcome.path("requestId").asText().startsWith("free-"));
        assertThat(ucontact.calls()).hasSize(11);
        free.countDown();
        awaitOutcomes(SUCCESS, 18);
        assertThat(ucontact.mostInFlight()).isEqualTo(2);
        assertThat(ucontact.agentsCalledTwiceAtOnce()).isEmpty();
    }

    // --- uContact is away ---

    @Test
    void messagesWaitForUcontactWithoutUsingUpTheirDeliveries() throws Exception {
        ucontact.answer(call -> Answer.unavailable());
        startBroker();
        startBundle();
        for (int i = 0; i < 3; i++) {
            broker.send(request("crm-" + i, "agent" + i, "1"));
        }

        await().until(() -> broker.held(REQUESTS) == 3);
        await().until(() -> ucontact.calls().size() > 8);
        assertThat(broker.deliveries(REQUESTS)).containsExactly(1, 1, 1);
        assertThat(bundle.errors()).isEmpty();
        ucontact.answer(call -> Answer.placed());

        awaitOutcomes(SUCCESS, 3);
        awaitDone();
        assertThat(ucontact.placed()).hasSize(3);
    }

    @Test
    void aWaitingMessageGoesBackOnceAtAStopAndIsCalledAtTheNextStart() throws Exception {
        ucontact.answer(call -> Answer.unavailable());
        startBroker();
        startBundle();
        broker.send(request("crm-1"));
        await().until(() -> ucontact.calls().size() > 1);

        long began = System.nanoTime();
        bundle.close();
        assertThat(Duration.ofNanos(System.nanoTime() - began))
                .as("Camel would cut it off after 68 s")
                .isLessThan(Duration.ofSeconds(45));
        await().until(() -> !broker.browse(REQUESTS).isEmpty());
        assertThat(broker.browse(REQUESTS).get(0).getIntProperty("JMSXDeliveryCount"))
                .isLessThanOrEqualTo(2);

        ucontact.answer(call -> Answer.placed());
        startBundle();
        awaitOutcomes(SUCCESS, 1);
        assertThat(ucontact.placed()).hasSize(1);
    }

    @Test
    void aMessageThatExpiresWhileItWaitsIsNotCalledAndTheBrokerPutsItAside() throws Exception {
        CountDownLatch free = new CountDownLatch(1);
        ucontact.answer(call -> {
            free.await();
            return Answer.placed();
        });
        startBroker();
        startBundle();
        broker.send(request("busy"));
        await().until(() -> ucontact.calls().size() == 1);
        int early = 0; // those that expired before they were handed out, on a busy machine
        long expires = sendExpiring(2_000);
        while (!isHandedOut(early)) {
            early++;
            expires = sendExpiring(2_000L << early);
        }
        long end = expires;
        await().until(() -> System.currentTimeMillis() > end);
        free.countDown();

        int expired = early + 1;
        await().until(() -> broker.count(TestBroker.EXPIRED) == expired);
        awaitDone();
        assertThat(outcomes(SUCCESS))
                .extracting(outcome -> outcome.path("requestId").asText())
                .containsExactly("busy");
        assertThat(ucontact.calls()).hasSize(1);
    }

    private long sendExpiring(long millis) throws JMSException {
        return broker.inSession(session -> {
            TextMessage message = session.createTextMessage(request("late"));
            var producer = session.createProducer(session.createQueue(REQUESTS));
            producer.setTimeToLive(millis);
            producer.send(message);
            return message.getJMSExpiration();
        });
    }

    /** Waits until the second message is; false if it expires before, as one more than so many. */
    private boolean isHandedOut(int expired) {
        await().until(() -> broker.held(REQUESTS) == 2 || broker.count(TestBroker.EXPIRED) > expired);
        return broker.count(TestBroker.EXPIRED) == expired;
    }

    // --- The ledger cannot be written ---

    @Test
    void aMessageWaitsUntilTheLedgerCanBeWritten() throws Exception {
        startBroker();
        startBundle();
        Gate gate = bundle.bundle().context().getRegistry().findSingleByType(Gate.class);
        inLedger("CREATE TRIGGER full BEFORE INSERT ON request BEGIN SELECT RAISE(ABORT, 'disk is full'); END");
        long before = gate.changes();

        broker.send(request("crm-1"));
        await().until(() -> gate.changes() > before + 1);
        assertThat(broker.deliveries(REQUESTS)).containsExactly(1);
        assertThat(ucontact.calls()).isEmpty();
        inLedger("DROP TRIGGER full");

        awaitOutcomes(SUCCESS, 1);
        awaitDone();
        assertThat(ucontact.calls()).hasSize(1);
    }

    private void inLedger(String statement) throws SQLException {
        try (var connection = DriverManager.getConnection(
                        "jdbc:sqlite:" + folder.resolve("data").resolve("ledger.db") + "?busy_timeout=30000");
                var sql = connection.createStatement()) {
            sql.execute(statement);
        }
    }

    // --- The broker is away ---

    @Test
    void withoutTheBrokerTheOthersGoOnAndWithItTheQueueDoesToo() throws Exception {
        startBroker();
        broker.stop();
        startBundle();

        assertThat(bundle.place(request("other")).path("outcome").asText()).isEqualTo("placed");
        await().until(() -> problem() != null && problem().contains("agentcall.jms.url"));
        broker.start();
        broker.send(request("crm-1"));

        awaitOutcomes(SUCCESS, 1);
        await().until(() -> problem() == null);
    }

    @Test
    void withoutTheBrokerTheOthersGoOnAtTheirPace() throws Exception {
        startBroker();
        startBundle();
        placed(request("before"));
        broker.stop();
        await().until(() -> problem() != null);
        Instant start = Instant.now();

        for (int i = 0; i < 40; i++) {
            assertThat(bundle.place(request("crm-" + i, "agent" + i, "1"))
                            .path("outcome")
                            .asText())
                    .isEqualTo("placed");
        }

        assertThat(Duration.between(start, Instant.now()))
                .as("40 outcomes; a try to connect to a broker that was there takes 2 s")
                .isLessThan(Duration.ofSeconds(75));
        broker.start();
        awaitOutcomes(SUCCESS, 41);
    }

    @Test
    void withoutAUrlNothingOfItIsThere() throws Exception {
        bundle = RunningBundle.start(Bundle.Extent.ALL, folder.resolve("data"), ucontact.uri());

        assertThat(bundle.bundle().context().getRoute("receive-jms")).isNull();
        assertThat(bundle.bundle().context().hasComponent("jms")).isNull();
        assertThat(problem()).isNull();
        assertThat(bundle.place(request("crm-1")).path("outcome").asText()).isEqualTo("placed");
    }

    @Test
    void aOneShotRunConsumesNothing() throws Exception {
        startBroker();
        broker.send(request("crm-1"));
        bundle = RunningBundle.start(
                Bundle.Extent.WITHOUT_SOURCES,
                folder.resolve("data"),
                ucontact.uri(),
                "agentcall.jms.url",
                broker.url());

        bundle.place(request("other", "eva", "1"));

        assertThat(outcomes(SUCCESS))
                .extracting(outcome -> outcome.path("requestId").asText())
                .containsExactly("other");
        assertThat(broker.count(REQUESTS)).isEqualTo(1);
    }

    // --- A broker that refuses ---

    @Test
    void aFullOutcomeQueueLosesNothingAndCallsNobodyTwice() throws Exception {
        broker = TestBroker.start(folder.resolve("broker"), TestBroker.full(SUCCESS, AddressFullMessagePolicy.FAIL, 1));
        startBundle();
        broker.send(request("crm-1"));
        awaitOutcomes(SUCCESS, 1);
        awaitDone();

        broker.send(request("crm-2"));
        broker.send(request("crm-3"));

        await().until(() -> bundle.successes().size() == 3);
        awaitDone();
        assertThat(ucontact.calls()).hasSize(3);
        assertThat(broker.count(TestBroker.DEAD_LETTERS)).isZero();
    }

    @Test
    void aMessageThatIsNoRequestIsDoneThoughTheErrorQueueIsFull() throws Exception {
        broker = TestBroker.start(folder.resolve("broker"), TestBroker.full(ERROR, AddressFullMessagePolicy.FAIL, 1));
        startBundle();
        broker.send("call Ana");
        awaitOutcomes(ERROR, 1);
        awaitDone();

        broker.inSession(session -> {
            TemporaryQueue replies = session.createTemporaryQueue();
            TextMessage message = session.createTextMessage("call Eva");
            message.setJMSReplyTo(replies);
            session.createProducer(session.createQueue(REQUESTS)).send(message);
            assertThat(json(session.createConsumer(replies).receive(60_000))
                            .path("reason")
                            .asText())
                    .isEqualTo("malformed");
            return null;
        });

        awaitDone();
        assertThat(bundle.errors()).hasSize(2);
        assertThat(broker.count(TestBroker.DEAD_LETTERS)).isZero();
    }

    @Test
    void anOutcomeQueueThatIsFullForLongIsNotReadyUntilItHasRoom() throws Exception {
        broker = TestBroker.start(folder.resolve("broker"), TestBroker.full(SUCCESS, AddressFullMessagePolicy.FAIL, 1));
        startBundle();
        bundle.bundle()
                .context()
                .getRegistry()
                .findSingleByType(Deliveries.class)
                .setTolerance(Duration.ofSeconds(1));
        RestClient client = RestClient.of(bundle);
        broker.send(request("crm-1"));
        awaitOutcomes(SUCCESS, 1);
        assertThat(client.get(READY).statusCode()).isEqualTo(200);

        broker.send(request("crm-2"));

        await().until(() -> client.get(READY).statusCode() == 503);
        assertThat(client.get(READY).body()).contains("1 not delivered to channel success");
        assertThat(client.get("/observe/metrics").body().lines())
                .contains(
                        "agentcall_undelivered{channel=\"success\"} 1.0",
                        "agentcall_undelivered{channel=\"error\"} 0.0");
        assertThat(client.post(RestClient.call("59899123457")).statusCode()).isEqualTo(201);
        for (int i = 0; i < 3; i++) {
            assertThat(awaitOutcomes(SUCCESS, 1)).hasSize(1);
            broker.inSession(session ->
                    session.createConsumer(session.createQueue(SUCCESS)).receive(60_000));
        }
        await().until(() -> client.get(READY).statusCode() == 200);
        assertThat(client.get("/observe/metrics").body().lines())
                .contains("agentcall_undelivered{channel=\"success\"} 0.0");
        assertThat(bundle.successes()).hasSize(3);
    }

    @Test
    void anOutcomeQueueThatBlocksItsSendersHoldsUpNoCalls() throws Exception {
        broker =
                TestBroker.start(folder.resolve("broker"), TestBroker.full(SUCCESS, AddressFullMessagePolicy.BLOCK, 1));
        startBundle("agentcall.concurrency", "1");

        for (int i = 0; i < 12; i++) {
            broker.send(request("crm-" + i));
        }

        await().until(() -> bundle.successes().size() == 12);
        awaitDone();
        assertThat(ucontact.calls()).hasSize(12);
    }

    @Test
    void aWrongPasswordIsNamedAndTheOthersGoOn() throws Exception {
        broker = TestBroker.startGuarded(folder.resolve("broker"), role(true));
        startBundle("agentcall.jms.user", "caller", "agentcall.jms.password", "wr0ng-s3cret");

        await().until(() -> problem() != null && problem().contains("agentcall.jms.password"));
        assertThat(problem()).contains("'caller'").doesNotContain("wr0ng-s3cret");
        assertThat(bundle.place(request("other")).path("outcome").asText()).isEqualTo("placed");
    }

    @Test
    void withTheRightPasswordMessagesAreTaken() throws Exception {
        broker = TestBroker.startGuarded(folder.resolve("broker"), role(true));
        startBundle("agentcall.jms.user", "caller", "agentcall.jms.password", "right");

        broker.send(request("crm-1"));

        awaitOutcomes(SUCCESS, 1);
        assertThat(problem()).isNull();
    }

    @Test
    void aQueueThatMayNotBeMadeIsNamedAndTakenOnceItIsThere() throws Exception {
        broker = TestBroker.startGuarded(folder.resolve("broker"), role(false));
        startBundle("agentcall.jms.user", "caller", "agentcall.jms.password", "right");
        await().until(() -> problem() != null && problem().contains("agentcall.jms.requests"));
        assertThat(problem()).contains(REQUESTS).contains("'caller'");

        broker.send(request("crm-1"));

        await().until(() -> bundle.successes().size() == 1);
        await().until(() -> problem() == null);
    }

    @Test
    void aQueueThatTheBrokerDoesNotMakeByItselfIsNamed() throws Exception {
        broker = TestBroker.start(
                folder.resolve("broker"),
                configuration -> configuration.addAddressSetting(
                        "#", new AddressSettings().setAutoCreateQueues(false).setAutoCreateAddresses(false)));
        startBundle();

        await().untilAsserted(() -> assertThat(problem()).contains("there is no queue " + REQUESTS));
        assertThat(problem()).contains("agentcall.jms.requests");
    }

    /** The role of the user "caller": to send and to receive, and perhaps to make queues. */
    private static Role role(boolean mayMakeQueues) {
        return new Role(
                "caller",
                true,
                true,
                mayMakeQueues,
                mayMakeQueues,
                mayMakeQueues,
                mayMakeQueues,
                false,
                true,
                mayMakeQueues,
                mayMakeQueues,
                false,
                false);
    }

    @Test
    void aMessageThatLosesItsConnectionManyTimesBeforeItsTurnIsCalledOnce() throws Exception {
        CountDownLatch free = new CountDownLatch(1);
        ucontact.answer(call -> {
            free.await();
            return Answer.placed();
        });
        startBroker();
        startBundle("agentcall.concurrency", "2");
        broker.send(request("crm-1"));
        await().until(() -> ucontact.calls().size() == 1);
        for (int i = 0; i < 3; i++) {
            int before = broker.deliveries(REQUESTS).get(0);
            broker.disconnectAll();
            await().until(() -> broker.deliveries(REQUESTS).stream().anyMatch(deliveries -> deliveries > before));
        }
        free.countDown();

        awaitOutcomes(SUCCESS, 1);
        awaitDone();
        assertThat(ucontact.calls()).hasSize(1);
    }
}
