package dev.agentcall.jms;

import org.apache.camel.CamelContext;
import org.apache.camel.component.jms.JmsComponent;
import org.apache.camel.spi.annotations.Component;

/** Camel's component for JMS, at the {@link Broker}. */
@Component("jms")
public final class BrokerComponent extends JmsComponent {

    private final Broker broker;

    public BrokerComponent(Broker broker) {
        this.broker = broker;
    }

    @Override
    public void setCamelContext(CamelContext context) {
        super.setCamelContext(context);
        setConnectionFactory(broker.connectionFactory());
        setDisableReplyTo(true); // replies are the routes' business
    }
}
