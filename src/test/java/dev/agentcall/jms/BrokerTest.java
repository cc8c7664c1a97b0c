package dev.agentcall.jms;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.agentcall.config.SettingsException;
import dev.agentcall.config.ShippedSettings;
import jakarta.jms.Connection;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.JMSException;
import org.apache.activemq.artemis.core.config.impl.ConfigurationImpl;
import org.apache.activemq.artemis.core.server.embedded.EmbeddedActiveMQ;
import org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory;
import org.apache.camel.impl.DefaultCamelContext;
import org.assertj.core.util.Throwables;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class BrokerTest {

    private static final String NOBODY = "tcp://127.0.0.1:1";

    private final DefaultCamelContext context = new DefaultCamelContext();

    private Broker broker(String... settings) {
        Broker broker = new Broker(ShippedSettings.with(settings));
        broker.setCamelContext(context);
        context.getRegistry().bind("broker", broker);
        return broker;
    }

    @Test
    void theApplicationsConnectionFactoryIsUsedWhenItsNameIsTheUrl() throws Exception {
        EmbeddedActiveMQ artemis = new EmbeddedActiveMQ()
                .setConfiguration(new ConfigurationImpl()
                        .setPersistenceEnabled(false)
                        .setSecurityEnabled(false)
                        .addAcceptorConfiguration("vm", "vm://0"));
        artemis.start();
        try (ActiveMQConnectionFactory own = new ActiveMQConnectionFactory("vm://0");
                Broker broker = broker("agentcall.jms.url", "bean:own")) {
            context.getRegistry().bind("own", ConnectionFactory.class, own);

            try (Connection connection = broker.createConnection()) {
                assertThat(connection.getMetaData().getJMSProviderName()).contains("ActiveMQ");
            }
        } finally {
            artemis.stop();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "tcp://me:s3cret%@127.0.0.1:61616",
                "tcp://me:s3c/s3cret[@127.0.0.1:61616",
                "tcp://127.0.0.1:61616?password=s3cret^",
                "tcp://me:s3cret\\@127.0.0.1:61616",
                "nothing://me:s3cret@127.0.0.1:61616"
            })
    void aUrlThatIsNoneIsToldWithoutItsSecrets(String url) {
        assertThatThrownBy(() -> broker("agentcall.jms.url", url).createConnection())
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining("agentcall.jms.url: found '" + url.replaceAll("://.*", "://"))
                .hasMessageContaining("expected the URL of an Artemis broker")
                .satisfies(e -> assertThat(Throwables.getStackTrace(e)).doesNotContain("s3c"));
    }

    @Test
    void aBrokerThatDoesNotAnswerIsNamedWithItsSetting() {
        try (Broker broker = broker("agentcall.jms.url", NOBODY + "?password=s3cret")) {
            assertThatThrownBy(broker::createConnection)
                    .isInstanceOf(JMSException.class)
                    .hasMessageContaining("agentcall.jms.url: no broker answers at " + NOBODY)
                    .hasMessageNotContaining("s3cret");
        }
    }

    @Test
    void thereIsAProblemUntilSomethingWasReceivedAndAgainAfterALoss() {
        try (Broker broker = broker("agentcall.jms.url", NOBODY)) {
            assertThat(broker.notReady()).isEqualTo("not connected yet");
            broker.receiving(broker.losses());
            assertThat(broker.notReady()).isNull();
            int before = broker.losses();
            broker.lost(new JMSException("cut"));
            assertThat(broker.notReady()).contains("agentcall.jms.url").contains("cut");
            broker.receiving(before);
            assertThat(broker.notReady())
                    .as("a receive that began before the loss proves nothing")
                    .isNotNull();
            broker.receiving(broker.losses());
            assertThat(broker.notReady()).isNull();
        }
    }

    @Test
    void withoutAUrlThereIsNoProblem() {
        try (Broker broker = broker()) {
            assertThat(broker.notReady()).isNull();
        }
    }

    @Test
    void aUrlThatIsNoBrokersIsNamed() {
        assertThatThrownBy(() -> broker("agentcall.jms.url", "carrier://pigeon"))
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining("agentcall.jms.url: found 'carrier://pigeon' (its scheme is none of Artemis')");
    }
}
