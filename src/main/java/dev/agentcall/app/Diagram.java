package dev.agentcall.app;

import dev.agentcall.routes.Flowchart;
import dev.agentcall.routes.RouteFile;
import dev.agentcall.routes.RouteFinding;
import dev.agentcall.routes.YamlDsl;
import java.util.List;
import org.apache.camel.Ordered;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.spi.PropertiesSource;

/** Writes the routes as a Mermaid flowchart. */
final class Diagram {

    int run() throws Exception {
        Logging.onlyWarnings();
        List<RouteFile> files = RouteFile.of(Bundle.ROUTES);
        YamlDsl dsl = YamlDsl.full();
        List<RouteFinding> errors = files.stream()
                .flatMap(file -> dsl.check(file).stream())
                .filter(RouteFinding::error)
                .toList();
        if (!errors.isEmpty()) {
            errors.forEach(error -> System.err.println("agentcall: " + error));
            return ExitCode.BAD_CONFIGURATION;
        }
        try (Bundle settings = Bundle.start(Bundle.Extent.CONFIGURED)) {
            System.out.print(of(settings, files));
            System.out.flush();
            return ExitCode.ALL_PLACED;
        }
    }

    /** In a context of its own, which is never started. */
    private static String of(Bundle settings, List<RouteFile> files) throws Exception {
        try (DefaultCamelContext context = new DefaultCamelContext()) {
            context.getPropertiesComponent().addPropertiesSource(new Values(settings));
            context.build();
            return Flowchart.of(context, files);
        }
    }

    /** What the settings say, before anything that a context knows by itself. */
    private record Values(Bundle settings) implements PropertiesSource, Ordered {

        @Override
        public String getName() {
            return "settings";
        }

        @Override
        public String getProperty(String name) {
            return settings.context()
                    .getPropertiesComponent()
                    .resolveProperty(name)
                    .orElse(null);
        }

        @Override
        public int getOrder() {
            return Ordered.HIGHEST;
        }
    }
}
