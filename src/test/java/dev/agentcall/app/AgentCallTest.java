package dev.agentcall.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.agentcall.app.Program.Ended;
import dev.agentcall.app.Program.Running;
import dev.agentcall.simulator.Fault;
import dev.agentcall.simulator.Simulator;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The program from its command line to its exit code, each run in a process of its own. */
@Timeout(300)
class AgentCallTest {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String HEADER = "callerid;agent;phone;context;outqueue;destination";
    /** A port that nobody listens on. */
    private static final URI NOWHERE = URI.create("http://127.0.0.1:1");

    @TempDir
    private Path home;

    private static String row(String agent, String destination) {
        return "59824001000;" + agent + ";1001;agentes;Ventas->;" + destination;
    }

    private static String rows(int count) {
        return HEADER + "\n"
                + IntStream.range(0, count)
                        .mapToObj(i -> row("agente" + i, number(i)))
                        .collect(Collectors.joining("\n"));
    }

    private static String number(int i) {
        return "09912" + (3000 + i);
    }

    private static List<String> numbers(int count) {
        return IntStream.range(0, count).mapToObj(AgentCallTest::number).toList();
    }

    private static void assertNoStackTrace(Ended ended) {
        assertThat(ended.all()).doesNotContain("\tat ").doesNotContain("Caused by:");
    }

    /** Camel reads a regular expression when the first answer comes. */
    @Test
    void whatIsSentAndCannotBeJudgedIsUnknownAtOnce(@TempDir Path home) throws Exception {
        try (CallStub stub = CallStub.start(call -> CallStub.Answer.placed())) {
            Program program = Program.unpack(home, stub.uri()).environment("AGENTCALL_CONCURRENCY", "1");
            Path route = home.resolve("routes/place-call.camel.yaml");
            String shipped = Files.readString(route);
            Files.writeString(route, shipped.replace("regex '", "regex '("));
            program.file(
                    "two.csv",
                    "callerid,agent,phone,context,outqueue,destination\n"
                            + "1,ana,1001,agentes,Ventas->,0991\n1,eva,1002,agentes,Ventas->,0992\n");

            Program.Ended broken = program.run("two.csv");

            assertThat(broken.code()).isEqualTo(3);
            assertThat(broken.err()).contains("Unclosed group");
            int sent = stub.calls().size();
            assertThat(program.run("--ledger", "--outcome", "unknown").out().lines())
                    .hasSize(1 + sent);
            assertThat(program.run("--check").err())
                    .contains("routes/place-call.camel.yaml", "found the regular expression", "Unclosed group");
            Files.writeString(route, shipped);
            Program.Ended mended = program.run("two.csv");
            assertThat(mended.code()).as(mended.all()).isEqualTo(1);
            assertThat(stub.placed()).containsExactlyInAnyOrder("0991", "0992");
            assertThat(Files.readAllLines(program.outbox().resolve("error.jsonl")))
                    .hasSize(sent)
                    .allSatisfy(line -> assertThat(line).contains("\"crash\"", "place-call broke off"));
        }
    }

    @Test
    void helpTellsTheOptionsAndTheExitCodes() throws Exception {
        Ended help = Program.unpack(home).run("--help");

        assertThat(help.code()).isZero();
        assertThat(help.out())
                .contains(
                        "--dry-run",
                        "--check",
                        "--diagram",
                        "--simulator",
                        "--version",
                        "FILE",
                        "Exit codes",
                        "config/application.properties");
        assertThat(help.err()).isEmpty();
    }

    @Test
    void versionTellsTheProgramsName() throws Exception {
        Ended version = Program.unpack(home).run("--version");

        assertThat(version.code()).isZero();
        assertThat(version.out()).startsWith("agentcall ");
        assertThat(version.err()).isEmpty();
    }

    @Test
    void anOptionThatIsNoneIsABadConfiguration() throws Exception {
        Program program = Program.unpack(home);
        Ended ended = program.run("--no-such-option");

        assertThat(ended.code()).isEqualTo(2);
        assertThat(ended.err()).contains("--no-such-option");
        assertNoStackTrace(ended);

        Ended simulator = program.run("--simulator", "0", "calls.csv");

        assertThat(simulator.code()).isEqualTo(2);
        assertThat(simulator.err()).contains("--simulator: found calls.csv, expected nothing more");
    }

