package dev.agentcall.config;

import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;

/**
 * A file of properties as it was written: in UTF-8, as editors do; if it is none, in ISO-8859-1, which Java expected for
 * long.
 */
public final class PropertyFile {

    /** The settings of the package, if the folder is there. */
    public static final PropertyFile CONFIGURATION = new PropertyFile(Path.of("config", "application.properties"));

    private static final String DEFAULTS = "/agentcall/application.properties";

    private final Path path;

    /** Every setting with its default, as the jar brings them along. */
    public static Properties defaults() {
        Properties defaults = new Properties();
        try (InputStream in = PropertyFile.class.getResourceAsStream(DEFAULTS)) {
            defaults.load(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return defaults;
    }

    public PropertyFile(Path path) {
        this.path = path;
    }

    /** The encoding that the file is in. */
    public Charset encoding() throws IOException {
        if (Files.notExists(path)) {
            return StandardCharsets.UTF_8;
        }
        try {
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(Files.readAllBytes(path)));
            return StandardCharsets.UTF_8;
        } catch (CharacterCodingException e) {
            return StandardCharsets.ISO_8859_1;
        }
    }

    /**
     * What is in it; nothing if there is no such file.
     *
     * @throws IllegalArgumentException if there is a malformed escape in it
     */
    public Properties read() throws IOException {
        Properties properties = new Properties();
        readInto(properties);
        return properties;
    }

    private void readInto(Properties properties) throws IOException {
        if (!Files.notExists(path)) { // one that may not be looked for is no file without settings
            properties.load(new StringReader(Files.readString(path, encoding())));
        }
    }

    /** Keys that are there more than once, of which the last one counts. */
    public Set<String> repeated() throws IOException {
        Set<String> repeated = new TreeSet<>();
        readInto(new Properties() {
            private static final long serialVersionUID = 1L;

            @Override
            public synchronized Object put(Object key, Object value) {
                Object before = super.put(key, value);
                if (before != null) {
                    repeated.add(key.toString());
                }
                return before;
            }
        });
        return repeated;
    }

    /** Where it lies. */
    public Path folder() {
        return path.getParent();
    }

    @Override
    public String toString() {
        return path.toString();
    }
}
