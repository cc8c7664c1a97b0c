package dev.agentcall.call;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import java.util.stream.Stream;
import org.apache.camel.Endpoint;
import org.apache.camel.impl.DefaultCamelContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DeliveryTest {

    private final DefaultCamelContext context = new DefaultCamelContext();
    private final List<Endpoint> list = endpoints("mock:a?retainFirst=1", "mock:b", "mock:c");

    @AfterEach
    void closeContext() throws IOException {
        context.close();
    }

    private List<Endpoint> endpoints(String... uris) {
        return Stream.of(uris).map(context::getEndpoint).toList();
    }

    /** What the ledger keeps of a delivery to the list, in which these endpoints fail. */
    private String missedBy(String... uris) {
        Delivery delivery = Delivery.first(1, "{}");
        delivery.wanted(list);
        endpoints(uris).forEach(endpoint -> delivery.failed(endpoint.getEndpointUri()));
        return delivery.failedEndpoints();
    }

    private static List<Endpoint> wanted(String missedBy, List<Endpoint> now) {
        return Delivery.again(1, "{}", missedBy).wanted(now);
    }

    @Test
    void thoseThatMissedItGetItAgainWhereverTheyStandInTheList() {
        String missedBy = missedBy("mock:a?retainFirst=1", "mock:c");

        assertThat(wanted(missedBy, list)).isEqualTo(endpoints("mock:a?retainFirst=1", "mock:c"));
        assertThat(wanted(missedBy, endpoints("mock:new", "mock:c", "mock:b", "mock:a?retainFirst=1")))
                .isEqualTo(endpoints("mock:c", "mock:a?retainFirst=1"));
    }

    @Test
    void allGetItAgainWhereOneThatMissedItIsNotInTheListAnyMore() {
        List<Endpoint> now = endpoints("mock:a?retainFirst=2", "mock:b", "mock:c");

        assertThat(wanted(missedBy("mock:a?retainFirst=1", "mock:c"), now)).isEqualTo(now);
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "0,2", "7"})
    void allGetItAgainWhereTheLedgerHasPlacesInTheListAsItOnceDid(String places) {
        assertThat(wanted(places, list)).isEqualTo(list);
    }

    @Test
    void allGetItAgainWhereItFailedElsewhere() {
        Delivery delivery = Delivery.first(1, "{}");
        delivery.wanted(list);
        delivery.failed(null);

        assertThat(delivery.failedEndpoints()).isNull();
        assertThat(wanted(null, list)).isEqualTo(list);
    }
}
