package dev.agentcall.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.agentcall.simulator.Simulator;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.apache.activemq.artemis.core.security.Role;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the program says about its broker. */
@Timeout(180)
class JmsProgramTest {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String REQUEST = """
            {"requestId":"%s","callerid":"59824001000","agent":"ana","phone":"1001","context":"agentes",
             "outqueue":"Ventas->","destination":"59899123456"}""";

    @TempDir
    private Path folder;

    @Test
    void anOutageOfTheBrokerIsOneLineWhenItBeginsAndOneWhenItEnds() throws Exception {
        try (Simulator simulator = Simulator.start(Simulator.Options.defaults());
                TestBroker broker = TestBroker.start(folder.resolve("broker"));
                Program.Running running = Program.unpack(folder.resolve("home"), simulator.uri())
                        .environment("AGENTCALL_JMS_URL", broker.url() + "?callTimeout=5000")
                        .start()) {
            await().atMost(PATIENCE).until(() -> running.err().contains("receiving from queue agentcall.requests"));
            broker.send(REQUEST.formatted("crm-1"));
            await().atMost(PATIENCE).until(() -> broker.count("agentcall.success") == 1);
            await().atMost(PATIENCE).until(() -> broker.count("agentcall.requests") == 0);

            broker.stop();
            await().atMost(PATIENCE).until(() -> running.err().contains("agentcall.jms.url:"));
            broker.start();
            await().atMost(PATIENCE).until(() -> running.err().contains("again after"));
            broker.send(REQUEST.formatted("crm-2"));
            await().atMost(PATIENCE).until(() -> broker.count("agentcall.success") == 2);

            running.terminate();
            Program.Ended ended = running.end();
            assertThat(ended.code()).isZero();
            assertThat(broker.count("agentcall.requests")).isZero();
            assertThat(simulator.calls()).hasSize(2);
            assertThat(linesOfWarning(ended)).isEqualTo(1);
        }
    }

    private static long linesOfWarning(Program.Ended ended) {
        return ended.err()
                .lines()
                .peek(line -> assertThat(line).doesNotStartWith("\tat "))
                .filter(line -> line.contains(" ERROR ") || line.contains(" WARN "))
                .count();
    }

    @Test
    void checkLogsInToTheBrokerAndTakesNoMessage() throws Exception {
        Role caller = new Role("caller", true, true, true, true, true, true, true, true, true, true, true, true);
        try (Simulator simulator = Simulator.start(Simulator.Options.defaults());
                TestBroker broker = TestBroker.startGuarded(folder.resolve("broker"), caller)) {
            Program program = Program.unpack(folder.resolve("home"), simulator.uri())
                    .environment("AGENTCALL_JMS_URL", broker.url() + "?callTimeout=5000")
                    .environment("AGENTCALL_JMS_USER", "caller")
                    .environment("AGENTCALL_JMS_PASSWORD", "right");
            broker.send(REQUEST.formatted("crm-1"));

            Program.Ended good = program.run("--check");
            Program.Ended wrong = program.environment("AGENTCALL_JMS_PASSWORD", "wr0ng-s3cret")
                    .run("--check");
            long left = broker.count("agentcall.requests");
            broker.stop();
            Program.Ended away = program.run("--check");
            broker.start();

            assertThat(good.code()).as(good.all()).isZero();
            assertThat(good.out()).contains("broker         answers, " + broker.url() + "?…");
            assertThat(good.err()).isEmpty();
            assertThat(wrong.code()).isEqualTo(2);
            assertThat(wrong.out()).contains("broker         cannot be used", "uContact       answers");
            assertThat(wrong.err())
                    .contains("agentcall.jms.user, agentcall.jms.password: the broker at ", "'caller'")
                    .doesNotContain("wr0ng-s3cret");
            assertThat(wrong.err().lines()).hasSize(1);
            assertThat(away.code()).isEqualTo(2);
            assertThat(away.err()).contains("agentcall.jms.url: no broker answers at " + broker.url());
            assertThat(away.err().lines()).hasSize(1);
            assertThat(left).isEqualTo(1);
            assertThat(broker.queues()).doesNotContain("agentcall.success");
        }
    }

    @Test
    void faultsInTheSettingsAreNamedAtTheStart() throws IOException, InterruptedException {
        Program.Ended ended = Program.unpack(folder.resolve("home"), java.net.URI.create("http://127.0.0.1:9"))
                .environment("AGENTCALL_JMS_URL", "localhost:61616?password=s3cret")
                .environment("AGENTCALL_JMS_REQUESTS", "two words")
                .run();

        assertThat(ended.code()).isEqualTo(2);
        assertThat(ended.err())
                .contains("agentcall.jms.url: found 'localhost:61616?…', expected a broker")
                .contains("agentcall.jms.requests: found 'two …', expected the name of a queue")
                .doesNotContain("s3cret");
    }

    @Test
    void aUrlThatArtemisDoesNotKnowIsNamedAtTheStart() throws IOException, InterruptedException {
        Program.Ended ended = Program.unpack(folder.resolve("home"), java.net.URI.create("http://127.0.0.1:9"))
                .environment("AGENTCALL_JMS_URL", "carrier://pigeon?password=s3cret")
                .run();

        assertThat(ended.code()).isEqualTo(2);
        assertThat(ended.err())
                .contains("agentcall.jms.url: found 'carrier://pigeon?…'")
                .doesNotContain("s3cret");
    }
}
