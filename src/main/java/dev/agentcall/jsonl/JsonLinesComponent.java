package dev.agentcall.jsonl;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
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

    private final long pauseNanos;

    public JsonLinesComponent() {
        this(Duration.ofSeconds(1));
    }

    /** Files whose lines other processes may cut short are looked at after so long. */
    JsonLinesComponent(Duration pause) {
        this.pauseNanos = pause.toNanos();
    }

    @Override
    protected Endpoint createEndpoint(String uri, String remaining, Map<String, Object> parameters) {
        return new JsonLinesEndpoint(uri, Path.of(remaining));
    }

    private final class JsonLinesEndpoint extends DefaultEndpoint {
        private final Path file;

        private final ReadWriteLock lines = new ReentrantReadWriteLock();
        /** When the end of the file was looked at last; null if it is to be. Not each time: it makes each write dearer. */
        private volatile Long looked;

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
                if (!appendWith(bytes, lines.readLock(), true)) {
                    appendWith(bytes, lines.writeLock(), false);
                }
            } catch (NoSuchFileException e) {
                Files.createDirectories(file.toAbsolutePath().getParent());
                appendWith(bytes, lines.writeLock(), false);
            }
        }

        /**
         * Appends the bytes: along with other threads, each in one write; or, the first time, after a failure and once in a
         * while, alone, and not behind a line that was cut short by a full disk or a power cut, here or in another process. A
         * line that another process is just writing may pass for one, and an empty line comes of it.
         *
         * @return false if it is to be done alone
         */
        private boolean appendWith(byte[] bytes, Lock lock, boolean along) throws IOException {
            lock.lock();
            try (FileChannel channel = FileChannel.open(
                    file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND)) {
                Long last = looked;
                long now = System.nanoTime();
                if (along && (last == null || now - last > pauseNanos)) {
                    return false;
                }
                if (!along) {
                    if (!endsWithLine()) {
                        write(new byte[] {'\n'}, channel);
                    }
                    looked = now;
                }
                write(bytes, channel);
                return true;
            } catch (IOException e) {
                looked = null;
                throw e;
            } finally {
                lock.unlock();
            }
        }

        /** Not Files.write, which writes 8 KiB at a time. */
        private static void write(byte[] bytes, FileChannel channel) throws IOException {
            ByteBuffer buffer = ByteBuffer.wrap(bytes);
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
        }

        private boolean endsWithLine() throws IOException {
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
                ByteBuffer last = ByteBuffer.allocate(1);
                return channel.size() == 0 || channel.read(last, channel.size() - 1) == 1 && last.get(0) == '\n';
            }
        }

        @Override
        public Consumer createConsumer(Processor processor) {
            throw new UnsupportedOperationException("jsonl: only appends, it is no source");
        }
    }
}
