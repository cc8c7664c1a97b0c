package dev.agentcall.jms;

import dev.agentcall.call.Stopping;
import dev.agentcall.config.Settings;
import jakarta.jms.Connection;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.MessageConsumer;
import jakarta.jms.Session;
import org.apache.camel.component.jms.DefaultJmsMessageListenerContainer;
import org.apache.camel.component.jms.JmsEndpoint;
import org.apache.camel.component.jms.MessageListenerContainerFactory;
import org.springframework.jms.listener.AbstractMessageListenerContainer;
import org.springframework.jms.listener.SessionAwareMessageListener;

/**
 * Makes the consumers of the queue of requests: Camel's own, that tell the broker's state and are more than calls may be
 * in flight.
 */
public final class Consumers implements MessageListenerContainerFactory {

    /**
     * A consumer holds one message and waits with it until its agent is free. So many for each call that may be in flight:
     * when all of them wait for busy agents, the messages behind them do too.
     */
    private static final int PER_CALL = 8;

    private final int most;
    private final Broker broker;
    private final Stopping stopping;

    public Consumers(Settings settings, Broker broker, Stopping stopping) {
        this.most = PER_CALL * settings.concurrency();
        this.broker = broker;
        this.stopping = stopping;
    }

    @Override
    public AbstractMessageListenerContainer createMessageListenerContainer(JmsEndpoint endpoint) {
        WatchedContainer container = new WatchedContainer(endpoint);
        container.setMaxConcurrentConsumers(most);
        return container;
    }

    /** Its class's own logger is off in log4j2.properties: it would tell every try to connect. */
    private final class WatchedContainer extends DefaultJmsMessageListenerContainer {

        private int receiving;

        private WatchedContainer(JmsEndpoint endpoint) {
            super(endpoint);
        }

        @Override
        protected Connection createConnection() throws JMSException {
            try {
                return super.createConnection();
            } catch (JMSException e) {
                broker.lost(e);
                throw e;
            }
        }

        @Override
        protected MessageConsumer createListenerConsumer(Session session) throws JMSException {
            try {
                return super.createListenerConsumer(session);
            } catch (JMSException e) {
                throw broker.noConsumer(e);
            }
        }

        /** Called by each of the consumers; only the first one tells news. */
        @Override
        protected void handleListenerSetupFailure(Throwable failure, boolean alreadyRecovered) {
            if (!alreadyRecovered && isRunning() && !(failure instanceof SharedConnectionNotInitializedException)) {
                broker.lost(failure);
            }
        }

        /** Without the session of its own, unused, that Spring would open for each message when none is exposed. */
        @Override
        @SuppressWarnings({"rawtypes", "unchecked"})
        protected void doInvokeListener(SessionAwareMessageListener listener, Session session, Message message)
                throws JMSException {
            listener.onMessage(message, session);
        }

        // --- At a stop, what is handed back must not come in again by another consumer: the broker counts how often it
        // does.

        @Override
        protected boolean runningAllowed() {
            return super.runningAllowed() && !stopping.isStopping();
        }

        @Override
        protected Message receiveMessage(MessageConsumer consumer) throws JMSException {
            synchronized (this) {
                if (stopping.isStopping()) {
                    return null;
                }
                receiving++;
            }
            try {
                int losses = broker.losses();
                Message message = super.receiveMessage(consumer);
                broker.receiving(losses);
                return message;
            } finally {
                synchronized (this) {
                    receiving--;
                    notifyAll();
                }
            }
        }

        @Override
        protected void rollbackOnExceptionIfNecessary(Session session, Throwable failure) throws JMSException {
            awaitNobodyReceiving();
            super.rollbackOnExceptionIfNecessary(session, failure);
        }

        @Override
        protected void rollbackIfNecessary(Session session) throws JMSException {
            awaitNobodyReceiving();
            super.rollbackIfNecessary(session);
        }

        /** At a stop nobody begins to receive; who has begun looks up within the receive timeout, a second. */
        private synchronized void awaitNobodyReceiving() {
            try {
                while (stopping.isStopping() && receiving > 0) {
                    wait();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
