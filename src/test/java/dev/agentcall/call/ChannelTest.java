package dev.agentcall.call;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.agentcall.jsonl.JsonLinesComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
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

    @TempDir
    private Path folder;

    @BeforeEach
    void startCamel() {
        context.getRegistry().bind("jsonl", new JsonLinesComponent());
        context.start();
    }

    @AfterEach
    void stopCamel() {
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
        String line = "é".repeat(5_000);

        List<CompletableFuture<Void>> writers = new ArrayList<>();
        IntStream.range(0, 8)
                .forEach(i -> writers.add(CompletableFuture.runAsync(() -> {
                    for (int n = 0; n < 50; n++) {
                        send(endpoint, line);
                    }
                })));
        writers.forEach(CompletableFuture::join);

        assertThat(Files.readAllLines(file)).hasSize(400).containsOnly(line);
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