    @Test
    void withoutAddressAndTokenItRefusesToStartAndNamesBoth() throws Exception {
        Program program = Program.unpack(home);
        program.file("f.csv", rows(1));

        for (Ended ended : List.of(program.run(), program.run("f.csv"))) {
            assertThat(ended.code()).isEqualTo(2);
            assertThat(ended.err()).contains("agentcall.ucontact.url", "agentcall.ucontact.token");
            assertThat(ended.out()).isEmpty();
            assertNoStackTrace(ended);
        }
    }

    @Test
    void badValuesAreToldWithKeyAndWhatWasExpectedAndMinusDBeatsTheEnvironmentWhichBeatsTheFile() throws Exception {
        Program program = Program.unpack(home, NOWHERE)
                .configuration("agentcall.concurrency=file1\nagentcall.rate=file2\nagentcall.retry.attempts=file3\n"
                        + "agentcall.ucontact.response-timeout=soon")
                .environment("AGENTCALL_CONCURRENCY", "environment1")
                .environment("AGENTCALL_RATE", "environment2")
                .javaOption("-Dagentcall.concurrency=option1");

        Ended ended = program.run("--check");

        assertThat(ended.code()).isEqualTo(2);
        assertThat(ended.err().lines())
                .anySatisfy(line -> assertThat(line).contains("agentcall.concurrency", "'option1'", "expected"))
                .anySatisfy(line -> assertThat(line).contains("agentcall.rate", "'environment2'", "expected"))
                .anySatisfy(line -> assertThat(line).contains("agentcall.retry.attempts", "'file3'", "expected"))
                .anySatisfy(line ->
                        assertThat(line).contains("agentcall.ucontact.response-timeout", "'soon'", "expected", "5s"));
        assertThat(ended.err()).doesNotContain("file1", "file2", "environment1");
        assertNoStackTrace(ended);
    }

    /** The logger would take it for a level at which nothing is logged. */
    @Test
    void aLevelOfLogsThatIsNoneIsRefused() throws Exception {
        Program program = Program.unpack(home, NOWHERE)
                .javaOption("-Dagentcall.log.level=verbose")
                .environment("AGENTCALL_LOG_LEVEL", "loud")
                .environment("AGENTCALL_LOG_CAMEL", "warning");

        for (String[] command : new String[][] {{}, {"--check"}, {"--simulator", "0"}}) {
            Ended ended = program.run(command);

            assertThat(ended.code()).as(ended.all()).isEqualTo(2);
            assertThat(ended.err().lines())
                    .containsExactly(
                            "agentcall: agentcall.log.level: found 'verbose', expected error, warn, info or debug",
                            "agentcall: agentcall.log.camel: found 'warning', expected error, warn, info or debug");
        }
    }

    @Test
    void theLevelOfLogsMayStandInTheEnvironmentAndIsNoUnknownKeyThere() throws Exception {
        try (Simulator simulator = Simulator.start(Simulator.Options.defaults())) {
            Program program = Program.unpack(home, simulator.uri())
                    .environment("AGENTCALL_LOG_LEVEL", "INFO")
                    .environment("AGENTCALL_LOG_LEVELS", "info");
            program.file("f.csv", rows(1) + "\n" + row("nobody", "099"));

            Ended ended = program.run("f.csv");

            assertThat(ended.err())
                    .contains("environment: AGENTCALL_LOG_LEVELS: is no setting, expected AGENTCALL_LOG_LEVEL")
                    .doesNotContain("AGENTCALL_LOG_LEVEL:")
                    .contains(" INFO ");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"UTF-8", "ISO-8859-1"})
    void settingsMayHaveAccents(String encoding) throws Exception {
        try (Simulator simulator = Simulator.start(Simulator.Options.defaults().withToken(Program.TOKEN))) {
            Program program = Program.unpack(home, simulator.uri());
            Path settings = home.resolve("config/application.properties");
            Files.writeString(
                    settings,
                    Files.readString(settings) + "\nagentcall.defaults.outqueue=Atención->\n"
                            + "agentcall.csv.columns=Teléfono del señor=destination\n",
                    Charset.forName(encoding));
            program.file("f.csv", "callerid;agent;phone;context;Teléfono del señor\n1;ana;2;c;0991\n");

            Ended ended = program.run("f.csv");

            assertThat(ended.code()).as(ended.all()).isZero();
            assertThat(simulator.calls())
                    .extracting(call -> call.fields().get("outqueue"))
                    .containsExactly("Atención->");
        }
    }

