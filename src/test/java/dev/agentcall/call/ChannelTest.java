package dev.agentcall.call;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.agentcall.jsonl.JsonLinesComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.apache.camel.CamelExecutionException;
import org.apache.camel.Endpoint;
import org.apache.camel.ProducerTemplate;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.DefaultExchange;
import org.assertj.core.util.Throwables;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ChannelTest {

    private final DefaultCamelContext context = new DefaultCamelContext();

    private final ExecutorService threads = Executors.newFixedThreadPool(8);

    @TempDir
    private Path folder;

    @BeforeEach
    void startCamel() {
        context.getRegistry().bind("jsonl", new JsonLinesComponent());
        context.start();
    }

    @AfterEach
    void stopCamel() {
        threads.shutdownNow();
        context.stop();
    }

    @Test
    void severalUrisAreSeparatedByWhiteSpaceAndAPathMayHaveSome() {
        Path spaced = folder.resolve("call centre").resolve("success.jsonl");

        List<Endpoint> endpoints = endpoints("jsonl:" + spaced + " \n\tjsonl:" + folder.resolve("b.jsonl"));

        assertThat(endpoints).hasSize(2);
        send(endpoints.get(0), "{}");
        assertThat(spaced).hasContent("{}");
    }

    @Test
    void aUriThatIsNoEndpointIsNamed() {
        assertThatThrownBy(() -> endpoints("jsonl:a nothing-like-it:b"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("agentcall.channel")
                .hasMessageContaining("'nothing-like-it:b'");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "nothing-like-it:me:secret@crm/a?key=secret | 'nothing-like-it:…@crm/a' (there is no component",
                "file:a?nothing=secret&like.it=sec,ret | 'file:a' (it has no option like.it, nothing)",
                "file:a?delay=secret | 'file:a' (the value of its option delay cannot be used)",
                "file:a?filter=#secret | 'file:a' (the value of its option filter cannot be used)"
            })
    void noSecretOfAUriIsTold(String uri, String told) {
        assertThatThrownBy(() -> endpoints(uri))
                .hasMessageContaining(told)
                .satisfies(e -> assertThat(Throwables.getStackTrace(e)).doesNotContain("secret", "ret}"));
    }

    @Test
    void linesOfManyThreadsStayWhole() throws Exception {
        Path file = folder.resolve("lines.jsonl");
        Endpoint endpoint = endpoints("jsonl:" + file).get(0);

        assertThat(writtenAtOnce(endpoint, file, 50, 10_000)).hasSize(400).containsOnly("a whole line");
    }

    @Test
    void theFirstLinesOfManyThreadsHaveNoEmptyOnesBetween() throws Exception {
        for (int n = 0; n < 100; n++) { // one thread has to look just while another one's line is half written
            Path file = folder.resolve(n + ".jsonl");
            Endpoint endpoint = endpoints("jsonl:" + file).get(0);

            assertThat(writtenAtOnce(endpoint, file, 1, 400_000)).hasSize(8).containsOnly("a whole line");
        }
    }

    /** What the lines are that 8 threads write, each so many of so many bytes. */
    private List<String> writtenAtOnce(Endpoint endpoint, Path file, int each, int bytes) throws Exception {
        String line = "é".repeat(bytes / 2);
        List<CompletableFuture<Void>> writers = new ArrayList<>();
        CyclicBarrier start = new CyclicBarrier(8);
        for (int i = 0; i < 8; i++) {
            writers.add(CompletableFuture.runAsync(
                    () -> {
                        await(start);
                        for (int n = 0; n < each; n++) {
                            send(endpoint, line);
                        }
                    },
                    threads));
        }
        writers.forEach(CompletableFuture::join);
        return Files.readAllLines(file).stream()
                .map(read -> read.equals(line) ? "a whole line" : "one of " + read.length() + " characters")
                .toList();
    }

    private static void await(CyclicBarrier barrier) {
        try {
            barrier.await();
        } catch (InterruptedException | BrokenBarrierException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void aFileThatWasMovedAwayIsMadeAgain() throws Exception {
        Path file = folder.resolve("lines.jsonl");
        Endpoint endpoint = endpoints("jsonl:" + file).get(0);
        send(endpoint, "1");
        Files.move(file, folder.resolve("old.jsonl"));

        send(endpoint, "2");

        assertThat(file).hasContent("2");
    }

    @Test
    void aLineThatWasCutShortSpoilsNoOther() throws Exception {
        Path file = Files.writeString(folder.resolve("lines.jsonl"), "{\"cut");
        Endpoint endpoint = endpoints("jsonl:" + file).get(0);

        send(endpoint, "1");
        send(endpoint, "2");

        assertThat(Files.readAllLines(file)).containsExactly("{\"cut", "1", "2");
    }

    @Test
    void afterALineThatCouldNotBeWrittenTheNextOneStandsAlone() throws Exception {
        Path file = folder.resolve("lines.jsonl");
        Endpoint endpoint = endpoints("jsonl:" + file).get(0);
        send(endpoint, "1");
        Files.move(file, folder.resolve("kept.jsonl"));
        Files.createDirectory(file); // nothing can be written
        assertThatThrownBy(() -> send(endpoint, "2")).isInstanceOf(CamelExecutionException.class);
        Files.delete(file);
        Files.writeString(file, "{\"cut");

        send(endpoint, "3");

        assertThat(Files.readAllLines(file)).containsExactly("{\"cut", "3");
    }

    @SuppressWarnings("unchecked")
    private List<Endpoint> endpoints(String uris) {
        Channel channel = new Channel(uris);
        channel.setCamelContext(context);
        channel.open();
        return channel.evaluate(new DefaultExchange(context), List.class);
    }

    private void send(Endpoint endpoint, String body) {
        ProducerTemplate template = context.createProducerTemplate();
        template.sendBody(endpoint, body);
        template.stop();
    }
}
