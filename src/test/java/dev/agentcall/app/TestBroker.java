package dev.agentcall.app;

import jakarta.jms.Connection;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.Queue;
import jakarta.jms.QueueBrowser;
import jakarta.jms.Session;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.apache.activemq.artemis.api.core.ActiveMQNotConnectedException;
import org.apache.activemq.artemis.api.core.QueueConfiguration;
import org.apache.activemq.artemis.api.core.RoutingType;
import org.apache.activemq.artemis.api.core.SimpleString;
import org.apache.activemq.artemis.core.config.Configuration;
import org.apache.activemq.artemis.core.config.impl.ConfigurationImpl;
import org.apache.activemq.artemis.core.config.impl.SecurityConfiguration;
import org.apache.activemq.artemis.core.security.Role;
import org.apache.activemq.artemis.core.server.JournalType;
import org.apache.activemq.artemis.core.server.MessageReference;
import org.apache.activemq.artemis.core.server.embedded.EmbeddedActiveMQ;
import org.apache.activemq.artemis.core.settings.impl.AddressFullMessagePolicy;
import org.apache.activemq.artemis.core.settings.impl.AddressSettings;
import org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory;
import org.apache.activemq.artemis.spi.core.security.ActiveMQJAASSecurityManager;
import org.apache.activemq.artemis.spi.core.security.jaas.InVMLoginModule;

/**
 * A real Artemis broker in this process, with its store in a folder and a port of its own: stopped and started again it has
 * the messages that it had. Settings are Artemis' defaults; it gives up a message after ten deliveries.
 */
final class TestBroker implements AutoCloseable {

    static final String DEAD_LETTERS = "DLQ";
    static final String EXPIRED = "ExpiryQueue";

    private final Path folder;
    /** Keeps the port while the broker is stopped, so that nobody else gets it. */
    private final Socket reservation = new Socket();

    private final int port;
    private final Consumer<Configuration> changes;
    private final SecurityConfiguration users;
    private EmbeddedActiveMQ broker;

    private TestBroker(Path folder, Consumer<Configuration> changes, SecurityConfiguration users) throws Exception {
        this.folder = folder;
        this.changes = changes;
        this.users = users;
        reservation.setReuseAddress(true);
        reservation.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        this.port = reservation.getLocalPort();
    }

    static TestBroker start(Path folder) throws Exception {
        return start(folder, configuration -> {});
    }

    static TestBroker start(Path folder, Consumer<Configuration> changes) throws Exception {
        TestBroker broker = new TestBroker(folder, changes, null);
        broker.start();
        return broker;
    }

    /** A broker that knows the user "caller" with the password "right", who may do all but what {@code may} leaves out. */
    static TestBroker startGuarded(Path folder, Role caller) throws Exception {
        SecurityConfiguration users = new SecurityConfiguration();
        users.addUser("admin", "admin");
        users.addRole("admin", "admin");
        users.addUser("caller", "right");
        users.addRole("caller", "caller");
        Role admin = new Role("admin", true, true, true, true, true, true, true, true, true, true, true, true);
        TestBroker broker = new TestBroker(
                folder, configuration -> configuration.putSecurityRoles("#", Set.of(admin, caller)), users);
        broker.start();
        return broker;
    }

    /** Starts it, again if it was stopped. */
    void start() throws Exception {
        Configuration configuration = new ConfigurationImpl()
                .setSecurityEnabled(users != null)
                .setPersistenceEnabled(true)
                .setJournalType(JournalType.NIO)
                .setBindingsDirectory(folder.resolve("bindings").toString())
                .setJournalDirectory(folder.resolve("journal").toString())
                .setLargeMessagesDirectory(folder.resolve("large").toString())
                .setPagingDirectory(folder.resolve("paging").toString())
                .addAcceptorConfiguration("tcp", "tcp://127.0.0.1:" + port)
                .addAddressSetting(
                        "#",
                        new AddressSettings()
                                .setDeadLetterAddress(SimpleString.of(DEAD_LETTERS))
                                .setExpiryAddress(SimpleString.of(EXPIRED)));
        for (String queue : List.of(DEAD_LETTERS, EXPIRED)) {
            configuration.addQueueConfiguration(QueueConfiguration.of(queue).setRoutingType(RoutingType.ANYCAST));
        }
        configuration.setMessageExpiryScanPeriod(100);
        changes.accept(configuration);
        broker = new EmbeddedActiveMQ().setConfiguration(configuration);
        if (users != null) {
            broker.setSecurityManager(new ActiveMQJAASSecurityManager(InVMLoginModule.class.getName(), users));
        }
        broker.start();
    }

