package dev.agentcall.jsonl;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import org.apache.camel.Consumer;
import org.apache.camel.Endpoint;
import org.apache.camel.Exchange;
import org.apache.camel.InvalidPayloadException;
import org.apache.camel.Processor;
import org.apache.camel.Producer;
import org.apache.camel.support.DefaultComponent;
import org.apache.camel.support.DefaultEndpoint;
import org.apache.camel.support.DefaultProducer;

/**
 * The endpoint {@code jsonl:path/of/file.jsonl}: appends the body, as text, and a line break, in one write, so that lines
 * of several threads and processes never run into each other. Camel's file endpoint appends text and line break one after
 * the other, and costs several times as much. The file is opened for each line: it may be moved away at any time.
 */
public final class JsonLinesComponent extends DefaultComponent {

    @Override
    protected Endpoint createEndpoint(String uri, String remaining, Map<String, Object> parameters) {
        return new JsonLinesEndpoint(uri, Path.of(remaining));
    }

    private final class JsonLinesEndpoint extends DefaultEndpoint {
        private final Path file;

        private JsonLinesEndpoint(String uri, Path file) {
            super(uri, JsonLinesComponent.this);
            this.file = file;
        }

        @Override
        public Producer createProducer() {
            return new DefaultProducer(this) {
                @Override
                public void process(Exchange exchange) throws IOException, InvalidPayloadException {
                    append(exchange.getMessage().getMandatoryBody(String.class));
                }
            };
        }

        private void append(String line) throws IOException {
            byte[] bytes = (line + "\n").getBytes(StandardCharsets.UTF_8);
            try {
                Files.write(file, bytes, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
            } catch (NoSuchFileException e) {
                Files.createDirectories(file.toAbsolutePath().getParent());
                Files.write(file, bytes, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
            }
        }

        @Override
        public Consumer createConsumer(Processor processor) {
            throw new UnsupportedOperationException("jsonl: only appends, it is no source");
        }
    }
}
