package dev.agentcall.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What can be tried of the image without building it. */
@Timeout(60)
class DockerfileTest {

    private static final Path DOCKERFILE = Path.of("src/main/packaging/Dockerfile");
    /** A line of the class that asks for the server's health. */
    private static final Pattern LINE = Pattern.compile("^ +'(.*)' (?:\\\\$|>)", Pattern.MULTILINE);

    @TempDir
    private Path home;

    @Test
    void theHealthCheckAsksThePortOfTheEnvironmentElseOfTheFile() throws Exception {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/observe/health/live", exchange -> {
            exchange.sendResponseHeaders(200, -1);
            exchange.close();
        });
        server.start();
        try {
            String port = String.valueOf(server.getAddress().getPort());

            assertThat(health(port, null)).isZero();
            assertThat(health("1", port)).isZero();
            assertThat(health("1", null)).isEqualTo(1);
        } finally {
            server.stop(0);
        }
    }

    /** The exit code. */
    private int health(String inFile, String inEnvironment) throws IOException, InterruptedException {
        String source = LINE.matcher(Files.readString(DOCKERFILE))
                .results()
                .map(line -> line.group(1))
                .filter(line -> !line.equals("%s\\n"))
                .collect(Collectors.joining("\n"));
        Files.writeString(home.resolve("Healthy.java"), source);
        Files.createDirectories(home.resolve("config"));
        Files.writeString(home.resolve("config/application.properties"), "agentcall.rest.port=" + inFile + "\n");
        ProcessBuilder java = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(), "Healthy.java")
                .directory(home.toFile())
                .redirectErrorStream(true)
                .redirectOutput(home.resolve("said.txt").toFile());
        java.environment().remove("AGENTCALL_REST_PORT");
        if (inEnvironment != null) {
            java.environment().put("AGENTCALL_REST_PORT", inEnvironment);
        }
        return java.start().waitFor();
    }
}