    void stop() throws Exception {
        broker.stop();
    }

    /** A queue that takes no more than so many messages: what comes then is refused. */
    static Consumer<Configuration> full(String queue, AddressFullMessagePolicy policy, int messages) {
        return configuration -> configuration.addAddressSetting(
                queue, new AddressSettings().setAddressFullMessagePolicy(policy).setMaxSizeMessages(messages));
    }

    String url() {
        return "tcp://127.0.0.1:" + port;
    }

    int port() {
        return port;
    }

    /** Work with a session. */
    interface Work<T> {
        T with(Session session) throws JMSException;
    }

    <T> T inSession(Work<T> work) throws JMSException {
        try (ActiveMQConnectionFactory factory = new ActiveMQConnectionFactory(url());
                Connection connection =
                        users == null ? factory.createConnection() : factory.createConnection("admin", "admin")) {
            connection.start();
            return work.with(connection.createSession(false, Session.AUTO_ACKNOWLEDGE));
        }
    }

    /** Makes a message. */
    interface Making {
        Message of(Session session) throws JMSException;
    }

    /** Sends a message to the queue of requests; its id. */
    String send(Making making) throws JMSException {
        return inSession(session -> {
            Message message = making.of(session);
            session.createProducer(session.createQueue("agentcall.requests")).send(message);
            return message.getJMSMessageID();
        });
    }

    /** Sends a text message to the queue of requests; its id. */
    String send(String text) throws JMSException {
        return send(session -> session.createTextMessage(text));
    }

    /** The messages on a queue, which stay there. */
    List<Message> browse(String queue) throws JMSException {
        return inSession(session -> {
            Queue browsed = session.createQueue(queue);
            List<Message> messages = new ArrayList<>();
            try (QueueBrowser browser = session.createBrowser(browsed)) {
                Collections.list(browser.getEnumeration()).forEach(message -> messages.add((Message) message));
            }
            return messages;
        });
    }

    /** Messages of a queue that are not acknowledged, with those that a consumer holds; 0 without such a queue. */
    long count(String queue) {
        var found = broker.getActiveMQServer().locateQueue(SimpleString.of(queue));
        return found == null ? 0 : found.getMessageCount();
    }

    /** Messages of a queue that consumers hold. */
    int held(String queue) {
        var found = broker.getActiveMQServer().locateQueue(SimpleString.of(queue));
        return found == null ? 0 : found.getDeliveringCount();
    }

    /** The names of all queues. */
    List<String> queues() {
        return List.of(broker.getActiveMQServer().getActiveMQServerControl().getQueueNames());
    }

    /** How often each message that a consumer holds was handed out. */
    List<Integer> deliveries(String queue) {
        return broker.getActiveMQServer().locateQueue(SimpleString.of(queue)).getDeliveringMessages().values().stream()
                .flatMap(List::stream)
                .map(MessageReference::getDeliveryCount)
                .toList();
    }

    /** Breaks all connections, as a network does. */
    void disconnectAll() {
        broker.getActiveMQServer()
                .getRemotingService()
                .getConnections()
                .forEach(connection -> connection.fail(new ActiveMQNotConnectedException("cut")));
    }

    @Override
    public void close() throws Exception {
        broker.stop();
        reservation.close();
    }
}