    @Test
    void keysThatNobodyUsesAreToldWithTheOneThatWasProbablyMeant() throws Exception {
        try (Simulator simulator = Simulator.start(Simulator.Options.defaults().withToken(Program.TOKEN))) {
            Program program = Program.unpack(home, simulator.uri())
                    .configuration("agentcall.agent.pase=30s\nagentcall.channel.succes=log:x\nagentcall.mine=1\n"
                            + "agentcall.used=log:x\nAGENTCALL_CONCURRENCY=4\ncamel.main.name=mine")
                    .environment("AGENTCALL_RETRY_DELAYS", "1s")
                    .environment("AGENTCALL_SERVICE_HOST", "10.0.0.1");
            program.file(
                    "routes/mine.camel.yaml",
                    "- route:\n    from:\n      uri: timer:x\n      steps:\n        - to:\n            uri: '{{agentcall.used}}'\n");
            program.file("f.csv", rows(1));

            String properties = "agentcall: " + Path.of("config/application.properties") + ": ";
            String unused = ": is no setting, and no route uses it";
            List<String> told = List.of(
                    properties + "AGENTCALL_CONCURRENCY" + unused + ", expected agentcall.concurrency",
                    properties + "agentcall.agent.pase" + unused + ", expected agentcall.agent.pause",
                    properties + "agentcall.channel.succes" + unused + ", expected agentcall.channel.success",
                    properties + "agentcall.mine" + unused,
                    "agentcall: environment: AGENTCALL_RETRY_DELAYS: is no setting, expected AGENTCALL_RETRY_DELAY");
            assertThat(program.run("--check").err().lines()).containsExactlyElementsOf(told);
            Ended run = program.run("f.csv");
            assertThat(run.err().lines()).containsAll(told);
            assertThat(run.code()).isZero();
        }
    }

    @Test
    void aRouteThatDoesNotParseIsNamedWithItsLine() throws Exception {
        Program program = Program.unpack(home, NOWHERE);
        program.file("routes/mine.camel.yaml", "- route:\n    id: mine\n    from: {uri: direct, parameters: [\n");
        program.file("f.csv", rows(1));

        Ended ended = program.run("f.csv");

        assertThat(ended.code()).isEqualTo(2);
        assertThat(ended.err()).contains("mine.camel.yaml").containsPattern("(?i)line[: ]+\\d+|camel\\.yaml:\\d+");
        assertNoStackTrace(ended);
    }

    @Test
    void aRouteWithAStepThatDoesNotExistIsNamed() throws Exception {
        Program program = Program.unpack(home, NOWHERE);
        program.file(
                "routes/mine.camel.yaml",
                "- route:\n    id: mine\n    from:\n      uri: direct\n      parameters:\n        name: mine\n      steps:\n"
                        + "        - fromm:\n            uri: nowhere\n");

        Ended ended = program.run("--check");

        assertThat(ended.code()).isEqualTo(2);
        assertThat(ended.err()).contains("mine.camel.yaml", "fromm");
        assertNoStackTrace(ended);
    }

    @Test
    void allPlacedIs0AndTheFileStaysAndTheSameCommandCallsNobodyAgain() throws Exception {
        try (Simulator simulator = Simulator.start(Simulator.Options.defaults().withToken(Program.TOKEN))) {
            Program program = Program.unpack(home, simulator.uri()).javaOption("-Dagentcall.log.level=info");
            Path file = program.file("f.csv", rows(5));

            Ended ended = program.run("f.csv");

            assertThat(ended.code()).as(ended.all()).isZero();
            assertThat(ended.out())
                    .contains("f.csv: 5 rows", "placed", "f.success.csv", "f.error.csv", "f.unknown.csv");
            assertThat(ended.err()).contains("f.csv");
            assertThat(numbers(5)).allSatisfy(number -> assertThat(ended.err()).doesNotContain(number));
            assertThat(file).hasContent(rows(5));
            assertThat(ResultFiles.read(program.outbox(), "f", ';').success()).hasSize(5);
            assertThat(simulator.calls())
                    .extracting(call -> call.fields().get("destination"))
                    .containsExactlyInAnyOrderElementsOf(numbers(5));

            assertThat(program.run("f.csv").code()).isZero();
            assertThat(simulator.requests()).isEqualTo(5);
        }
    }

