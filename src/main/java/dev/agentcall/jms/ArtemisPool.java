package dev.agentcall.jms;

import dev.agentcall.call.Text;
import dev.agentcall.config.JmsSettings;
import dev.agentcall.config.SettingsException;
import java.net.URISyntaxException;
import java.util.List;
import org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory;
import org.apache.camel.util.ObjectHelper;
import org.messaginghub.pooled.jms.JmsPoolConnectionFactory;

/** Artemis' client, and the pool that keeps its connection. In a class of its own: without JMS none of it is loaded. */
final class ArtemisPool {

    private ArtemisPool() {}

    /**
     * Makes the pool; does not connect.
     *
     * @throws SettingsException if the URL is none of a broker
     */
    static JmsPoolConnectionFactory of(JmsSettings settings) {
        ActiveMQConnectionFactory artemis;
        try {
            artemis = new ActiveMQConnectionFactory(settings.url());
        } catch (RuntimeException e) {
            throw new SettingsException(List.of("agentcall.jms.url: found '" + settings.urlShown() + "' (" + reason(e)
                    + "), expected the URL of an Artemis broker, such as tcp://localhost:61616"));
        }
        artemis.setUser(settings.user());
        artemis.setPassword(settings.password());
        // Nothing is fetched ahead: what waits behind a busy agent's message is for another consumer to take.
        artemis.setConsumerWindowSize(0);
        // No waiting for room in a full queue: such a wait has no end, and would hold up calls of all sources.
        artemis.setProducerWindowSize(-1);
        JmsPoolConnectionFactory pool = new JmsPoolConnectionFactory();
        pool.setConnectionFactory(artemis);
        pool.setMaxSessionsPerConnection(-1);
        return pool;
    }

    /** Without the message, which has the whole URL: a password may be in it. */
    private static String reason(Throwable failure) {
        URISyntaxException syntax = ObjectHelper.getException(URISyntaxException.class, failure);
        if (syntax != null) {
            return syntax.getReason() + (syntax.getIndex() < 0 ? "" : ", character " + (syntax.getIndex() + 1));
        }
        Throwable root = Text.root(failure);
        return root instanceof NullPointerException // Artemis' word for a scheme that it does not know
                ? "its scheme is none of Artemis'"
                : root.getClass().getSimpleName();
    }
}
