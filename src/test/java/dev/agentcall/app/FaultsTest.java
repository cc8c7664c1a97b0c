package dev.agentcall.app;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.camel.FailedToCreateRouteException;
import org.junit.jupiter.api.Test;

/** What a user is told when something went wrong. */
class FaultsTest {

    @Test
    void aFailureOfRoutesThatNamesNoneIsToldInCamelsWords() {
        assertThat(Faults.describe(new FailedToCreateRouteException("two routes")))
                .isEqualTo("agentcall: Failed to create route because: two routes");
    }
}
