package dev.agentcall.config;

import java.util.Properties;
import org.apache.camel.CamelContext;
import org.apache.camel.CamelContextAware;
import org.apache.camel.Ordered;
import org.apache.camel.component.properties.DefaultPropertiesParser;
import org.apache.camel.component.properties.PropertiesComponent;
import org.apache.camel.spi.PropertiesSource;

/**
 * The settings that the jar brings along, for whatever the application does not say itself: the last of Camel's sources
 * of properties. Knows no keys but those of the bundle.
 */
final class Defaults implements PropertiesSource, Ordered, CamelContextAware {

    private final Properties defaults = PropertyFile.defaults();
    private CamelContext context;

    @Override
    public String getName() {
        return "agentcall";
    }

    @Override
    public String getProperty(String name) {
        String value = defaults.getProperty(name);
        String hosts = value == null ? null : ofHost(name);
        return hosts == null ? value : hosts;
    }

    /** What Camel would ask only when no source knows the key: too late for a default. */
    private String ofHost(String name) {
        if (context == null || !(context.getPropertiesComponent() instanceof PropertiesComponent properties)) {
            return null;
        }
        Properties initial = properties.getInitialProperties();
        if (initial != null && initial.get(name) != null) {
            return initial.get(name).toString();
        }
        // Spring Boot's environment, for one.
        return properties.getPropertiesParser() instanceof DefaultPropertiesParser parser
                ? parser.customLookup(name)
                : null;
    }

    @Override
    public int getOrder() {
        return Ordered.LOWEST;
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