    @Test
    void notAllPlacedIs1AndABadFileIs2AndTheOtherFilesAreProcessed() throws Exception {
        try (Simulator simulator = Simulator.start(Simulator.Options.defaults())) {
            Program program = Program.unpack(home, simulator.uri()).javaOption("-Dagentcall.log.level=info");
            Files.copy(Path.of("examples", "calls.csv"), home.resolve("calls.csv"));
            program.file("bad.csv", "no header of ours\n");
            program.file("good.csv", rows(2));

            Ended sample = program.run("calls.csv");

            assertThat(sample.code()).as(sample.all()).isEqualTo(1);
            assertThat(sample.out())
                    .contains("20 rows", "bad-number", "missing-field", "ucontact-0", "connection-lost");
            assertThat(sample.err())
                    .doesNotContain(
                            "59899123456", "099123464", "598 99 123 456", "5550000", "59824001000", "5,98991E+10");

            Ended several = program.run("bad.csv", "no-such-file.csv", "good.csv", "calls.csv");

            assertThat(several.code()).isEqualTo(2);
            assertThat(several.all()).contains("bad.csv", "no-such-file.csv", "good.csv: 2 rows");
            assertThat(program.outbox().resolve("bad.error.txt")).content().contains("callerid");
            assertThat(home.resolve("bad.csv")).exists();
            assertThat(ResultFiles.read(program.outbox(), "good", ';').success())
                    .hasSize(2);
            assertNoStackTrace(several);
        }
    }

    @Test
    void aChannelThatFailsIsToldWithoutItsSecrets() throws Exception {
        try (Simulator simulator = Simulator.start(Simulator.Options.defaults())) {
            Program program = Program.unpack(home, simulator.uri())
                    .environment(
                            "AGENTCALL_CHANNEL_SUCCESS",
                            simulator.uri().toString().replace("//", "//me:s3cret@") + "/hooks/s3cret?key=s3cret");
            program.file("f.csv", rows(1));

            Ended ended = program.run("f.csv");

            assertThat(ended.code()).as(ended.all()).isZero();
            assertThat(ended.err())
                    .contains("channel http://…@127.0.0.1:", "/… fails, outcomes wait in the ledger")
                    .doesNotContain("s3cret");
        }
    }

    @Test
    void anUnavailableUcontactIs3AndTheSameCommandGoesOn() throws Exception {
        try (CallStub stub = CallStub.start(CallStub.placedFirst(3))) {
            // One after the other, so that no row fails three times before any other has failed.
            Program program = Program.unpack(home, stub.uri()).environment("AGENTCALL_CONCURRENCY", "1");
            program.file("f.csv", rows(10));
            program.file("bad.csv", "");

            Ended interrupted = program.run("bad.csv", "f.csv");

            assertThat(interrupted.code()).as(interrupted.all()).isEqualTo(3);
            assertThat(interrupted.all()).contains("503", "3 of 10");
            assertThat(program.outbox().resolve("f.success.csv")).doesNotExist();
            assertNoStackTrace(interrupted);

            stub.answer(call -> CallStub.Answer.placed());
            Ended ended = program.run("f.csv");

            assertThat(ended.code()).isZero();
            assertThat(stub.placed()).containsExactlyInAnyOrderElementsOf(numbers(10));
            assertThat(ResultFiles.read(program.outbox(), "f", ';').success()).hasSize(10);
        }
    }

    @Test
    void aTokenThatUcontactRefusesIsToldWithTheSettingsToLookAt() throws Exception {
        try (Simulator simulator = Simulator.start(Simulator.Options.defaults().withToken("another"))) {
            Program program = Program.unpack(home, simulator.uri());
            program.file("f.csv", rows(1));

            Ended ended = program.run("f.csv");

            assertThat(ended.code()).as(ended.all()).isEqualTo(3);
            assertThat(ended.err().lines()).anySatisfy(line -> assertThat(line)
                    .contains("uContact is unavailable, calls wait: HTTP 401")
                    .endsWith("; look at agentcall.ucontact.token, or the file in agentcall.ucontact.token-file"));
        }
    }

