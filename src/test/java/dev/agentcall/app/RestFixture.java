package dev.agentcall.app;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** The bundle with its REST server, before a uContact that places every call. */
abstract class RestFixture {

    static final Duration PATIENCE = Duration.ofSeconds(30);

    @TempDir
    Path data;

    CallStub stub;
    RunningBundle running;
    RestClient client;

    @BeforeEach
    void startStub() throws IOException {
        stub = CallStub.start(asked -> CallStub.Answer.placed());
    }

    @AfterEach
    void stop() throws IOException {
        if (running != null) {
            running.close();
        }
        stub.close();
    }

    void start(String... settings) throws Exception {
        running = RunningBundle.start(Bundle.Extent.ALL, data, stub.uri(), settings);
        client = RestClient.of(running);
    }
}
