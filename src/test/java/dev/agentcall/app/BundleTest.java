package dev.agentcall.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What counts when a key is set in several places. */
@Timeout(60)
class BundleTest {

    private static final String URL = "agentcall.ucontact.url";

    /** The demo and --test depend on it: the real address may be in the environment of whoever tries them. */
    @Test
    void whatOverridesCountsMoreThanASystemPropertyWhichIsThereAgainAfterwards(@TempDir Path data) throws Exception {
        try (CallStub real = CallStub.start(call -> CallStub.Answer.placed());
                CallStub other = CallStub.start(call -> CallStub.Answer.placed())) {
            System.setProperty(URL, real.uri().toString());
            try (RunningBundle bundle =
                    RunningBundle.start(Bundle.Extent.WITHOUT_SOURCES, data, other.uri(), "agentcall.rest.port", "")) {
                bundle.place(Map.of(
                        "callerid", "59824001000",
                        "agent", "ana.garcia",
                        "phone", "1001",
                        "context", "agentes",
                        "outqueue", "Ventas->",
                        "destination", "099123456"));

                assertThat(real.calls()).isEmpty();
                assertThat(other.calls()).hasSize(1);
            }
            assertThat(System.getProperty(URL)).isEqualTo(real.uri().toString());
        } finally {
            System.clearProperty(URL);
        }
    }
}
