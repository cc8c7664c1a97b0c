package dev.agentcall.bench;

import jakarta.jms.Connection;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.MessageProducer;
import jakarta.jms.Session;
import jakarta.jms.TextMessage;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory;

/** Clients that put a request on the queue and wait for its outcome on the other, all on one connection. */
final class JmsCallers implements AutoCloseable {

    static final String REQUESTS = "agentcall.requests";
    static final String OUTCOMES = "agentcall.success";

    private static final int PATIENCE_SECONDS = 60;

    private final ActiveMQConnectionFactory factory;
    private final Connection connection;
    private final Map<Long, CountDownLatch> waiting = new ConcurrentHashMap<>();

    JmsCallers(String url) throws IOException {
        factory = new ActiveMQConnectionFactory(url);
        try {
            connection = factory.createConnection();
            Session session = connection.createSession(false, Session.DUPS_OK_ACKNOWLEDGE);
            session.createConsumer(session.createQueue(OUTCOMES)).setMessageListener(this::arrived);
            connection.start();
        } catch (JMSException e) {
            throw new IOException(e);
        }
    }

    private void arrived(Message outcome) {
        try {
            CountDownLatch latch = waiting.remove(Requests.number(((TextMessage) outcome).getText()));
            if (latch != null) {
                latch.countDown();
            }
        } catch (JMSException | IncompleteRun e) {
            throw new IllegalStateException(e);
        }
    }

    /** One more of them. Its messages are durable. */
    Load.Client connect() throws IOException {
        try {
            Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE);
            return new Caller(session, session.createProducer(session.createQueue(REQUESTS)));
        } catch (JMSException e) {
            throw new IOException(e);
        }
    }

    private final class Caller implements Load.Client {
        private final Session session;
        private final MessageProducer producer;

        private Caller(Session session, MessageProducer producer) {
            this.session = session;
            this.producer = producer;
        }

        @Override
        public void request(long number) throws IOException, IncompleteRun, InterruptedException {
            CountDownLatch done = new CountDownLatch(1);
            waiting.put(number, done);
            try {
                producer.send(session.createTextMessage(Requests.json(number)));
            } catch (JMSException e) {
                throw new IOException(e);
            }
            if (!done.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                throw new IncompleteRun("expected an outcome of message " + number + " on queue " + OUTCOMES
                        + " within " + PATIENCE_SECONDS + " s, found none");
            }
        }

        @Override
        public void close() throws IOException {
            try {
                session.close();
            } catch (JMSException e) {
                throw new IOException(e);
            }
        }
    }

    @Override
    public void close() throws IOException {
        try {
            connection.close();
            factory.close();
        } catch (JMSException e) {
            throw new IOException(e);
        }
    }
}
