package dev.agentcall.jms;

import dev.agentcall.config.Settings;
import jakarta.jms.JMSException;
import jakarta.jms.MessageConsumer;
import jakarta.jms.Session;
import org.apache.camel.component.jms.DefaultJmsMessageListenerContainer;
import org.apache.camel.component.jms.JmsEndpoint;
import org.apache.camel.component.jms.MessageListenerContainerFactory;
import org.springframework.jms.listener.AbstractMessageListenerContainer;

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

    public Consumers(Settings settings, Broker broker) {
        this.most = PER_CALL * settings.concurrency();
        this.broker = broker;
    }

    @Override
    public AbstractMessageListenerContainer createMessageListenerContainer(JmsEndpoint endpoint) {
        WatchedContainer container = new WatchedContainer(endpoint);
        container.setMaxConcurrentConsumers(most);
        container.setExceptionListener(broker::lost);
        return container;
    }

    /** Its class's own logger is off in log4j2.properties: it would tell every try to connect. */
    private final class WatchedContainer extends DefaultJmsMessageListenerContainer {

        private WatchedContainer(JmsEndpoint endpoint) {
            super(endpoint);
        }

        @Override
        protected MessageConsumer createListenerConsumer(Session session) throws JMSException {
            try {
                MessageConsumer consumer = super.createListenerConsumer(session);
                broker.receiving();
                return consumer;
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
    }
}
