package dev.agentcall.app;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a process ends with that gets SIGTERM. */
@Timeout(60)
class TerminationTest {

    private static final int BROKEN_OFF = 3;
    private static final int DONE = 1;

    /** Comes to a code of its own after the signal, or does not. */
    static final class Told {
        public static void main(String[] arguments) throws InterruptedException {
            CountDownLatch told = new CountDownLatch(1);
            try (Termination termination = Termination.onSignal(told::countDown, BROKEN_OFF)) {
                System.out.println("ready");
                told.await();
                if (arguments[0].equals("done")) {
                    System.exit(termination.ended(DONE));
                }
            }
        }
    }

    @Test
    void theProcessEndsWithTheCodeThatTheProgramCameTo() throws Exception {
        assertThat(codeAfterSignal("done")).isEqualTo(DONE);
    }

    @Test
    void aStartThatIsBrokenOffHasItsOwnCode() throws Exception {
        assertThat(codeAfterSignal("broken off")).isEqualTo(BROKEN_OFF);
    }

    /** Has come to its code, and is about to end, when the signal comes. */
    static final class Ended {
        public static void main(String[] arguments) {
            Termination.exitWith(() -> {
                try (Termination termination = Termination.onSignal(() -> {}, BROKEN_OFF)) {
                    termination.ended(DONE);
                }
                System.out.println("ready");
                LockSupport.park();
                return DONE;
            });
        }
    }

    @Test
    void aSignalAtTheVeryEndChangesNoCode() throws Exception {
        assertThat(codeAfterSignal(Ended.class, "")).isEqualTo(DONE);
    }

    private static int codeAfterSignal(String end) throws IOException, InterruptedException {
        return codeAfterSignal(Told.class, end);
    }

    private static int codeAfterSignal(Class<?> program, String end) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        program.getName(),
                        end)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (BufferedReader out = new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8))) {
            assertThat(out.readLine()).isEqualTo("ready");
            process.destroy();
            assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
            return process.exitValue();
        } finally {
            process.destroyForcibly();
        }
    }
}