    @Test
    void aDryRunShowsWhatWouldBeDoneAndCallsNobody() throws Exception {
        try (Simulator simulator = Simulator.start(Simulator.Options.defaults())) {
            Program program = Program.unpack(home, simulator.uri());
            Files.copy(Path.of("examples", "calls.csv"), home.resolve("calls.csv"));
            program.file("bad.csv", "no header of ours\n");
            program.file("spent.csv", "request_id;" + HEADER + "\ns-1;" + row("ana", "099123456"));
            program.file(
                    "more.csv",
                    "request_id;" + HEADER + "\ns-1;" + row("ana", "099123456") + "\ns-2;" + row("ana", "099123457"));
            assertThat(program.run("spent.csv").code()).isZero();
            int before = simulator.requests();

            Ended sample = program.run("--dry-run", "calls.csv");

            assertThat(sample.code()).as(sample.all()).isZero();
            assertThat(sample.out())
                    .contains("20 rows", "'Extensión' = phone", "'DID' = callerid", "crm_id")
                    .contains("row 8", "row 12", "row 18")
                    .contains("agent=ana.garcia&phone=*001&tech=SIP&context=agentes&outqueue=Ventas-%3E&destination=")
                    .containsPattern("called: 17\\b")
                    .containsPattern("invalid: 3\\b")
                    .doesNotContain("59899123456");

            Ended others = program.run("--dry-run", "more.csv", "bad.csv");

            assertThat(others.code()).isEqualTo(2);
            assertThat(others.out()).containsPattern("called: 1\\b").containsPattern("spent[^:]*: 1\\b");
            assertThat(others.all()).contains("bad.csv");
            assertNoStackTrace(others);

            program.file(
                    "twice.csv",
                    "request_id;" + HEADER + "\nt-1;" + row("ana", "099123456") + "\nt-1;" + row("ana", "099123456")
                            + "\nt-1;" + row("ana", "099123457") + "\nt-2;" + row("ana", "099123456"));
            Ended twice = program.run("--dry-run", "twice.csv");

            assertThat(twice.out())
                    .containsPattern("called: 2\\b")
                    .containsPattern("repeat[^:]*: 1\\b")
                    .containsPattern("invalid: 1\\b")
                    .containsPattern("row 4 is invalid: its requestId belongs to row 2 of twice.csv");

            assertThat(simulator.requests()).isEqualTo(before);
            assertThat(RunningBundle.names(program.outbox()))
                    .containsExactly("spent.error.csv", "spent.success.csv", "spent.unknown.csv", "success.jsonl");
            // What a dry run looked at is as new as before.
            assertThat(program.run("more.csv").code()).isZero();
            assertThat(simulator.requests()).isEqualTo(before + 1);
        }
    }

    @Test
    void checkTellsWhetherCallsCouldBePlacedAndPlacesNone() throws Exception {
        try (Simulator simulator = Simulator.start(Simulator.Options.defaults())) {
            Program program = Program.unpack(home, simulator.uri());

            Ended good = program.run("--check");

            assertThat(good.code()).as(good.all()).isZero();
            assertThat(good.out())
                    .contains(
                            "configuration", "routes", "ledger", simulator.uri().toString());
            assertThat(good.err()).isEmpty();
            assertThat(simulator.calls()).isEmpty();
        }
        try (Socket nobody = new Socket()) { // nobody listens, nor can anybody else
            nobody.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            String port = String.valueOf(nobody.getLocalPort());
            Ended bad = Program.unpack(home.resolve("other"), URI.create("http://127.0.0.1:" + port))
                    .run("--check");

            assertThat(bad.code()).isEqualTo(2);
            assertThat(bad.err()).contains("agentcall.ucontact.url", port);
            assertNoStackTrace(bad);
        }
    }

    @Test
    void checkListsAllThatIsWrongWithSettingsAndRoutesAndOpensNoLedger() throws Exception {
        Program program =
                Program.unpack(home, NOWHERE).configuration("agentcall.rate=fast\nagentcall.defaults.phone=5e10");
        program.file("routes/mine.camel.yaml", """
                - route:
                    id: mine
                    from:
                      uri: timer
                      parameters:
                        timerNam: mine
                      steps:
                        - setBoddy: {}
                        - log: "{{no.such.key}}"
                        - to: direct:plce-call
                """);

        Ended ended = program.run("--check");

        assertThat(ended.code()).isEqualTo(2);
        assertThat(ended.err().lines())
                .anySatisfy(line -> assertThat(line).contains("agentcall.rate", "'fast'"))
                .anySatisfy(line -> assertThat(line).contains("agentcall.defaults.phone", "'5e10'"))
                .anySatisfy(line -> assertThat(line).contains("routes/mine.camel.yaml:6", "timerNam", "timerName"))
                .anySatisfy(line -> assertThat(line).contains("routes/mine.camel.yaml:8", "setBoddy", "setBody"))
                .anySatisfy(line -> assertThat(line).contains("routes/mine.camel.yaml:9", "no.such.key"))
                .anySatisfy(line -> assertThat(line).contains("routes/mine.camel.yaml:10", "plce-call", "place-call"));
        assertThat(ended.out()).contains("configuration  not good", "routes         not good, 4 errors");
        assertThat(program.data()).doesNotExist();
        assertNoStackTrace(ended);
    }

