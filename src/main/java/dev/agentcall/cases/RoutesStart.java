package dev.agentcall.cases;

import java.util.Map;
import java.util.function.Consumer;
import org.apache.camel.CamelContext;

/** Starts the routes in place, without their sources. */
public interface RoutesStart {

    /** Routes that run. */
    interface Running extends AutoCloseable {
        CamelContext context();

        @Override
        void close();
    }

    /**
     * Starts them.
     *
     * @param overriding properties that count more than any other
     * @param before to be done to the context before it gets its routes
     * @throws Exception if settings or routes cannot be worked with; nothing runs then
     */
    Running start(Map<String, String> overriding, Consumer<CamelContext> before) throws Exception;
}
