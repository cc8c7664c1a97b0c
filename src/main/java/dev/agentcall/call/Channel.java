package dev.agentcall.call;

import java.util.ArrayList;
import java.util.List;
import org.apache.camel.CamelContext;
import org.apache.camel.CamelContextAware;
import org.apache.camel.Endpoint;
import org.apache.camel.Exchange;
import org.apache.camel.Expression;

/** The endpoints of one channel, out of the setting that lists their URIs. */
public final class Channel implements Expression, CamelContextAware {

    private final String uris;
    private CamelContext context;
    private volatile List<Endpoint> endpoints;

    /**
     * Names a channel.
     *
     * @param uris endpoint URIs, separated by white space
     */
    public Channel(String uris) {
        this.uris = uris;
    }

    /** The endpoints, as a list; looked up once, since that is costly for every outcome. */
    @Override
    public <T> T evaluate(Exchange exchange, Class<T> type) {
        if (endpoints == null) {
            List<Endpoint> found = new ArrayList<>();
            for (String uri : uris.strip().split("\\s+")) {
                found.add(context.getEndpoint(uri));
            }
            endpoints = List.copyOf(found);
        }
        return type.cast(endpoints);
    }

    @Override
    public CamelContext getCamelContext() {
        return context;
    }

    @Override
    public void setCamelContext(CamelContext context) {
        this.context = context;
    }
}