    @Test
    void checkTellsWhichRouteCamelItselfRefuses() throws Exception {
        Program program = Program.unpack(home, NOWHERE);
        program.file("routes/mine.camel.yaml", """
                - route:
                    id: mine
                    from:
                      uri: timer
                      parameters:
                        timerName: mine
                        period: soon
                      steps:
                        - to: direct:place-call
                """);

        assertRefused(program, "routes/mine.camel.yaml:2: ", "mine", "soon");
    }

    /** Camel names no file. */
    @Test
    void aRouteIdThatIsThereTwiceIsToldInTheSameWordsByAllThatLoadRoutes() throws Exception {
        Program program = Program.unpack(home, NOWHERE);
        program.file(
                "routes/mine.camel.yaml",
                "- route:\n    id: send-call\n    from:\n      uri: timer:x\n      steps:\n        - stop: {}\n");
        program.file("f.csv", rows(1));
        program.file("cases.yaml", Files.readString(Path.of("examples/cases/placed.yaml")));
        List<List<String>> commands =
                List.of(List.of("--check"), List.of(), List.of("f.csv"), List.of("--test", "cases.yaml"));

        for (List<String> command : commands) {
            Ended ended = program.run(command.toArray(String[]::new));

            assertThat(ended.code()).as("%s: %s", command, ended.all()).isEqualTo(2);
            assertThat(ended.err().lines())
                    .containsExactly(
                            "agentcall: routes/send-call.camel.yaml:2: found the route id send-call a second time,"
                                    + " expected another: routes/mine.camel.yaml:2 has it");
        }
    }

    /** Camel would take it, and uContact would get other characters than the user wrote. */
    @Test
    void aRouteFileThatIsNoUtf8IsRefusedBeforeAnyCall() throws Exception {
        try (Simulator simulator = Simulator.start(Simulator.Options.defaults())) {
            Program program = Program.unpack(home, simulator.uri());
            Path route = home.resolve("routes/send-call.camel.yaml");
            Files.writeString(route, Files.readString(route) + "# Atención\n", StandardCharsets.ISO_8859_1);
            long line =
                    Files.readString(route, StandardCharsets.ISO_8859_1).lines().count();
            program.file("f.csv", rows(1));

            for (String[] command : new String[][] {{"--check"}, {}, {"f.csv"}}) {
                Ended ended = program.run(command);

                assertThat(ended.code()).as(ended.all()).isEqualTo(2);
                assertThat(ended.err())
                        .contains("agentcall: routes/send-call.camel.yaml:" + line
                                + ": found bytes that are no UTF-8, expected UTF-8");
            }
            assertThat(simulator.calls()).isEmpty();
        }
    }

    @Test
    void checkTellsWhichClassIsMissingInLib() throws Exception {
        Program program = Program.unpack(home, NOWHERE);
        program.file("routes/mine.camel.yaml", """
                - route:
                    id: mine
                    from:
                      uri: half-there:x
                      steps:
                        - to: direct:place-call
                """);

        assertRefused(program, "lib: found no class org.acme.Client", "HalfThereComponent");
    }

    private static void assertRefused(Program program, String... told) throws Exception {
        Ended ended = program.run("--check");

        assertThat(ended.code()).as(ended.all()).isEqualTo(2);
        assertThat(ended.err()).contains(told);
        assertNoStackTrace(ended);
    }

    @Test
    void aRouteThatNobodyCallsIsWarnedOfAndGood() throws Exception {
        try (Simulator simulator = Simulator.start(Simulator.Options.defaults())) {
            Program program = Program.unpack(home, simulator.uri());
            program.file(
                    "routes/mine.camel.yaml",
                    "- route:\n    id: mine\n    from:\n      uri: direct:mine\n      steps:\n        - stop: {}\n");

            Ended ended = program.run("--check");

            assertThat(ended.code()).as(ended.all()).isZero();
            assertThat(ended.err()).contains("warning: routes/mine.camel.yaml:4", "direct:mine");
        }
    }

