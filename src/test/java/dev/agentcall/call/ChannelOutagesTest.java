package dev.agentcall.call;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class ChannelOutagesTest {

    private static final int WEBHOOK = 0;
    private static final int QUEUE = 1;

    private final AtomicLong nanos = new AtomicLong();
    private final ChannelOutages outages = new ChannelOutages(nanos::get);

    @Test
    void anOutageIsToldOnceHoweverLongItIs() {
        assertThat(outages.failed(WEBHOOK)).isTrue();
        for (int minute = 0; minute < 60; minute++) {
            pass(Duration.ofMinutes(1));
            assertThat(outages.failed(WEBHOOK)).isFalse();
        }
    }

    @Test
    void theNextOutageIsToldAgain() {
        outages.failed(WEBHOOK);
        pass(Duration.ofMinutes(2));
        outages.worked(List.of(WEBHOOK));

        assertThat(outages.failed(WEBHOOK)).isTrue();
        assertThat(outages.failed(WEBHOOK)).isFalse();
    }

    @Test
    void anOutageSoonAfterTheLastIsToldWhenAMinuteIsOver() {
        outages.failed(WEBHOOK);
        outages.worked(List.of(WEBHOOK));

        assertThat(outages.failed(WEBHOOK)).isFalse();
        pass(Duration.ofMinutes(1));
        assertThat(outages.failed(WEBHOOK)).isTrue();
    }

    @Test
    void thePlacesOfAChannelAreToldApart() {
        outages.failed(WEBHOOK);

        assertThat(outages.failed(QUEUE)).isTrue();
        pass(Duration.ofMinutes(2));
        outages.worked(List.of(QUEUE));

        assertThat(outages.failed(WEBHOOK)).isFalse();
        assertThat(outages.failed(QUEUE)).isTrue();
    }

    private void pass(Duration time) {
        nanos.addAndGet(time.toNanos());
    }
}
