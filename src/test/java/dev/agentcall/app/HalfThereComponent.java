package dev.agentcall.app;

import java.util.Map;
import org.apache.camel.Endpoint;
import org.apache.camel.support.DefaultComponent;

/** A component whose own jar is in the class path, and whose client's is not. */
public final class HalfThereComponent extends DefaultComponent {

    @Override
    protected Endpoint createEndpoint(String uri, String remaining, Map<String, Object> parameters) {
        throw new NoClassDefFoundError("org/acme/Client");
    }
}
