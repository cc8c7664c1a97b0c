package dev.agentcall.routes;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.camel.AsyncCallback;
import org.apache.camel.AsyncProcessor;
import org.apache.camel.Endpoint;
import org.apache.camel.Exchange;
import org.apache.camel.Producer;
import org.apache.camel.component.direct.DirectComponent;
import org.apache.camel.component.direct.DirectConsumer;
import org.apache.camel.component.direct.DirectConsumerNotAvailableException;
import org.apache.camel.component.direct.DirectEndpoint;
import org.apache.camel.support.AsyncProcessorConverterHelper;
import org.apache.camel.support.DefaultAsyncProducer;

/**
 * Camel's {@code direct}, with an {@link Entrance} before each route, so that one can be replaced between two exchanges.
 *
 * <p>Camel's own producer would go wrong there: it remembers its consumer, and while one thread waits for the next one,
 * another goes on with that of the route that is stopped.
 */
public final class EnterableDirectComponent extends DirectComponent {

    private final Map<String, Entrance> entrances = new ConcurrentHashMap<>();

    /** The entrance of the routes from the direct endpoint of this name. */
    Entrance entrance(String name) {
        return entrances.computeIfAbsent(name, key -> new Entrance());
    }

    /** The name in an endpoint's address. */
    static String name(Endpoint endpoint) {
        return endpoint.getEndpointUri().replaceFirst("^direct:(//)?", "").replaceFirst("\\?.*$", "");
    }

    @Override
    protected Endpoint createEndpoint(String uri, String remaining, Map<String, Object> parameters) throws Exception {
        DirectEndpoint endpoint = new EnterableEndpoint(uri);
        endpoint.setBlock(isBlock());
        endpoint.setTimeout(getTimeout());
        setProperties(endpoint, parameters);
        return endpoint;
    }

    private final class EnterableEndpoint extends DirectEndpoint {

        private EnterableEndpoint(String uri) {
            super(uri, EnterableDirectComponent.this);
        }

        @Override
        public Producer createProducer() {
            return new EnteringProducer(this, entrance(name(this)));
        }
    }

    private static final class EnteringProducer extends DefaultAsyncProducer {

        private final EnterableEndpoint endpoint;
        private final Entrance entrance;

        private EnteringProducer(EnterableEndpoint endpoint, Entrance entrance) {
            super(endpoint);
            this.endpoint = endpoint;
            this.entrance = entrance;
        }

        @Override
        public boolean process(Exchange exchange, AsyncCallback callback) {
            DirectConsumer consumer;
            Runnable leave;
            try {
                leave = entrance.enter(exchange);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                exchange.setException(e);
                callback.done(true);
                return true;
            }
            AsyncCallback leaving = sync -> {
                leave.run();
                callback.done(sync);
            };
            try {
                consumer = endpoint.getConsumer();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                consumer = null;
            }
            if (consumer == null) {
                exchange.setException(
                        new DirectConsumerNotAvailableException("No route begins at " + endpoint, exchange));
                leaving.done(true);
                return true;
            }
            AsyncProcessor route = AsyncProcessorConverterHelper.convert(consumer.getProcessor());
            return route.process(exchange, leaving);
        }
    }
}