    /** The request left through a client that knows nothing of what may be sent again: it is in doubt, and sent once. */
    @Test
    void aRouteThatHasLostItsHttpClientCallsNobodyTwice() throws Exception {
        try (CallStub stub = CallStub.start(call -> CallStub.Answer.placed())) {
            Program program = Program.unpack(home, stub.uri());
            program.file(
                    "routes/post-form.camel.yaml",
                    Files.readString(home.resolve("routes/post-form.camel.yaml"))
                            .replaceFirst(" *httpClientConfigurer: .*\n", ""));
            program.file("f.csv", rows(1));

            Ended ended = program.run("f.csv");

            assertThat(ended.code()).as(ended.all()).isEqualTo(1);
            assertThat(stub.calls()).hasSize(1);
            assertThat(ResultFiles.read(program.outbox(), "f", ';').unknown())
                    .singleElement()
                    .satisfies(row -> assertThat(row.get("agentcall_detail")).contains("httpClientConfigurer"));
        }
    }

    @Test
    void theSimulatorAnswersUntilItIsTerminated() throws Exception {
        Program program = Program.unpack(home);
        try (Running simulator = program.start("--simulator", "0")) {
            Pattern address = Pattern.compile("http://\\S+:\\d+");
            await().atMost(PATIENCE)
                    .until(() -> !simulator.isAlive() || simulator.out().contains(Fault.BUSY_TWICE.description()));
            Matcher matcher = address.matcher(simulator.out());
            assertThat(matcher.find()).as(simulator.out() + simulator.err()).isTrue();
            assertThat(simulator.out()).contains(Fault.table());

            String form = "callerid=1&agent=a&phone=1&tech=SIP&context=a&outqueue=q&destination=0991";
            String answer = HttpClient.newHttpClient()
                    .send(
                            HttpRequest.newBuilder(URI.create(matcher.group() + Simulator.AGENT_CALL))
                                    .header("Authorization", "Basic x")
                                    .header("Content-Type", "application/x-www-form-urlencoded")
                                    .POST(HttpRequest.BodyPublishers.ofString(form))
                                    .build(),
                            BodyHandlers.ofString())
                    .body();
            assertThat(answer).matches("[0-9a-f-]{36}");

            simulator.terminate();
            assertThat(simulator.end().code()).isZero();
        }
        assertThat(program.run("--simulator", "70000").code()).isEqualTo(2);
        assertThat(program.data()).doesNotExist();
    }

    @Test
    void sigtermInAOneShotRunEndsTheCallsInFlightAndTheSameCommandGoesOn() throws Exception {
        // Slowly, so that it is not done before the signal is heard.
        try (CallStub stub = CallStub.start(CallStub.placedAfter(Duration.ofMillis(500)))) {
            Program program = Program.unpack(home, stub.uri()).environment("AGENTCALL_CONCURRENCY", "2");
            program.file("f.csv", rows(400));
            try (Running running = program.start("f.csv")) {
                await().atMost(PATIENCE).until(() -> stub.calls().size() >= 5);
                running.terminate();
                Ended interrupted = running.end();

                assertThat(interrupted.code()).as(interrupted.all()).isEqualTo(3);
                assertThat(interrupted.all()).contains("of 400").doesNotContain("crash");
                assertNoStackTrace(interrupted);
            }
            int before = stub.calls().size();
            assertThat(before).isLessThan(400);
            assertThat(program.outbox().resolve("f.success.csv")).doesNotExist();

            stub.answer(call -> CallStub.Answer.placed());
            Ended ended = program.environment("AGENTCALL_CONCURRENCY", "32").run("f.csv");

            assertThat(ended.code()).as(ended.out()).isZero();
            assertThat(stub.calls()).hasSize(400);
            assertThat(stub.placed()).containsExactlyInAnyOrderElementsOf(numbers(400));
            ResultFiles results = ResultFiles.read(program.outbox(), "f", ';');
            assertThat(results.success()).hasSize(400);
            assertThat(results.column("destination")).isEqualTo(numbers(400));
        }
    }

