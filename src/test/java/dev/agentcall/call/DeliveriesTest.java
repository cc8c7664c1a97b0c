package dev.agentcall.call;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.agentcall.config.ShippedSettings;
import dev.agentcall.ledger.Entry;
import dev.agentcall.ledger.Ledger;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.apache.camel.Exchange;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.DefaultExchange;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class DeliveriesTest {

    private final DefaultCamelContext context = new DefaultCamelContext();

    @TempDir
    private Path folder;

    private final AtomicLong nanos = new AtomicLong();

    private Ledger ledger;
    private Deliveries deliveries;

    @BeforeEach
    void openLedger() {
        ledger = new Ledger(ShippedSettings.with(
                "agentcall.ledger.url", "jdbc:sqlite:" + folder.resolve("ledger.db") + "?synchronous=NORMAL"));
        deliveries = new Deliveries(ledger, nanos::get);
    }

    @AfterEach
    void closeLedger() {
        ledger.close();
    }

    @Test
    void anOutcomeThatAChannelNeverTakesHoldsUpNoOther() {
        long poison = missed("poison");
        long second = missed("second");
        long third = missed("third");

        Iterator<Entry> first = deliveries.missed();
        assertThat(first.next().id()).isEqualTo(poison);
        deliver(poison, false);
        assertThat(first.hasNext())
                .as("the channel fails, it gets no more for now")
                .isFalse();

        nanos.addAndGet(Duration.ofSeconds(2).toNanos());
        Iterator<Entry> next = deliveries.missed();
        for (long id : List.of(second, third)) {
            assertThat(next.next().id()).isEqualTo(id);
            deliver(id, true);
        }
        assertThat(next.next().id()).as("tried again, after the others").isEqualTo(poison);
    }

    @Test
    void manyOutcomesThatAChannelNeverTakesHideNoOther() {
        List<Long> poison =
                IntStream.range(0, 1_000).mapToObj(i -> missed("poison-" + i)).toList();
        long taken = missed("taken");
        long good = missed("good");
        poison.forEach(id -> deliver(id, false));
        deliver(taken, true); // the channel is there

        // What is noted about deliveries is there within a second.
        await().atMost(Duration.ofSeconds(30))
                .untilAsserted(() -> assertThat(deliveries.missed().next().id()).isEqualTo(good));
    }

    private long missed(String requestId) {
        CallRequest request = new CallRequest(requestId, Map.of(), Map.of(), new Source("rest", "receive-rest", null));
        Fault fault = new Fault(Reason.MALFORMED, null, "it is no request");
        long id = ledger.add(Outcome.invalid(request, List.of(fault), Instant.now()), null);
        ledger.missed(id, null);
        return id;
    }

    /** As the route deliver-missed does, with a channel that takes it or fails. */
    private void deliver(long id, boolean taken) {
        Exchange exchange = new DefaultExchange(context);
        exchange.getMessage().setBody(ledger.find(id));
        deliveries.beginAgain(exchange);
        if (!taken) {
            exchange.setProperty(Exchange.EXCEPTION_CAUGHT, new IllegalArgumentException("400 Bad Request"));
            deliveries.failed(exchange);
        }
        deliveries.end(exchange);
    }
}
