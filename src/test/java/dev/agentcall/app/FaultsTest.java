package dev.agentcall.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import org.apache.camel.FailedToCreateRouteException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a user is told when something went wrong. */
class FaultsTest {

    private static final String USER = System.getProperty("user.name");

    @ParameterizedTest
    @CsvSource({"config/application.properties,file", "routes/place-call.camel.yaml,file", "routes,folder"})
    void aSettingOrRouteThatMayNotBeReadIsToldWithTheUserWhoMayNot(String name, String kind) {
        String told = "agentcall: " + name + ": cannot be read (permission denied), expected a " + kind
                + " that the user " + USER + " may read";

        assertThat(Faults.describe(new AccessDeniedException(name))).isEqualTo(told);
        assertThat(Faults.describe(new UncheckedIOException(new AccessDeniedException(name))))
                .isEqualTo(told);
    }

    @Test
    void aFileThatMayNotBeReadOrWrittenIsTold() {
        assertThat(Faults.describe(new AccessDeniedException("data/outbox/f.csv")))
                .isEqualTo("agentcall: data/outbox/f.csv: permission denied, expected that the user " + USER
                        + " may read it, or write it where results go");
    }

    @Test
    void aFileThatIsNotThereIsTold() {
        assertThat(Faults.describe(new NoSuchFileException("routes")))
                .isEqualTo("agentcall: routes: is not there, expected a file or folder of this name");
    }

    @Test
    void aReasonThatTheSystemGivesIsTold() {
        assertThat(Faults.describe(new FileSystemException("a", null, "No space left on device")))
                .isEqualTo("agentcall: a: No space left on device");
    }

    @Test
    void aFailureOfRoutesThatNamesNoneIsToldInCamelsWords() {
        assertThat(Faults.describe(new FailedToCreateRouteException("two routes")))
                .isEqualTo("agentcall: Failed to create route because: two routes");
    }
}