    @Test
    void aOneShotRunThatIsKilledGoesOnAndOnlyTheCallsInFlightAreUnknown() throws Exception {
        CountDownLatch killed = new CountDownLatch(1);
        AtomicInteger calls = new AtomicInteger();
        try (CallStub stub = CallStub.start(call -> {
            if (calls.incrementAndGet() > 4) {
                killed.await();
            }
            return CallStub.Answer.placed();
        })) {
            Program program = Program.unpack(home, stub.uri()).environment("AGENTCALL_CONCURRENCY", "2");
            program.file("f.csv", rows(12));
            try (Running running = program.start("f.csv")) {
                await().atMost(PATIENCE).until(() -> stub.calls().size() == 6);
                running.kill();
            }
            killed.countDown();

            Ended ended = program.run("f.csv");

            assertThat(ended.code()).as(ended.all()).isEqualTo(1);
            assertThat(stub.calls())
                    .extracting(call -> call.get("destination"))
                    .containsExactlyInAnyOrderElementsOf(numbers(12));
            ResultFiles results = ResultFiles.read(program.outbox(), "f", ';');
            assertThat(results.success()).hasSize(10);
            assertThat(results.unknown()).hasSize(2).allSatisfy(row -> assertThat(row)
                    .containsEntry("agentcall_reason", "crash"));
            assertThat(Set.copyOf(Files.readAllLines(program.outbox().resolve("success.jsonl")))) // at least once
                    .hasSize(10);
            assertThat(Files.readAllLines(program.outbox().resolve("error.jsonl")))
                    .hasSize(2)
                    .allSatisfy(line -> assertThat(line).contains("\"crash\""));
        }
    }

    @Test
    void sigtermWhileServingEndsTheCallsInFlightAndNothingElseAndIs0() throws Exception {
        try (CallStub stub = CallStub.start(CallStub.placedAfter(Duration.ofMillis(100)))) {
            Program program = Program.unpack(home, stub.uri())
                    .environment("AGENTCALL_CONCURRENCY", "2")
                    .environment("AGENTCALL_UCONTACT_RESPONSE_TIMEOUT", "20s");
            Path inbox = Files.createDirectories(program.data().resolve("inbox"));
            Path file = Files.writeString(inbox.resolve("f.csv"), rows(1000));
            try (Running running = program.start()) {
                await().atMost(PATIENCE).until(() -> stub.calls().size() >= 5);
                long begin = System.nanoTime();
                running.terminate();
                Ended ended = running.end();

                assertThat(ended.code()).as(ended.all()).isZero();
                assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(20 + 5));
                assertNoStackTrace(ended);
                assertThat(numbers(1000)).noneMatch(ended.err()::contains);
            }
            assertThat(file).exists();
            assertThat(RunningBundle.names(program.data().resolve("failed"))).isEmpty();
            assertThat(RunningBundle.names(program.data().resolve("done"))).isEmpty();
            // What was in flight has its outcome.
            assertThat(Set.copyOf(Files.readAllLines(program.outbox().resolve("success.jsonl")))) // at least once
                    .hasSize(stub.calls().size());
            assertThat(stub.calls()).hasSizeLessThan(1000);
        }
    }

    @Test
    void aServerWithoutAnythingToDoEndsOnSigtermWith0() throws Exception {
        Path temporary = Files.createDirectories(home.resolve("temporary"));
        Program program = Program.unpack(home, NOWHERE)
                .environment("AGENTCALL_LOG_CAMEL", "info")
                .javaOption("-Djava.io.tmpdir=" + temporary);
        try (Running running = program.start()) {
            await().atMost(PATIENCE)
                    .until(() -> !running.isAlive() || running.err().contains("serving"));
            running.terminate();
            Ended ended = running.end();

            assertThat(ended.code()).as(ended.all()).isZero();
            assertThat(ended.err()).doesNotContain("ERROR");
            // Camel's, which may have the program wait for itself
            assertThat(ended.err()).contains("Apache Camel").doesNotContain("shutdown hook");
            assertThat(temporary).isEmptyDirectory();
        }
    }

    @Test
    void aLedgerThatCannotBeOpenedIsABadConfiguration() throws IOException, InterruptedException {
        Program program = Program.unpack(home, NOWHERE)
                .environment("AGENTCALL_LEDGER_URL", "jdbc:sqlite:" + home.resolve("config/application.properties"));
        program.file("f.csv", rows(1));

        Ended ended = program.run("f.csv");

        assertThat(ended.code()).isEqualTo(2);
        assertThat(ended.err()).contains("agentcall.ledger.url");
        assertNoStackTrace(ended);
    }
}
