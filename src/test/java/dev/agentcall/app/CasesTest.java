package dev.agentcall.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.agentcall.cases.Cases;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** The case files, those that are shipped as examples included, against the routes. */
class CasesTest {

    @TestFactory
    Stream<DynamicTest> examples() throws Exception {
        return cases(Path.of("examples", "cases"));
    }

    @TestFactory
    Stream<DynamicTest> furtherOnes() throws Exception {
        return cases(Path.of("src", "test", "resources", "cases"));
    }

    private static Stream<DynamicTest> cases(Path folder) throws Exception {
        return new Cases(TestMode::start, Faults::describe)
                .run(folder, Path::toString).results().stream()
                        .map(result -> dynamicTest(
                                result.name(), Path.of(result.file()).toUri(), () -> assertThat(result.failures())
                                        .as(result.description())
                                        .isEmpty()));
    }
}
