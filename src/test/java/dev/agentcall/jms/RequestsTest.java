package dev.agentcall.jms;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.agentcall.call.Gate;
import dev.agentcall.call.Stopping;
import dev.agentcall.call.StoppingException;
import dev.agentcall.config.Settings;
import dev.agentcall.config.ShippedSettings;
import dev.agentcall.ledger.LedgerException;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.DefaultExchange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class RequestsTest {

    @Test
    void aMessageThatCannotBeRecordedIsTriedAgainUntilTheProcessStops() throws Exception {
        try (CamelContext camel = new DefaultCamelContext()) {
            Stopping stopping = new Stopping();
            stopping.setCamelContext(camel);
            camel.start();
            Settings settings = ShippedSettings.with();
            Requests requests = new Requests(settings, new Gate(settings, stopping));
            Exchange tried = new DefaultExchange(camel);
            tried.setProperty(Exchange.EXCEPTION_CAUGHT, new LedgerException("the ledger cannot be read", null));

            assertThatCode(() -> requests.undecided(tried)).doesNotThrowAnyException();
            stopping.stop();

            assertThatThrownBy(() -> requests.undecided(tried)).isInstanceOf(StoppingException.class);
        }
    }
}
