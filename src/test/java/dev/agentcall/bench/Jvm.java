package dev.agentcall.bench;

import java.io.File;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The command that starts a class of the benchmark with the running JDK, with nothing on its class path but the
 * libraries that it needs: the bundle's logging set-up would change what is measured.
 */
final class Jvm {

    private Jvm() {}

    /** {@code needs}: one class from each folder or jar that the class path must have. */
    static List<String> command(List<String> options, Class<?> main, Class<?>... needs) {
        String classPath =
                Arrays.stream(needs).map(Jvm::location).distinct().collect(Collectors.joining(File.pathSeparator));
        List<String> command = new ArrayList<>();
        command.add(home().resolve("bin/java").toString());
        command.addAll(options);
        command.addAll(List.of("-cp", classPath, main.getName()));
        return command;
    }

    /** The running JDK. */
    static Path home() {
        return Path.of(System.getProperty("java.home"));
    }

    private static String location(Class<?> type) {
        CodeSource source = type.getProtectionDomain().getCodeSource();
        try {
            return Path.of(source.getLocation().toURI()).toString();
        } catch (URISyntaxException e) {
            throw new IllegalStateException(source.getLocation().toString(), e);
        }
    }
}
