package dev.agentcall.bench;

import jakarta.jms.Connection;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.MessageConsumer;
import jakarta.jms.MessageProducer;
import jakarta.jms.Session;
import jakarta.jms.TextMessage;
import org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory;

/**
 * The yardstick for JMS: takes each message from the queue of requests and sends its text to the queue of outcomes, in one
 * transaction. Takes the broker's URL and the number of consumers, prints {@code url=} and the URL when it receives, and
 * exits when its input ends.
 */
public final class BareConsumerMain {

    private BareConsumerMain() {}

    public static void main(String[] args) throws Exception {
        try (ActiveMQConnectionFactory factory = new ActiveMQConnectionFactory(args[0]);
                Connection connection = factory.createConnection()) {
            for (int i = 0; i < Integer.parseInt(args[1]); i++) {
                Session session = connection.createSession(true, Session.SESSION_TRANSACTED);
                MessageConsumer consumer = session.createConsumer(session.createQueue(JmsCallers.REQUESTS));
                MessageProducer producer = session.createProducer(session.createQueue(JmsCallers.OUTCOMES));
                Thread thread = new Thread(() -> handOn(session, consumer, producer));
                thread.setDaemon(true);
                thread.start();
            }
            connection.start();
            System.out.println("url=" + args[0]);
            while (System.in.read() >= 0) {
                // until it ends
            }
        }
    }

    private static void handOn(Session session, MessageConsumer consumer, MessageProducer producer) {
        try {
            for (Message message = consumer.receive(); message != null; message = consumer.receive()) {
                producer.send(session.createTextMessage(((TextMessage) message).getText()));
                session.commit();
            }
        } catch (JMSException e) {
            throw new IllegalStateException(e);
        }
    }
}
