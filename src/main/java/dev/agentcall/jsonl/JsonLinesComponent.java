package dev.agentcall.jsonl;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
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
        /** Where the last line ended that was written from here. */
        private long end;

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
            try {
                appendTo(line);
            } catch (NoSuchFileException e) {
                Files.createDirectories(file.toAbsolutePath().getParent());
                appendTo(line);
            }
        }

        /**
         * Not behind a line that was cut short: by a full disk or a power cut, here or in another process. One at a time: a
         * line that another thread has half written must not pass for one. For one that another process is just writing it
         * may, and an empty line comes of it.
         */
        private synchronized void appendTo(String line) throws IOException {
            try (FileChannel channel = FileChannel.open(
                    file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND)) {
                long before = channel.size();
                boolean isWhole = before == end || before == 0 || endsWithLine();
                byte[] bytes = ((isWhole ? "" : "\n") + line + "\n").getBytes(StandardCharsets.UTF_8);
                ByteBuffer buffer = ByteBuffer.wrap(bytes); // not Files.write, which writes 8 KiB at a time
                while (buffer.hasRemaining()) {
                    channel.write(buffer);
                }
                end = before + bytes.length;
            }
        }

        private boolean endsWithLine() throws IOException {
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
                ByteBuffer last = ByteBuffer.allocate(1);
                return channel.read(last, channel.size() - 1) == 1 && last.get(0) == '\n';
            }
        }

        @Override
        public Consumer createConsumer(Processor processor) {
            throw new UnsupportedOperationException("jsonl: only appends, it is no source");
        }
    }
}
