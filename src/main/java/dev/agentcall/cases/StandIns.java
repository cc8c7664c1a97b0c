package dev.agentcall.cases;

import dev.agentcall.call.Deliveries;
import dev.agentcall.call.Outcome;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.apache.camel.Consumer;
import org.apache.camel.Endpoint;
import org.apache.camel.Exchange;
import org.apache.camel.PollingConsumer;
import org.apache.camel.Processor;
import org.apache.camel.Producer;
import org.apache.camel.spi.EndpointStrategy;
import org.apache.camel.support.DefaultConsumer;
import org.apache.camel.support.DefaultEndpoint;
import org.apache.camel.support.DefaultProducer;
import org.apache.camel.support.PollingConsumerSupport;

/**
 * Puts an endpoint that sends nothing and receives nothing in the place of every one that leads out of the process, but
 * for uContact's, which is the simulator. What was to be sent is noted; the message stays as it is.
 */
final class StandIns implements EndpointStrategy {

    /** Endpoints that stay within the process. */
    private static final Set<String> WITHIN =
            Set.of("direct", "seda", "bean", "class", "language", "log", "dataformat", "validator", "xslt");

    private final String ucontact;
    private final List<Sending> sendings = new ArrayList<>();

    /**
     * Something that would have been sent.
     *
     * @param channel null if the endpoint is in no channel
     * @param outcome the outcome that the exchange is about, null for none
     */
    record Sending(ChannelName channel, String endpoint, String body, Outcome outcome) {}

    /** Only endpoints of this address are let through. */
    StandIns(String ucontact) {
        this.ucontact = ucontact;
    }

    @Override
    public Endpoint registerEndpoint(String uri, Endpoint endpoint) {
        String found = endpoint.getEndpointUri();
        // The address behind the name of the HTTP component, which may be one of its own.
        String address = found.replaceFirst("^[A-Za-z-]*http:/*(http:/*)?", "http://");
        boolean stays = endpoint instanceof StandIn
                || WITHIN.contains(found.replaceAll("(?s):.*", ""))
                || address.equals(ucontact)
                || address.startsWith(ucontact + "/")
                || address.startsWith(ucontact + "?");
        return stays ? endpoint : new StandIn(endpoint);
    }

    /** All that would have been sent so far. */
    synchronized List<Sending> sendings() {
        return List.copyOf(sendings);
    }

    private synchronized void note(Sending sending) {
        sendings.add(sending);
        notifyAll();
    }

    /** Waits until it is so; for an asynchronous step of a route, so not for long. */
    synchronized void await(Predicate<List<Sending>> enough, long millis) throws InterruptedException {
        long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        long left = millis;
        while (!enough.test(sendings) && left > 0) {
            wait(left);
            left = TimeUnit.NANOSECONDS.toMillis(until - System.nanoTime());
        }
    }

    private final class StandIn extends DefaultEndpoint {

        private StandIn(Endpoint endpoint) {
            super(endpoint.getEndpointUri(), null);
            setCamelContext(endpoint.getCamelContext());
        }

        @Override
        public Producer createProducer() {
            return new DefaultProducer(this) {
                @Override
                public void process(Exchange exchange) {
                    String endpoint = Shown.plain(getEndpointUri());
                    note(new Sending(
                            ChannelName.of(endpoint),
                            endpoint,
                            exchange.getMessage().getBody(String.class),
                            exchange.getVariable(Deliveries.OUTCOME, Outcome.class)));
                }
            };
        }

        @Override
        public Consumer createConsumer(Processor processor) {
            return new DefaultConsumer(this, processor);
        }

        /** Finds nothing, at once. */
        @Override
        public PollingConsumer createPollingConsumer() {
            return new PollingConsumerSupport(this) {
                @Override
                public Exchange receive() {
                    return null;
                }

                @Override
                public Exchange receive(long timeout) {
                    return null;
                }

                @Override
                public Exchange receiveNoWait() {
                    return null;
                }
            };
        }
    }
}
