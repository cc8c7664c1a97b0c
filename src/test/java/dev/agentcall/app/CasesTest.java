package dev.agentcall.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.agentcall.cases.Cases;
import dev.agentcall.cases.RoutesStart;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.apache.camel.CamelContext;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** The case files, those that are shipped as examples included, against the routes. */
class CasesTest {

    @TestFactory
    Stream<DynamicTest> examples() throws Exception {
        return cases(Path.of("examples", "cases"));
    }

    @TestFactory
    Stream<DynamicTest> examplesForRoutes() throws Exception {
        return cases(Path.of("examples", "cases-for-routes"));
    }

    @TestFactory
    Stream<DynamicTest> furtherOnes() throws Exception {
        return cases(Path.of("src", "test", "resources", "cases"));
    }

    /** As if the routes that cases begin at were copied into routes/. */
    static RoutesStart.Running startWithExamples(Map<String, String> overriding, Consumer<CamelContext> before)
            throws Exception {
        Map<String, String> more = new HashMap<>(overriding);
        more.put(
                "camel.main.routesIncludePattern",
                "file:routes/*.yaml,file:examples/routes/receive-json-lines.camel.yaml,"
                        + "file:examples/routes/add-queue-member.camel.yaml,"
                        + "file:examples/routes/receive-queue-members.camel.yaml");
        return TestMode.start(more, before);
    }

    private static Stream<DynamicTest> cases(Path folder) throws Exception {
        return new Cases(CasesTest::startWithExamples, Faults::describe)
                .run(folder, Path::toString).results().stream()
                        .map(result -> dynamicTest(
                                result.name(), Path.of(result.file()).toUri(), () -> assertThat(result.failures())
                                        .as(result.description())
                                        .isEmpty()));
    }
}
