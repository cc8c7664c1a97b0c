package dev.agentcall.call;

import dev.agentcall.config.Settings;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.camel.CamelContext;
import org.apache.camel.CamelContextAware;
import org.apache.camel.Endpoint;
import org.apache.camel.Exchange;
import org.apache.camel.Expression;
import org.apache.camel.PropertyBindingException;
import org.apache.camel.RuntimeCamelException;
import org.apache.camel.util.ObjectHelper;

/** The endpoints of one channel, out of the setting that lists their URIs. */
public final class Channel implements Expression, CamelContextAware {

    /** White space before the scheme of another URI; a path may have white space in it. */
    private static final Pattern BETWEEN = Pattern.compile("\\s+(?=[A-Za-z][A-Za-z0-9+.-]*:)");

    /** The end of Camel's message, {@code Unknown parameters=[{name=value, …}]}. */
    private static final Pattern UNKNOWN_OPTIONS = Pattern.compile("(?s)Unknown parameters=\\[\\{(.*)}]");

    private static final Pattern OPTION = Pattern.compile("(?:^|, )([A-Za-z0-9.]+)=");

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

    /**
     * Names a channel that has a queue as well while JMS is on.
     *
     * @param queue the queue's name; blank for none
     */
    public Channel(String uris, Settings settings, String queue) {
        this(settings.jms() == null || queue.isBlank() ? uris : uris + " agentcall-jms:queue:" + queue.strip());
    }

    /** The endpoints that are to get the outcome, as a list; looked up once, since that is costly for every outcome. */
    @Override
    public <T> T evaluate(Exchange exchange, Class<T> type) {
        if (endpoints == null) {
            open();
        }
        Delivery delivery = exchange.getVariable(Delivery.VARIABLE, Delivery.class);
        return type.cast(delivery == null ? endpoints : delivery.wanted(endpoints));
    }

    /**
     * Looks the endpoints up.
     *
     * @throws IllegalArgumentException if there is none for a URI
     */
    public void open() {
        List<Endpoint> found = new ArrayList<>();
        for (String uri : BETWEEN.split(uris.strip())) {
            try {
                found.add(context.getEndpoint(uri));
            } catch (RuntimeCamelException e) {
                // without its cause, whose message has the whole URI
                throw new IllegalArgumentException("agentcall.channel.success or agentcall.channel.error: found '"
                        + EndpointUri.shown(uri) + "' (" + reason(uri, e)
                        + "), expected endpoint URIs separated by white space");
            }
        }
        endpoints = List.copyOf(found);
    }

    private String reason(String uri, RuntimeCamelException failure) {
        String scheme = uri.replaceFirst("(?s):.*", "");
        if (context.getComponent(scheme) == null) {
            return "there is no component '" + scheme + "'; is its jar in lib/?";
        }
        Matcher unknown = UNKNOWN_OPTIONS.matcher(String.valueOf(failure.getMessage()));
        if (unknown.find()) {
            return "it has no option "
                    + OPTION.matcher(unknown.group(1))
                            .results()
                            .map(option -> option.group(1))
                            .collect(Collectors.joining(", "));
        }
        PropertyBindingException option = ObjectHelper.getException(PropertyBindingException.class, failure);
        return option != null
                ? "the value of its option " + option.getPropertyName() + " cannot be used"
                : "it cannot be used: " + Text.root(failure).getClass().getSimpleName();
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
