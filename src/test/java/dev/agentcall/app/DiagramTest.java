package dev.agentcall.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.agentcall.app.Program.Ended;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The picture of the routes. */
class DiagramTest {

    private static final Path README = Path.of("README.md");

    @TempDir
    private Path home;

    private static String pictureIn(String readme) {
        String begin = "```mermaid\n";
        int from = readme.indexOf(begin) + begin.length();
        return readme.substring(from, readme.indexOf("```", from));
    }

    @Test
    void thePictureInTheReadmeIsThatOfTheRoutesAndNeedsNoSettingsAndStartsNothing() throws Exception {
        Program program = Program.unpack(home);

        Ended ended = program.run("--diagram");

        assertThat(ended.code()).as(ended.all()).isZero();
        assertThat(pictureIn(Files.readString(README)))
                .as("the picture in %s, expected the output of bin/agentcall --diagram", README)
                .isEqualTo(ended.out());
        assertThat(ended.err()).isEmpty();
        assertThat(program.data()).doesNotExist();
    }

    @Test
    void aUsersRouteIsInItWithWhatItsChoiceDependsOn() throws Exception {
        Program program = Program.unpack(home);
        program.file("routes/mine.camel.yaml", """
                - route:
                    id: mine
                    from:
                      uri: timer:mine?period=1000
                      steps:
                        - choice:
                            when:
                              - simple: "${body} == \\"a\\""
                                steps:
                                  - to: direct:place-call
                            otherwise:
                              steps:
                                - to: log:mine?level=WARN
                - beans:
                    - name: mineBean
                      type: no.such.Class
                """);

        Ended ended = program.run("--diagram");

        assertThat(ended.code()).as(ended.all()).isZero();
        assertThat(ended.out().lines().map(String::strip))
                .contains(
                        "mine[\"mine\"]",
                        "from_timer_mine[/\"timer:mine\"/]",
                        "mine__1{\"${body} == #quot;a#quot;\"}",
                        "to_log_mine([\"log:mine\"])",
                        "from_timer_mine --> mine",
                        "mine --> mine__1",
                        "mine__1 -->|\"yes\"| place_call",
                        "mine__1 -->|\"no\"| to_log_mine");
    }

    @Test
    void aRouteThatIsSwitchedOffIsMarked() throws IOException, InterruptedException {
        Program program = Program.unpack(home);
        assertThat(program.run("--diagram").out()).contains("receive_jms[\"receive-jms<br>(off)\"]:::off");

        assertThat(program.configuration("agentcall.jms.url=tcp://127.0.0.1:1")
                        .run("--diagram")
                        .out())
                .contains("receive_jms[\"receive-jms\"]")
                .doesNotContain("(off)");
    }
}
