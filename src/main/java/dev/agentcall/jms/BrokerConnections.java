package dev.agentcall.jms;

import jakarta.jms.Connection;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.JMSContext;
import jakarta.jms.JMSException;

/** Connections to the {@link Broker}, with the user and password of the settings. */
final class BrokerConnections implements ConnectionFactory {

    private final Broker broker;

    BrokerConnections(Broker broker) {
        this.broker = broker;
    }

    @Override
    public Connection createConnection() throws JMSException {
        return broker.createConnection();
    }

    @Override
    public Connection createConnection(String user, String password) {
        throw new UnsupportedOperationException("expected createConnection(): the user is in the settings");
    }

    @Override
    public JMSContext createContext() {
        throw new UnsupportedOperationException("expected createConnection(): Camel's component uses connections");
    }

    @Override
    public JMSContext createContext(String user, String password) {
        return createContext();
    }

    @Override
    public JMSContext createContext(String user, String password, int sessionMode) {
        return createContext();
    }

    @Override
    public JMSContext createContext(int sessionMode) {
        return createContext();
    }
}
