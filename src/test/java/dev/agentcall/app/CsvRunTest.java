package dev.agentcall.app;

import static java.nio.charset.StandardCharsets.UTF_16LE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import com.fasterxml.jackson.databind.JsonNode;
import dev.agentcall.call.Gate;
import dev.agentcall.call.OutcomeKind;
import dev.agentcall.call.Stopping;
import dev.agentcall.csv.FileSummary;
import dev.agentcall.csv.FileSummary.State;
import dev.agentcall.simulator.Fault;
import dev.agentcall.simulator.ReceivedCall;
import dev.agentcall.simulator.Simulator;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes of CSV files and of their rows. */
@Timeout(120)
class CsvRunTest {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String STAMP = "\\d{8}T\\d{6}Z";
    private static final String HEADER = "callerid;agent;phone;context;outqueue;destination";
    private static final String ADDED = "agentcall_row;agentcall_request_id;agentcall_outcome;agentcall_guid;"
            + "agentcall_reason;agentcall_detail;agentcall_replayed";

    private static String row(String agent, String destination) {
        return "59824001000;" + agent + ";1001;agentes;Ventas->;" + destination;
    }

    private static String lines(String... lines) {
        return String.join("\n", lines) + "\n";
    }

    /** A file with a row for each number from 0 on. */
    private static String rows(int count, IntFunction<String> row) {
        return HEADER + "\n" + IntStream.range(0, count).mapToObj(row).collect(Collectors.joining("\n")) + "\n";
    }

    private static List<String> destinations(Simulator simulator) {
        return simulator.calls().stream()
                .map(call -> call.fields().get("destination"))
                .toList();
    }

    @Nested
    @TestInstance(TestInstance.Lifecycle.PER_CLASS)
    class OneFile {

        private Simulator simulator;
        private RunningBundle bundle;
        private Path folder;

        @BeforeAll
        void start(@TempDir Path temporary) throws Exception {
            folder = temporary;
            simulator = Simulator.start(Simulator.Options.defaults());
            bundle = RunningBundle.start(Bundle.Extent.WITHOUT_SOURCES, temporary.resolve("data"), simulator.uri());
        }

        @AfterAll
        void close() throws IOException {
            bundle.close();
            simulator.close();
        }

        private Path file(String name, String text) throws IOException {
            return Files.writeString(folder.resolve(name), text);
        }

        private Path dropped(String name, byte[] content) throws IOException {
            return Files.write(bundle.inbox().resolve(name), content);
        }

        private Path dropped(String name, String text) throws IOException {
            return dropped(name, text.getBytes(UTF_8));
        }

        private ResultFiles results(String name) throws IOException {
            return ResultFiles.read(bundle.outbox(), name, ';');
        }

        @Test
        void theSampleHasAnOutcomeForEveryRow() throws IOException {
            Path sample = Path.of("examples", "calls.csv");
            byte[] before = Files.readAllBytes(sample);
            int requests = simulator.requests();

            FileSummary summary = bundle.callOnce(sample);

            assertThat(summary.state()).isEqualTo(State.DONE);
            assertThat(summary.rows()).isEqualTo(20);
            assertThat(summary.outcomes())
                    .containsOnly(
                            entry(OutcomeKind.PLACED, 14),
                            entry(OutcomeKind.REJECTED, 2),
                            entry(OutcomeKind.INVALID, 3),
                            entry(OutcomeKind.UNKNOWN, 1));
            ResultFiles results = results("calls");
            assertThat(results.outcomes())
                    .hasSize(20)
                    .contains(
                            entry(2, "placed"),
                            entry(8, "invalid/bad-number"),
                            entry(10, "rejected/ucontact-0"),
                            entry(12, "invalid/missing-field"),
                            entry(14, "unknown/connection-lost"),
                            entry(18, "invalid/bad-number"),
                            entry(20, "rejected/ucontact-0"),
                            entry(22, "placed"))
                    .doesNotContainKey(15);
            assertThat(results.success()).hasSize(14);
            assertThat(results.error()).hasSize(5);
            assertThat(results.unknown()).hasSize(1);
            assertThat(results.byRow().get(4)).containsEntry("Nota", "llamar\nantes de las 12");
            assertThat(results.byRow().get(5)).containsEntry("Destino", "'099123459");
            assertThat(simulator.requests()).isEqualTo(requests + 17);
            assertThat(destinations(simulator))
                    .contains("59899123456", "099123457", "+59899123458", "099123459", "099123460", "099123461");
            assertThat(bundle.successes("calls.csv"))
                    .hasSize(14)
                    .extracting(outcome -> outcome.path("extra").path("crm_id").asText())
                    .doesNotHaveDuplicates()
                    .contains("77001", "77020");
            assertThat(bundle.errors("calls.csv")).hasSize(6);
            assertThat(sample).hasBinaryContent(before);
        }

        @Test
        void resultsHaveTheFormOfTheirInput() throws IOException {
            bundle.callOnce(file(
                    "forma.csv",
                    "\uFEFFrequest_id;Agente;Extensión;Contexto;Campaña;Destino;DID;Nota;agentcall_guid\r\n"
                            + "f-1;ana;1001;agentes;V->;0991;598;\"a;b \"\"c\"\"\";viejo\r\n"
                            + "\r\n"
                            + ";;;;;;;;\r\n"
                            + "f-2;nobody;1001;agentes;V->;0992;598;=1+1;\r\n"
                            + "f-3;eva;1001;agentes;V->;5550101;598;\"dos\r\nlíneas\";\r\n"
                            + "f-4;ana;1001;agentes;V->;0994;598\r\n"));

            String header = "\uFEFFrequest_id;Agente;Extensión;Contexto;Campaña;Destino;DID;Nota;" + ADDED + "\r\n";
            assertThat(bundle.outbox().resolve("forma.success.csv"))
                    .hasContent(header
                            + "f-1;ana;1001;agentes;V->;0991;598;\"a;b \"\"c\"\"\";2;f-1;placed;" + guid("f-1")
                            + ";;;false\r\n"
                            + "f-4;ana;1001;agentes;V->;0994;598;;7;f-4;placed;" + guid("f-4") + ";;;false\r\n");
            assertThat(Files.readString(bundle.outbox().resolve("forma.error.csv")))
                    .isEqualTo(header + "f-2;nobody;1001;agentes;V->;0992;598;=1+1;5;f-2;rejected;;ucontact-0;"
                            + quoted(detail("f-2")) + ";false\r\n");
            assertThat(Files.readString(bundle.outbox().resolve("forma.unknown.csv")))
                    .isEqualTo(header
                            + "f-3;eva;1001;agentes;V->;5550101;598;\"dos\r\nlíneas\";6;f-3;unknown;;connection-lost;"
                            + quoted(detail("f-3")) + ";false\r\n");
        }

        private String guid(String id) throws IOException {
            return bundle.successes(id).get(0).get("guid").asText();
        }

        private String detail(String id) throws IOException {
            return bundle.errors(id).get(0).get("detail").asText();
        }

        private static String quoted(String cell) {
            return cell.matches("(?s).*[;\"\r\n].*") ? '"' + cell.replace("\"", "\"\"") + '"' : cell;
        }

        Stream<Arguments> dialects() {
            String text = lines(HEADER + ";note", row("josé", "0991") + ";\"año; 1|2,3\t4\"");
            return Stream.of(
                    arguments("utf8", text.getBytes(UTF_8), ';', false),
                    arguments("utf8-mark", ("\uFEFF" + text).getBytes(UTF_8), ';', true),
                    arguments("windows", text.getBytes(Charset.forName("windows-1252")), ';', false),
                    arguments("utf16", ("\uFEFF" + text).getBytes(UTF_16LE), ';', true),
                    arguments("sep", ("sep=;\n" + text).getBytes(UTF_8), ';', false),
                    arguments("comma", delimited(',').getBytes(UTF_8), ',', false),
                    arguments("tab", delimited('\t').getBytes(UTF_8), '\t', false),
                    arguments("pipe", delimited('|').getBytes(UTF_8), '|', false));
        }

        private static String delimited(char delimiter) {
            return lines(HEADER + ";note", row("josé", "0991"))
                            .replace(';', delimiter)
                            .stripTrailing() + delimiter + "\"año; 1|2,3\t4\"\n";
        }

        @ParameterizedTest(name = "{0}")
        @MethodSource("dialects")
        void everyDialectIsReadAndItsDelimiterAndMarkComeBack(String name, byte[] content, char delimiter, boolean mark)
                throws IOException {
            Path file = Files.write(folder.resolve(name + ".csv"), content);

            FileSummary summary = bundle.callOnce(file);

            assertThat(summary.state()).isEqualTo(State.DONE);
            String success = Files.readString(bundle.outbox().resolve(name + ".success.csv"));
            assertThat(success.startsWith("\uFEFF")).isEqualTo(mark);
            assertThat(success.replace("\uFEFF", "")).startsWith((HEADER + ";note;").replace(';', delimiter));
            assertThat(ResultFiles.read(bundle.outbox(), name, delimiter).rows())
                    .singleElement()
                    .satisfies(row -> assertThat(row)
                            .containsEntry("agent", "josé")
                            .containsEntry("note", "año; 1|2,3\t4")
                            .containsEntry("agentcall_outcome", "placed"));
        }

        @Test
        void resultsWithADelimiterThatIsNotFoundByItselfCanBeDroppedAgain() throws IOException {
            String text = "sep=^\n"
                    + lines(HEADER, row("ana", "0991"), row("eva", "no number")).replace(';', '^');
            bundle.call(dropped("caret.csv", text));
            String error = Files.readString(bundle.outbox().resolve("caret.error.csv"));

            FileSummary again = bundle.call(dropped("again.csv", error.replace("no number", "0992")));

            assertThat(error).startsWith("sep=^\n" + HEADER.replace(';', '^'));
            assertThat(again.state()).isEqualTo(State.DONE);
            assertThat(Files.readString(bundle.outbox().resolve("again.success.csv")))
                    .contains("^eva^", "^0992^", "^placed^");
        }

        @Test
        void theSameTableIsTheSameWhateverItsDialectAndName() throws IOException {
            String text = lines(HEADER, row("josé", "0998001"));
            bundle.callOnce(file("tabla.csv", text));
            int before = simulator.requests();

            bundle.callOnce(Files.write(folder.resolve("table.csv"), ("\uFEFF" + text).getBytes(UTF_16LE)));
            bundle.callOnce(
                    file("quoted.csv", text.replace("0998001", "\"0998001\"").replace("\n", "\r\n")));

            assertThat(simulator.requests()).isEqualTo(before);
            assertThat(results("table").column("agentcall_request_id"))
                    .isEqualTo(results("tabla").column("agentcall_request_id"));
            assertThat(results("quoted").column("agentcall_replayed")).containsExactly("true");
        }

        @Test
        void theSameTableIsTheSameWhereverItsBlankLinesAre() throws IOException {
            String first = row("ana", "09930");
            String second = row("eva", "09931");
            bundle.call(dropped("linea.csv", lines(HEADER, first, second)));
            int before = simulator.requests();

            bundle.call(dropped("linea-2.csv", lines("", HEADER, "", first, ";;;;", second)));

            assertThat(simulator.requests()).isEqualTo(before);
            assertThat(results("linea-2").byRow().get(6))
                    .containsEntry("agentcall_replayed", "true")
                    .containsEntry(
                            "agentcall_guid", results("linea").byRow().get(3).get("agentcall_guid"));
        }

        @Test
        void aFileWithAHeaderOnlyIsAGoodFileWithoutRows() throws IOException {
            Path file = dropped("header.csv", HEADER);

            FileSummary summary = bundle.call(file);

            assertThat(summary.state()).isEqualTo(State.DONE);
            assertThat(summary.rows()).isZero();
            for (String kind : List.of("success", "error", "unknown")) {
                assertThat(Files.readString(bundle.outbox().resolve("header." + kind + ".csv")))
                        .isEqualToNormalizingNewlines(HEADER + ";" + ADDED + "\n");
            }
            assertThat(file).doesNotExist();
            assertThat(bundle.done().resolve("header.csv")).hasContent(HEADER);
        }

        @Test
        void rowsWithTooManyCellsAreMalformedAndThoseWithTooFewAreFilledUp() throws IOException {
            int before = simulator.requests();

            bundle.callOnce(file(
                    "cells.csv",
                    lines(HEADER, row("ana", "0991") + ";", row("ana", "0991") + ";surplus", "59824001000;ana;1001")));

            assertThat(results("cells").outcomes())
                    .containsOnly(entry(2, "placed"), entry(3, "invalid/malformed"), entry(4, "invalid/missing-field"));
            assertThat(simulator.requests()).isEqualTo(before + 1);
        }

        /** Its cells may have moved by one: nobody is to be called by it as long as nobody has looked. */
        @Test
        void aRowWithTooManyCellsStaysMalformedWhenItsResultIsDroppedAgain() throws IOException {
            int before = simulator.requests();
            bundle.callOnce(file("viel.csv", lines(HEADER, row("ana", "0991") + ";=more;;and more")));
            ResultFiles first = results("viel");
            assertThat(first.byRow().get(2)).containsEntry("agentcall_surplus", "'=more and more");

            Path again = bundle.outbox().resolve("viel.error.csv");
            bundle.callOnce(again);

            assertThat(results("viel.error").outcomes()).containsOnly(entry(2, "invalid/malformed"));
            assertThat(simulator.requests()).isEqualTo(before);
            bundle.callOnce(file("viel-2.csv", Files.readString(again).replace(";'=more and more", ";")));
            assertThat(simulator.requests()).isEqualTo(before + 1);
        }

        @Test
        void whatATakenNameGetsIsOneTimestampForAllThreeResults() throws IOException {
            String text = lines(HEADER, row("ana", "0997001"));
            bundle.call(dropped("otra vez.csv", text));
            bundle.call(dropped("otra vez.csv", text));

            List<String> names = namesOf(bundle.outbox(), "otra vez");
            assertThat(names).hasSize(6).contains("otra vez.success.csv", "otra vez.error.csv", "otra vez.unknown.csv");
            Set<String> stamps = names.stream()
                    .filter(name -> name.matches("otra vez\\." + STAMP + "\\.(success|error|unknown)\\.csv"))
                    .map(name -> name.split("\\.")[1])
                    .collect(Collectors.toSet());
            assertThat(stamps).hasSize(1);
            assertThat(results("otra vez." + stamps.iterator().next()).outcomes())
                    .containsOnly(entry(2, "placed"));
            assertThat(namesOf(bundle.done(), "otra vez"))
                    .hasSize(2)
                    .contains("otra vez.csv")
                    .anyMatch(name -> name.matches("otra vez\\." + STAMP + "\\.csv"));
            assertThat(namesOf(bundle.inbox(), "otra vez")).isEmpty();
        }

        private static List<String> namesOf(Path folder, String start) throws IOException {
            return RunningBundle.names(folder).stream()
                    .filter(name -> name.startsWith(start))
                    .toList();
        }

        Stream<Arguments> refused() {
            return Stream.of(
                    arguments("empty", new byte[0], "empty"),
                    arguments("blank", "\n \n\n".getBytes(UTF_8), "header"),
                    arguments("xlsx", new byte[] {'P', 'K', 3, 4, 20, 0, 8, 8}, "XLSX"),
                    arguments("binary", new byte[] {'a', 0, 1, 2, ';', 0}, "binary"),
                    arguments(
                            "quote",
                            lines(HEADER, row("ana", "\"0991"), row("ana", "0992"))
                                    .getBytes(UTF_8),
                            "quote"),
                    arguments(
                            "twice",
                            lines(HEADER + ";Destino", row("ana", "0991") + ";0992")
                                    .getBytes(UTF_8),
                            "destination"),
                    arguments(
                            "telefono",
                            lines("callerid;agent;context;outqueue;phone;Teléfono", row("ana", "0991"))
                                    .getBytes(UTF_8),
                            "agentcall.csv.columns"),
                    arguments(
                            "missing",
                            lines("callerid;phone;context;outqueue;destination", "1;2;a;b;3")
                                    .getBytes(UTF_8),
                            "agent"),
                    arguments(
                            "headerless",
                            lines(row("ana", "099123456"), row("ana", "099123457"))
                                    .getBytes(UTF_8),
                            "'******456'"),
                    arguments("text", "Dear all,\nno calls today\n".getBytes(UTF_8), "destination"));
        }

        @ParameterizedTest(name = "{0}")
        @MethodSource("refused")
        void whatIsNoFileOfCallsIsPutAsideWithTheReasonAndNobodyIsCalled(String name, byte[] content, String why)
                throws IOException {
            int before = simulator.requests();
            Path file = dropped(name + ".csv", content);

            FileSummary summary = bundle.call(file);

            assertThat(summary.state()).isEqualTo(State.REFUSED);
            assertThat(file).doesNotExist();
            assertThat(bundle.failed().resolve(name + ".csv")).hasBinaryContent(content);
            assertThat(Files.readString(bundle.failed().resolve(name + ".error.txt")))
                    .contains(why);
            assertThat(bundle.errors(name + ".csv")).singleElement().satisfies(outcome -> {
                assertThat(outcome.path("outcome").asText()).isEqualTo("invalid");
                assertThat(outcome.path("reason").asText()).isEqualTo("malformed");
                assertThat(outcome.path("detail").asText()).contains(why);
                assertThat(outcome.path("source").path("kind").asText()).isEqualTo("csv");
                assertThat(outcome.path("requestId").asText()).isNotBlank();
            });
            assertThat(bundle.successes(name + ".csv")).isEmpty();
            assertThat(namesOf(bundle.outbox(), name + ".")).isEmpty();
            assertThat(simulator.requests()).isEqualTo(before);
        }

        @Test
        void inFailedATakenNameGetsATimestampAndItsReasonTheSame() throws IOException {
            bundle.call(dropped("again.csv", "x"));
            bundle.call(dropped("again.csv", "y"));

            List<String> names = namesOf(bundle.failed(), "again");
            assertThat(names).hasSize(4).contains("again.csv", "again.error.txt");
            String stamped = names.stream()
                    .filter(name -> name.matches("again\\." + STAMP + "\\.csv"))
                    .findFirst()
                    .orElseThrow();
            assertThat(names).contains(stamped.replace(".csv", ".error.txt"));
        }

        @Test
        void aFileThatCannotBePutAsideIsRefusedOnce() throws IOException {
            Path file = dropped("stuck.csv", "x");
            Path aside = bundle.failed().resolveSibling("aside");
            Files.move(bundle.failed(), aside);
            Files.createFile(bundle.failed());
            for (int attempt = 0; attempt < 2; attempt++) {
                assertThatThrownBy(() -> bundle.call(file)).hasMessageContaining("Not a directory");
            }
            Files.delete(bundle.failed());
            Files.move(aside, bundle.failed());

            assertThat(bundle.call(file).state()).isEqualTo(State.REFUSED);

            assertThat(file).doesNotExist();
            assertThat(namesOf(bundle.failed(), "stuck")).containsExactlyInAnyOrder("stuck.csv", "stuck.error.txt");
            assertThat(bundle.bundle().ledger().recent(OutcomeKind.INVALID, null, 100))
                    .filteredOn(entry -> entry.request().source().name().equals("stuck.csv"))
                    .hasSize(1);
        }

        @Test
        void aRefusedFileInOneShotModeStaysAndItsReasonIsInTheOutbox() throws IOException {
            Path file = file("bad.csv", "");

            FileSummary summary = bundle.callOnce(file);

            assertThat(summary.state()).isEqualTo(State.REFUSED);
            assertThat(file).exists();
            assertThat(bundle.outbox().resolve("bad.error.txt")).content().contains("empty");
            assertThat(bundle.errors("bad.csv")).hasSize(1);
        }

        private String mixed(String end) {
            return lines(
                    HEADER,
                    row("ana", "0995" + end),
                    row("nobody", "0996" + end),
                    row("eva", "5550101") + " ".repeat(end.length()),
                    row("", "0997" + end),
                    row("luis", "0998" + end));
        }

        @Test
        void theSameFileAgainCallsOnlyTheRowsThatWereRejectedOrInvalid() throws IOException {
            String text = mixed("1");
            bundle.call(dropped("repetido.csv", text));
            Map<Integer, Map<String, String>> first = results("repetido").byRow();
            int before = simulator.calls().size();

            FileSummary summary = bundle.call(dropped("repetido otra vez.csv", text));

            assertThat(summary.state()).isEqualTo(State.DONE);
            List<ReceivedCall> calls = simulator.calls();
            assertThat(calls.subList(before, calls.size()))
                    .extracting(call -> call.fields().get("destination"))
                    .containsExactly("09961");
            ResultFiles again = results("repetido otra vez");
            assertThat(again.outcomes())
                    .isEqualTo(results("repetido").outcomes())
                    .containsOnly(
                            entry(2, "placed"),
                            entry(3, "rejected/ucontact-0"),
                            entry(4, "unknown/connection-lost"),
                            entry(5, "invalid/missing-field"),
                            entry(6, "placed"));
            assertThat(again.column("agentcall_replayed")).containsExactly("true", "false", "true", "false", "true");
            for (int row : List.of(2, 4, 6)) {
                assertThat(again.byRow().get(row).get("agentcall_guid"))
                        .isEqualTo(first.get(row).get("agentcall_guid"));
            }
            assertThat(again.column("agentcall_request_id"))
                    .isEqualTo(results("repetido").column("agentcall_request_id"));
        }

        @Test
        void aResultFileThatIsDroppedAgainKeepsItsIds() throws IOException {
            bundle.call(dropped("ciclo.csv", mixed("2")));
            Map<Integer, Map<String, String>> first = results("ciclo").byRow();
            int before = simulator.calls().size();
            for (String kind : List.of("success", "error", "unknown")) {
                Files.copy(
                        bundle.outbox().resolve("ciclo." + kind + ".csv"),
                        bundle.inbox().resolve("ciclo-" + kind + ".csv"));
                bundle.call(bundle.inbox().resolve("ciclo-" + kind + ".csv"));
            }

            List<ReceivedCall> calls = simulator.calls();
            assertThat(calls.subList(before, calls.size()))
                    .extracting(call -> call.fields().get("destination"))
                    .containsExactly("09962");
            assertThat(results("ciclo-success").column("agentcall_request_id"))
                    .containsExactly(id(first, 2), id(first, 6));
            assertThat(results("ciclo-success").column("agentcall_replayed")).containsExactly("true", "true");
            assertThat(results("ciclo-error").column("agentcall_request_id"))
                    .containsExactly(id(first, 3), id(first, 5));
            assertThat(results("ciclo-unknown").column("agentcall_request_id")).containsExactly(id(first, 4));
            assertThat(results("ciclo-unknown").column("agentcall_replayed")).containsExactly("true");
            assertThat(Files.readString(bundle.outbox().resolve("ciclo-success.success.csv")))
                    .startsWith(HEADER + ";" + ADDED + "\n");
        }

        private static String id(Map<Integer, Map<String, String>> rows, int row) {
            return rows.get(row).get("agentcall_request_id");
        }

        @Test
        void anIdThatASpreadsheetWouldRunIsMadeHarmlessAndStillTheSameWhenItComesBack() throws IOException {
            String header = HEADER.replace("callerid;", "callerid;request_id;");
            bundle.callOnce(file("formula.csv", lines(header, row("ana", "0991").replaceFirst(";", ";=1+1;"))));
            int before = simulator.requests();
            assertThat(results("formula").rows().toList())
                    .extracting(row -> row.get("request_id"), row -> row.get("agentcall_request_id"))
                    .containsExactly(tuple("=1+1", "'=1+1"));

            // Without the input's own column only the program's is left.
            String text = Files.readString(bundle.outbox().resolve("formula.success.csv"))
                    .replace(";request_id;", ";old;");
            bundle.callOnce(file("formula-2.csv", text));

            assertThat(results("formula-2").column("agentcall_replayed")).containsExactly("true");
            assertThat(simulator.requests()).isEqualTo(before);
        }

        @Test
        void inOneFileARepeatedIdIsReplayedWithTheSameFieldsAndInConflictWithOthers() throws IOException {
            String header = "request_id;" + HEADER;
            int before = simulator.requests();

            bundle.callOnce(file(
                    "ids.csv",
                    lines(
                            header,
                            "i-1;" + row("ana", "0991"),
                            "i-1;" + row("ana", "099-1"),
                            "i-1;" + row("ana", "0992"))));

            assertThat(results("ids").outcomes())
                    .containsOnly(entry(2, "placed"), entry(3, "placed"), entry(4, "invalid/id-conflict"));
            assertThat(results("ids").column("agentcall_replayed")).containsExactly("false", "true", "false");
            assertThat(new LinkedHashSet<>(results("ids").column("agentcall_guid")))
                    .hasSize(2)
                    .contains("");
            assertThat(simulator.requests()).isEqualTo(before + 1);
            assertThat(bundle.successes("i-1")).hasSize(2);
            assertThat(bundle.errors("i-1")).hasSize(1);
        }

        @Test
        void workflowDataGoesToThePathForIt() throws IOException {
            bundle.callOnce(
                    file("datos.csv", lines(HEADER + ";workflow_data;data", row("ana", "0991") + ";{};2026-11-22")));

            List<ReceivedCall> calls = simulator.calls();
            ReceivedCall call = calls.get(calls.size() - 1);
            assertThat(call.path()).isEqualTo(Simulator.AGENT_CALL_WITH_DATA);
            assertThat(call.fields()).containsEntry("data", "{}");
            assertThat(bundle.successes("datos.csv"))
                    .singleElement()
                    .extracting(outcome -> outcome.path("extra").path("data").asText())
                    .isEqualTo("2026-11-22");
        }

        @ParameterizedTest
        @EnumSource(
                value = Fault.class,
                names = {"HTTP_404", "HTTP_429"})
        void oneRowThatIsNeverTakenIsRejectedAfterItsTriesAndHoldsUpNobody(Fault fault) throws IOException {
            String name = "solo-" + fault.code();
            int before = simulator.calls().size();
            // The last row's agent is the first's: so it is sent after the first has failed.
            String text = rows(
                    12, i -> row("agente" + i % 11, i == 0 ? fault.destination() : "0993" + fault.code() + (100 + i)));

            FileSummary summary = bundle.callOnce(file(name + ".csv", text));

            assertThat(summary.state()).isEqualTo(State.DONE);
            Map<Integer, String> outcomes = results(name).outcomes();
            assertThat(outcomes).hasSize(12).containsEntry(2, "rejected/http-" + fault.code());
            assertThat(outcomes.values().stream().filter("placed"::equals)).hasSize(11);
            List<String> called =
                    destinations(simulator).subList(before, simulator.calls().size());
            assertThat(called).filteredOn(fault.destination()::equals).hasSize(3);
            assertThat(called).hasSize(11 + 3);
            assertThat(bundle.errors(name + ".csv")).hasSize(1);
        }
    }

    @Nested
    class SeveralAtATime {

        @TempDir
        private Path folder;

        private FileSummary call(CallStub stub, String text, String... settings) throws Exception {
            try (RunningBundle bundle =
                    RunningBundle.start(Bundle.Extent.WITHOUT_SOURCES, folder.resolve("data"), stub.uri(), settings)) {
                return bundle.callOnce(Files.writeString(folder.resolve("file.csv"), text));
            }
        }

        @Test
        void asManyCallsAsAllowedAreInFlightAndNeverMore() throws Exception {
            try (CallStub stub = CallStub.start(null)) {
                stub.answer(stub.placedOnceInFlight(3, Duration.ofMillis(20)));

                FileSummary summary =
                        call(stub, rows(30, i -> row("agente" + i, "0991" + i)), "agentcall.concurrency", "3");

                assertThat(summary.count(OutcomeKind.PLACED)).isEqualTo(30);
                assertThat(stub.mostInFlight()).isEqualTo(3);
                assertThat(stub.placed()).hasSize(30).doesNotHaveDuplicates();
            }
        }

        @Test
        void aFileThatIsSortedByAgentGoesSeveralAgentsAtATimeAndNoAgentTwice() throws Exception {
            try (CallStub stub = CallStub.start(null)) {
                stub.answer(stub.placedOnceInFlight(8, Duration.ofMillis(20)));

                FileSummary summary =
                        call(stub, rows(100, i -> row("agente" + i / 10, "0991" + i)), "agentcall.concurrency", "8");

                assertThat(summary.count(OutcomeKind.PLACED)).isEqualTo(100);
                assertThat(stub.mostInFlight()).isEqualTo(8);
                assertThat(stub.agentsCalledTwiceAtOnce()).isEmpty();
                assertThat(stub.placed()).hasSize(100).doesNotHaveDuplicates();
                for (int agent = 0; agent < 10; agent++) {
                    String name = "agente" + agent;
                    assertThat(stub.calls().stream()
                                    .filter(call -> call.get("agent").equals(name)))
                            .extracting(call ->
                                    Integer.parseInt(call.get("destination").substring(4)))
                            .isSorted();
                }
            }
        }

        @Test
        void anAgentMayTakeSeveralCallsAtOnceIfTheSettingSaysSo() throws Exception {
            try (CallStub stub = CallStub.start(null)) {
                stub.answer(stub.placedOnceInFlight(2, Duration.ofMillis(20)));

                FileSummary summary =
                        call(stub, rows(10, i -> row("ana", "0991" + i)), "agentcall.agent.concurrency", "2");

                assertThat(summary.count(OutcomeKind.PLACED)).isEqualTo(10);
                assertThat(stub.mostInFlight()).isEqualTo(2);
            }
        }
    }

    @Nested
    class Interrupted {

        @TempDir
        private Path folder;

        private RunningBundle start(CallStub stub, String... settings) throws Exception {
            return RunningBundle.start(Bundle.Extent.WITHOUT_SOURCES, folder.resolve("data"), stub.uri(), settings);
        }

        @Test
        void anUnavailableUcontactEndsAOneShotRunAndTheSameFileGoesOnWithTheRest() throws Exception {
            Path file =
                    Files.writeString(folder.resolve("largo.csv"), rows(20, i -> row("agente" + i % 4, "0991" + i)));
            try (CallStub stub = CallStub.start(CallStub.placedFirst(7))) {
                try (RunningBundle bundle = start(stub)) {
                    FileSummary summary = bundle.callOnce(file);

                    assertThat(summary.state()).isEqualTo(State.INTERRUPTED);
                    assertThat(summary.decided()).isEqualTo(7);
                    assertThat(summary.rows()).isEqualTo(20);
                    assertThat(summary.detail()).contains("503");
                    assertThat(RunningBundle.names(bundle.outbox())).containsExactly("success.jsonl");
                    assertThat(bundle.successes()).hasSize(7);
                    assertThat(stub.placed()).hasSize(7);
                }

                stub.answer(call -> CallStub.Answer.placed());
                try (RunningBundle bundle = start(stub)) {
                    FileSummary summary = bundle.callOnce(file);

                    assertThat(summary.state()).isEqualTo(State.DONE);
                    assertThat(summary.calls()).isEqualTo(13);
                    assertThat(stub.placed())
                            .containsExactlyInAnyOrderElementsOf(IntStream.range(0, 20)
                                    .mapToObj(i -> "0991" + i)
                                    .toList());
                    ResultFiles results = ResultFiles.read(bundle.outbox(), "largo", ';');
                    assertThat(results.success()).hasSize(20);
                    assertThat(results.column("agentcall_replayed")).containsOnly("false");
                    assertThat(results.column("agentcall_guid")).doesNotHaveDuplicates();
                    assertThat(bundle.successes())
                            .hasSize(20)
                            .extracting(outcome -> outcome.path("guid").asText())
                            .containsExactlyInAnyOrderElementsOf(results.column("agentcall_guid"));
                    assertThat(file).exists();
                }
            }
        }

        @Test
        void aFileWhoseBlankLinesAreTakenOutMeanwhileGoesOnWithTheRightRows() throws Exception {
            try (CallStub stub = CallStub.start(CallStub.placedFirst(1));
                    RunningBundle bundle = start(stub, "agentcall.concurrency", "1")) {
                String[] rows = {row("ana", "0991"), row("bea", "0992"), row("cia", "0993")};
                Path file = Files.writeString(folder.resolve("b.csv"), lines(HEADER, "", rows[0], rows[1], rows[2]));
                assertThat(bundle.callOnce(file).decided()).isEqualTo(1);
                stub.answer(call -> CallStub.Answer.placed());

                Files.writeString(file, lines(HEADER, rows[0], rows[1], rows[2]));
                bundle.callOnce(file);

                assertThat(stub.placed()).containsExactlyInAnyOrder("0991", "0992", "0993");
            }
        }

        @Test
        void aRejectedRowIsNotCalledAgainWhenTheFileGoesOn() throws Exception {
            Path file = Files.writeString(folder.resolve("f.csv"), rows(6, i -> row("ana", "0991" + i)));
            List<CallStub.Answer> answers = List.of(
                    new CallStub.Answer(200, "0"), new CallStub.Answer(500, "broken"), CallStub.Answer.placed());
            try (CallStub stub = CallStub.start(null)) {
                stub.answer(call -> {
                    int number = stub.calls().size();
                    return number <= answers.size() ? answers.get(number - 1) : CallStub.Answer.unavailable();
                });
                try (RunningBundle bundle = start(stub)) {
                    assertThat(bundle.callOnce(file).state()).isEqualTo(State.INTERRUPTED);
                }
                int before = stub.calls().size();
                stub.answer(call -> CallStub.Answer.placed());
                try (RunningBundle bundle = start(stub)) {
                    assertThat(bundle.callOnce(file).state()).isEqualTo(State.DONE);
                    List<Map<String, String>> calls = stub.calls();
                    assertThat(calls.subList(before, calls.size()))
                            .extracting(call -> call.get("destination"))
                            .containsExactly("09913", "09914", "09915");
                    assertThat(ResultFiles.read(bundle.outbox(), "f", ';').outcomes())
                            .containsOnly(
                                    entry(2, "rejected/ucontact-0"),
                                    entry(3, "unknown/http-500"),
                                    entry(4, "placed"),
                                    entry(5, "placed"),
                                    entry(6, "placed"),
                                    entry(7, "placed"));
                }
            }
        }

        @Test
        void outsideOneShotModeAFileWaitsUntilUcontactAnswersAgain() throws Exception {
            try (CallStub stub = CallStub.start(CallStub.placedFirst(2));
                    RunningBundle bundle = start(stub)) {
                Path file =
                        Files.writeString(bundle.inbox().resolve("espera.csv"), rows(6, i -> row("ana", "0991" + i)));

                CompletableFuture<FileSummary> run = CompletableFuture.supplyAsync(() -> bundle.call(file));
                // More tries than a one-shot run would make.
                await().atMost(PATIENCE).until(() -> stub.calls().size() >= 2 + 5);
                assertThat(run).isNotDone();
                assertThat(file).exists();
                stub.answer(call -> CallStub.Answer.placed());

                FileSummary summary = run.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
                assertThat(summary.state()).isEqualTo(State.DONE);
                assertThat(summary.count(OutcomeKind.PLACED)).isEqualTo(6);
                assertThat(stub.placed()).hasSize(6).doesNotHaveDuplicates();
            }
        }

        @Test
        void whileUcontactIsUnavailableWaitingRequestsAreProbedInTurn() throws Exception {
            try (CallStub stub = CallStub.start(null);
                    RunningBundle bundle = start(stub, "agentcall.concurrency", "1", "agentcall.retry.attempts", "4")) {
                // The next probe after the last one is far away: the run ends before it, however long that takes.
                stub.answer(call -> stub.calls().size() < 4
                        ? CallStub.Answer.unavailable()
                        : CallStub.Answer.unavailable(Duration.ofMinutes(5)));
                Path file = Files.writeString(folder.resolve("p.csv"), rows(10, i -> row("agente" + i, "0991" + i)));

                FileSummary summary = bundle.callOnce(file);

                assertThat(summary.state()).isEqualTo(State.INTERRUPTED);
                assertThat(summary.decided()).isZero();
                assertThat(stub.mostInFlight()).isEqualTo(1);
                assertThat(stub.calls())
                        .hasSize(4)
                        .extracting(call -> call.get("destination"))
                        .doesNotHaveDuplicates();
            }
        }

        @ParameterizedTest
        @ValueSource(strings = {"ana", "agente-%d"})
        void oneRowThatIsNeverTakenHoldsUpNobodyEvenIfOnlyOneCallMayBeInFlight(String agents) throws Exception {
            try (CallStub stub = CallStub.start(call -> call.get("destination").equals("09910")
                            ? new CallStub.Answer(404, "not here")
                            : CallStub.Answer.placed());
                    RunningBundle bundle = start(stub, "agentcall.concurrency", "1")) {
                Path file =
                        Files.writeString(folder.resolve("f.csv"), rows(6, i -> row(agents.formatted(i), "0991" + i)));

                FileSummary summary = bundle.callOnce(file);

                assertThat(summary.state()).isEqualTo(State.DONE);
                assertThat(ResultFiles.read(bundle.outbox(), "f", ';').outcomes())
                        .hasSize(6)
                        .containsEntry(2, "rejected/http-404");
                assertThat(stub.placed()).hasSize(5);
                assertThat(stub.calls()).hasSize(5 + 3);
            }
        }

        @Test
        void oneRowThatIsNeverTakenIsRejectedEvenIfAllOthersWereInFlightWithIt() throws Exception {
            CountDownLatch allInFlight = new CountDownLatch(4);
            try (CallStub stub = CallStub.start(null);
                    RunningBundle bundle = start(stub, "agentcall.concurrency", "4")) {
                Gate gate = bundle.bundle().context().getRegistry().findSingleByType(Gate.class);
                stub.answer(call -> {
                    allInFlight.countDown();
                    allInFlight.await();
                    if (call.get("destination").equals("09913")) {
                        // Only once the others' answers are not just given, but known.
                        await().atMost(PATIENCE).until(() -> gate.inFlight() == 1);
                        return new CallStub.Answer(404, "not here");
                    }
                    return CallStub.Answer.placed();
                });
                Path file = Files.writeString(folder.resolve("f.csv"), rows(4, i -> row("agente" + i, "0991" + i)));

                FileSummary summary = bundle.callOnce(file);

                assertThat(summary.state()).isEqualTo(State.DONE);
                assertThat(ResultFiles.read(bundle.outbox(), "f", ';').outcomes())
                        .hasSize(4)
                        .containsEntry(5, "rejected/http-404");
                assertThat(stub.calls()).hasSize(3 + 3);
            }
        }

        @Test
        void rowsThatFailTogetherWaitEvenIfAnotherWasPlacedAtTheSameTime() throws Exception {
            CountDownLatch allInFlight = new CountDownLatch(3);
            AtomicBoolean outage = new AtomicBoolean(true);
            try (CallStub stub = CallStub.start(null);
                    RunningBundle bundle = start(stub, "agentcall.retry.delay", "1ms")) {
                Gate gate = bundle.bundle().context().getRegistry().findSingleByType(Gate.class);
                stub.answer(call -> {
                    if (allInFlight.getCount() == 0) {
                        // A probe is alone in flight once it is known of all three what became of them.
                        await().atMost(PATIENCE).until(() -> gate.inFlight() == 1);
                    }
                    allInFlight.countDown();
                    allInFlight.await();
                    return outage.get() && !call.get("destination").equals("09910")
                            ? CallStub.Answer.unavailable()
                            : CallStub.Answer.placed();
                });
                Path file =
                        Files.writeString(bundle.inbox().resolve("f.csv"), rows(3, i -> row("agente" + i, "0991" + i)));

                CompletableFuture<FileSummary> run = CompletableFuture.supplyAsync(() -> bundle.call(file));
                await().atMost(PATIENCE).until(() -> stub.calls().size() >= 1 + 2 * 5);
                outage.set(false);

                FileSummary summary = run.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
                assertThat(summary.count(OutcomeKind.PLACED)).isEqualTo(3);
            }
        }

        @ParameterizedTest
        @ValueSource(strings = {"BEFORE INSERT ON request WHEN NEW.source_row = 5", "BEFORE UPDATE ON file_run"})
        void aFileThatChangesAfterItsRunFailedIsNotCalledAnew(String broken) throws Exception {
            try (CallStub stub = CallStub.start(call -> CallStub.Answer.placed());
                    RunningBundle bundle = start(stub, "agentcall.concurrency", "1");
                    Connection ledger = DriverManager.getConnection(
                            "jdbc:sqlite:" + folder.resolve("data/ledger.db") + "?busy_timeout=30000");
                    Statement sql = ledger.createStatement()) {
                Path file = Files.writeString(bundle.inbox().resolve("f.csv"), rows(6, i -> row("ana", "0991" + i)));
                sql.execute("CREATE TRIGGER broken " + broken + " BEGIN SELECT RAISE(FAIL, 'broken'); END");
                assertThat(bundle.fail(file)).hasMessageContaining("broken");

                Files.writeString(file, row("ana", "09916") + "\n", StandardOpenOption.APPEND);
                assertThat(bundle.fail(file)).hasMessageContaining("broken");
                sql.execute("DROP TRIGGER broken");
                FileSummary summary = bundle.call(file);

                assertThat(summary.state()).isEqualTo(State.DONE);
                assertThat(stub.placed())
                        .containsExactlyInAnyOrder("09910", "09911", "09912", "09913", "09914", "09915");
                assertThat(ResultFiles.read(bundle.outbox(), "f", ';').outcomes())
                        .hasSize(6);
                assertThat(RunningBundle.names(bundle.failed())).contains("f.csv");
            }
        }

        @ParameterizedTest
        @ValueSource(booleans = {true, false})
        void aFileThatChangesBetweenTwoProcessesIsNotCalledAnew(boolean called) throws Exception {
            try (CallStub stub = CallStub.start(CallStub.placedFirst(called ? 3 : 0))) {
                whenKilledInWork(
                        stub, file -> Files.writeString(file, row("ana", "09916") + "\n", StandardOpenOption.APPEND));
                stub.answer(call -> CallStub.Answer.placed());

                try (RunningBundle bundle = start(stub)) {
                    Path file = bundle.inbox().resolve("f.csv");
                    assertThat(bundle.call(file).state()).isEqualTo(State.DONE);

                    assertThat(ResultFiles.read(bundle.outbox(), "f", ';').outcomes())
                            .hasSize(called ? 6 : 7);
                    assertThat(RunningBundle.names(bundle.failed())).hasSize(called ? 2 : 0);
                    assertThat(stub.placed()).hasSize(called ? 6 : 7).doesNotHaveDuplicates();
                    assertThat(RunningBundle.names(folder.resolve("data/work")))
                            .noneMatch(name -> name.contains("run-"));
                }
            }
        }

        @Test
        void aFileThatIsTakenOutBetweenTwoProcessesHasNothingToDoWithTheNextOfItsName() throws Exception {
            try (CallStub stub = CallStub.start(CallStub.placedFirst(3))) {
                whenKilledInWork(stub, Files::delete);
                stub.answer(call -> CallStub.Answer.placed());

                try (RunningBundle bundle = start(stub)) {
                    bundle.bundle().csvFiles().endMoved(); // as at a start with sources
                    Path file =
                            Files.writeString(bundle.inbox().resolve("f.csv"), rows(2, i -> row("eva", "0995" + i)));
                    assertThat(bundle.call(file).count(OutcomeKind.PLACED)).isEqualTo(2);

                    assertThat(stub.placed()).containsExactlyInAnyOrder("09910", "09911", "09912", "09950", "09951");
                }
            }
        }

        private interface Change {
            void make(Path file) throws IOException;
        }

        private void whenKilledInWork(CallStub stub, Change then) throws Exception {
            try (RunningBundle bundle = start(stub, "agentcall.concurrency", "1")) {
                Path file = Files.writeString(bundle.inbox().resolve("f.csv"), rows(6, i -> row("ana", "0991" + i)));
                CompletableFuture<FileSummary> run = CompletableFuture.supplyAsync(() -> bundle.call(file));
                await().atMost(PATIENCE).until(() -> stub.calls().size() > 4);
                bundle.bundle()
                        .context()
                        .getRegistry()
                        .findSingleByType(Stopping.class)
                        .stop();
                assertThat(run.get(PATIENCE.toSeconds(), TimeUnit.SECONDS).state())
                        .isEqualTo(State.INTERRUPTED);
                then.make(file);
            }
        }

        @Test
        void aRowThatFailsBeforeItsCallKeepsNobodyWaiting() throws Exception {
            String lookup = """
                  steps:
                    - throwException:
                        exceptionType: java.lang.IllegalStateException
                        message: no lookup
            """;
            try (CallStub stub = CallStub.start(call -> CallStub.Answer.placed());
                    RunningBundle bundle = RunningBundle.startEdited(
                            Bundle.Extent.WITHOUT_SOURCES,
                            folder.resolve("data"),
                            stub.uri(),
                            "      steps:\n",
                            lookup,
                            "agentcall.concurrency",
                            "1")) {
                Path file = Files.writeString(bundle.inbox().resolve("f.csv"), rows(2, i -> row("ana", "0991" + i)));
                assertThat(bundle.fail(file)).hasMessage("no lookup");

                assertThat(bundle.bundle()
                                .context()
                                .getRegistry()
                                .findSingleByType(Gate.class)
                                .inFlight())
                        .isZero();
            }
        }

        private void changedWhileInWork(String name, String now) throws Exception {
            String then = lines(HEADER, row("ana", "0991"), row("ana", "0992"));
            CountDownLatch changed = new CountDownLatch(1);
            try (CallStub stub = CallStub.start(call -> {
                        changed.await();
                        return CallStub.Answer.placed();
                    });
                    RunningBundle bundle = start(stub)) {
                Path file = Files.writeString(bundle.inbox().resolve(name + ".csv"), then);
                CompletableFuture<FileSummary> run = CompletableFuture.supplyAsync(() -> bundle.call(file));
                await().atMost(PATIENCE).until(() -> !stub.calls().isEmpty());
                if (now == null) {
                    Files.delete(file);
                } else if (now.startsWith(then)) {
                    Files.writeString(file, now.substring(then.length()), StandardOpenOption.APPEND);
                } else {
                    Files.move(
                            Files.writeString(folder.resolve("new"), now), file, StandardCopyOption.REPLACE_EXISTING);
                }
                changed.countDown();

                FileSummary summary = run.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);

                assertThat(summary.state()).isEqualTo(State.DONE);
                assertThat(summary.count(OutcomeKind.PLACED)).isEqualTo(2);
                assertThat(stub.placed()).containsExactly("0991", "0992");
                assertThat(ResultFiles.read(bundle.outbox(), name, ';').column("destination"))
                        .containsExactly("0991", "0992");
                assertThat(Files.readString(bundle.done().resolve(name + ".csv")))
                        .isEqualTo(then);
                assertThat(file).doesNotExist();
                if (now == null) {
                    assertThat(RunningBundle.names(bundle.failed())).isEmpty();
                } else {
                    assertThat(Files.readString(bundle.failed().resolve(name + ".csv")))
                            .isEqualTo(now);
                    assertThat(bundle.failed().resolve(name + ".error.txt"))
                            .content()
                            .contains("changed");
                }
            }
        }

        @Test
        void aFileThatGrowsWhileInWorkKeepsToWhatItBeganWith() throws Exception {
            changedWhileInWork("crece", lines(HEADER, row("ana", "0991"), row("ana", "0992"), row("ana", "0993")));
        }

        @Test
        void aFileThatIsReplacedWhileInWorkKeepsToWhatItBeganWith() throws Exception {
            changedWhileInWork("cambia", lines(HEADER, row("ana", "0994")));
        }

        @Test
        void aFileThatIsTakenAwayWhileInWorkKeepsToWhatItBeganWith() throws Exception {
            changedWhileInWork("falta", null);
        }

        /** A file in the inbox that has left its turn to another one, with so many of its two rows placed. */
        private void whenAFileHasGivenWay(int placed, GivenWay then) throws Exception {
            try (CallStub stub = CallStub.start(CallStub.placedFirst(placed));
                    RunningBundle bundle = start(stub, "agentcall.concurrency", "1", "agentcall.retry.attempts", "1")) {
                Path file = Files.writeString(bundle.inbox().resolve("a.csv"), rows(2, i -> row("ana", "0991" + i)));
                Path other = Files.writeString(bundle.inbox().resolve("b.csv"), rows(1, i -> row("eva", "0992")));
                FileSummary summary = bundle.call(file);
                assertThat(summary.state()).isEqualTo(State.INTERRUPTED);
                assertThat(summary.decided()).isEqualTo(placed);
                stub.answer(call -> CallStub.Answer.placed());

                then.go(bundle, stub, file, other);
            }
        }

        private interface GivenWay {
            void go(RunningBundle bundle, CallStub stub, Path file, Path other) throws Exception;
        }

        @Test
        void aFileThatIsChangedWhileOthersHaveTheirTurnKeepsToWhatItBeganWith() throws Exception {
            whenAFileHasGivenWay(1, (bundle, stub, file, other) -> {
                String changed = rows(2, i -> row("ana", "0999" + i));
                Files.writeString(file, changed);

                assertThat(bundle.call(file).state()).isEqualTo(State.DONE);

                assertThat(stub.placed()).containsExactly("09910", "09911");
                assertThat(bundle.failed().resolve("a.csv")).hasContent(changed.strip());
                assertThat(RunningBundle.names(bundle.done())).containsExactly("a.csv");
            });
        }

        @Test
        void aFileThatIsCorrectedBeforeAnyOfItsRowsHasAnOutcomeIsCalledAsItIsNow() throws Exception {
            whenAFileHasGivenWay(0, (bundle, stub, file, other) -> {
                Files.writeString(file, rows(2, i -> row("ana", "0999" + i)));

                assertThat(bundle.call(file).state()).isEqualTo(State.DONE);

                assertThat(stub.placed()).containsExactly("09990", "09991");
                assertThat(RunningBundle.names(bundle.failed())).isEmpty();
                assertThat(ResultFiles.read(bundle.outbox(), "a", ';').outcomes())
                        .containsOnly(entry(2, "placed"), entry(3, "placed"));
            });
        }

        @Test
        void aFileThatIsTakenOutWhileOthersHaveTheirTurnIsCalledNoMore() throws Exception {
            whenAFileHasGivenWay(1, (bundle, stub, file, other) -> {
                Path away = Files.move(file, folder.resolve("away"));
                awaitTakenOut(bundle);
                String another = rows(1, i -> row("ana", "0999"));
                Files.writeString(file, another);

                bundle.call(file);

                assertThat(stub.placed()).containsExactly("09910", "0999");
                assertThat(bundle.done().resolve("a.csv")).hasContent(another.strip());
                assertThat(bundle.outbox().resolve("a.success.csv")).content().contains("0999");
                bundle.call(Files.move(away, file));
                assertThat(stub.placed()).containsExactly("09910", "0999", "09911");
            });
        }

        /** As the route receive-taken-out does. */
        private void awaitTakenOut(RunningBundle bundle) {
            await().atMost(PATIENCE).until(() -> {
                bundle.bundle().csvFiles().endTakenOut();
                return numberOf("file_run WHERE finished_at IS NULL") == 0;
            });
        }

        private int numberOf(String rows) throws SQLException {
            try (Connection ledger = DriverManager.getConnection("jdbc:sqlite:" + folder.resolve("data/ledger.db"));
                    Statement sql = ledger.createStatement();
                    ResultSet number = sql.executeQuery("SELECT COUNT(*) FROM " + rows)) {
                return number.getInt(1);
            }
        }

        /** As editors save that move the old file away first. */
        @Test
        void aFileThatIsMissingForAMomentWhileItIsSavedKeepsToWhatItBeganWith() throws Exception {
            whenAFileHasGivenWay(1, (bundle, stub, file, other) -> {
                Path old = Files.move(file, folder.resolve("old"));
                bundle.bundle().csvFiles().endTakenOut();
                Files.writeString(file, Files.readString(old) + row("ana", "09912") + "\n");

                assertThat(bundle.call(file).state()).isEqualTo(State.DONE);

                assertThat(stub.placed()).containsExactly("09910", "09911");
            });
        }

        @Test
        void aRunThatIsAtItsEndIsNotTakenForOneWhoseFileWasTakenOut() throws Exception {
            try (CallStub stub = CallStub.start(call -> CallStub.Answer.placed());
                    RunningBundle bundle = start(stub)) {
                Path file = Files.writeString(bundle.inbox().resolve("f.csv"), rows(2, i -> row("ana", "0991" + i)));
                Files.delete(bundle.done());
                Files.writeString(bundle.done(), "no folder");
                bundle.fail(file);
                Files.delete(bundle.done());
                Files.createDirectories(bundle.done());

                bundle.bundle().csvFiles().endTakenOut();
                assertThat(bundle.call(file).state()).isEqualTo(State.DONE);
                assertThat(RunningBundle.names(bundle.done())).containsExactly("f.csv");
            }
        }
    }

    @Nested
    class BrokenChannels {

        @TempDir
        private Path folder;

        @Test
        void aChannelThatFailsStopsAndRepeatsNothing() throws Exception {
            Path regular = Files.writeString(folder.resolve("regular"), "");
            Path good = folder.resolve("good");
            try (Simulator simulator = Simulator.start(Simulator.Options.defaults());
                    RunningBundle bundle = RunningBundle.start(
                            Bundle.Extent.WITHOUT_SOURCES,
                            folder.resolve("data"),
                            simulator.uri(),
                            "agentcall.channel.success",
                            "file:" + regular + "?fileName=a.jsonl&fileExist=Append\n  file:" + good
                                    + "?fileName=b.jsonl&fileExist=Append&appendChars=%0A")) {
                Path file = Files.writeString(
                        bundle.inbox().resolve("f.csv"),
                        rows(10, i -> row(i == 0 ? "nobody" : "agente" + i, "0991" + i)));

                FileSummary summary = bundle.call(file);

                assertThat(summary.state()).isEqualTo(State.DONE);
                assertThat(summary.count(OutcomeKind.PLACED)).isEqualTo(9);
                assertThat(destinations(simulator)).hasSize(10).doesNotHaveDuplicates();
                assertThat(ResultFiles.read(bundle.outbox(), "f", ';').success())
                        .hasSize(9);
                assertThat(bundle.done().resolve("f.csv")).exists();
                assertThat(bundle.errors()).hasSize(1);
                assertThat(regular).isEmptyFile();
                assertThat(Files.readAllLines(good.resolve("b.jsonl")))
                        .as("the second endpoint of the channel")
                        .hasSize(9)
                        .doesNotHaveDuplicates();

                JsonNode outcome = bundle.place(Map.of(
                        "callerid",
                        "1",
                        "agent",
                        "a",
                        "phone",
                        "2",
                        "context",
                        "c",
                        "outqueue",
                        "q",
                        "destination",
                        "3"));
                assertThat(outcome.path("outcome").asText()).isEqualTo("placed");
                assertThat(simulator.requests()).isEqualTo(11);
            }
        }

        @Test
        void whatAChannelMissedIsDeliveredWhenItIsBack() throws Exception {
            Path regular = Files.writeString(folder.resolve("blocked"), "");
            try (Simulator simulator = Simulator.start(Simulator.Options.defaults());
                    RunningBundle bundle = RunningBundle.start(
                            Bundle.Extent.ALL,
                            folder.resolve("data2"),
                            simulator.uri(),
                            "agentcall.channel.success",
                            "jsonl:" + regular + "/a.jsonl")) {
                Path file = Files.writeString(
                        bundle.data().resolve("f.csv"),
                        rows(10, i -> row(i == 0 ? "nobody" : "agente" + i, "0991" + i)));
                bundle.callOnce(file);
                assertThat(bundle.errors()).as("the other channel").hasSize(1);

                Files.delete(regular);

                Path channel = regular.resolve("a.jsonl");
                await().atMost(PATIENCE)
                        .until(() -> Files.exists(channel)
                                && Files.readAllLines(channel).size() >= 9);
                assertThat(Files.readAllLines(channel)).hasSize(9).doesNotHaveDuplicates();
                await().atMost(PATIENCE)
                        .until(() -> bundle.bundle().ledger().missed(10).isEmpty());
                assertThat(bundle.errors()).hasSize(1);
                assertThat(simulator.requests()).isEqualTo(10);
            }
        }
    }

    @Nested
    class Inbox {

        @Test
        void filesAreDoneOneAfterTheOther(@TempDir Path data) throws Exception {
            try (CallStub stub = CallStub.start(CallStub.placedAfter(Duration.ofMillis(20)));
                    RunningBundle bundle = RunningBundle.start(Bundle.Extent.ALL, data, stub.uri())) {
                for (String file : List.of("a", "b")) {
                    drop(bundle, file + ".csv", rows(30, i -> row(file + i % 2, "0991" + i)));
                }
                await().atMost(PATIENCE)
                        .until(() -> RunningBundle.names(bundle.done()).equals(List.of("a.csv", "b.csv")));

                List<String> files = stub.calls().stream()
                        .map(call -> call.get("agent").substring(0, 1))
                        .toList();
                assertThat(files).hasSize(60);
                assertThat(files.subList(0, 30)).as("%s", files).containsOnly(files.get(0));
            }
        }

        @Test
        void aRowThatAloneIsNeverTakenDoesNotHoldUpTheNextFile(@TempDir Path data) throws Exception {
            CountDownLatch waits = new CountDownLatch(1 + 5);
            CountDownLatch dropped = new CountDownLatch(1);
            try (CallStub stub = CallStub.start(call -> {
                        waits.countDown();
                        if (waits.getCount() == 0) {
                            dropped.await(); // with each try more, the next one would be twice as far away
                        }
                        return call.get("destination").equals("09911")
                                ? new CallStub.Answer(404, "not here")
                                : CallStub.Answer.placed();
                    });
                    RunningBundle bundle =
                            RunningBundle.start(Bundle.Extent.ALL, data, stub.uri(), "agentcall.concurrency", "1")) {
                drop(bundle, "first.csv", rows(2, i -> row("ana", "0991" + i)));
                assertThat(waits.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();

                drop(bundle, "next.csv", rows(2, i -> row("ana", "0992" + i)));
                dropped.countDown();

                await().atMost(PATIENCE)
                        .until(() -> RunningBundle.names(bundle.done()).equals(List.of("first.csv", "next.csv")));
                assertThat(ResultFiles.read(bundle.outbox(), "first", ';').outcomes())
                        .containsOnly(entry(2, "placed"), entry(3, "rejected/http-404"));
                assertThat(ResultFiles.read(bundle.outbox(), "next", ';').outcomes())
                        .containsOnly(entry(2, "placed"), entry(3, "placed"));
                assertThat(stub.placed()).containsExactlyInAnyOrder("09910", "09920", "09921");
            }
        }

        @Test
        void inAnOutageFilesWhoseRowsHaveAllBeenTriedTakeTurns(@TempDir Path data) throws Exception {
            CountDownLatch dropped = new CountDownLatch(1);
            try (CallStub stub = CallStub.start(call -> {
                        dropped.await(); // with each try more, the next one would be twice as far away
                        return CallStub.Answer.unavailable();
                    });
                    RunningBundle bundle =
                            RunningBundle.start(Bundle.Extent.ALL, data, stub.uri(), "agentcall.retry.delay", "1ms")) {
                drop(bundle, "a.csv", rows(1, i -> row("ana", "0991")));
                drop(bundle, "b.csv", rows(1, i -> row("ana", "0992")));
                dropped.countDown();

                await().atMost(PATIENCE).until(() -> stub.calls().stream()
                        .map(call -> call.get("destination"))
                        .toList()
                        .containsAll(List.of("0991", "0992")));
                assertThat(RunningBundle.names(bundle.inbox())).containsExactly("a.csv", "b.csv");
                stub.answer(call -> CallStub.Answer.placed());

                await().atMost(PATIENCE)
                        .until(() -> RunningBundle.names(bundle.done()).equals(List.of("a.csv", "b.csv")));
                assertThat(stub.placed()).containsExactlyInAnyOrder("0991", "0992");
            }
        }

        /** What a process leaves that is killed between the results and the last mark. */
        private void asIfKilledWhileMoving(Path data) throws Exception {
            try (Connection ledger = DriverManager.getConnection("jdbc:sqlite:" + data.resolve("ledger.db"));
                    Statement sql = ledger.createStatement()) {
                assertThat(sql.executeUpdate("UPDATE file_run SET finished_at = NULL"))
                        .isEqualTo(1);
            }
        }

        private long run(Path data) throws Exception {
            try (Connection ledger = DriverManager.getConnection("jdbc:sqlite:" + data.resolve("ledger.db"));
                    Statement sql = ledger.createStatement();
                    ResultSet run = sql.executeQuery("SELECT id FROM file_run")) {
                return run.getLong(1);
            }
        }

        private List<String> unfinished(Path data) throws Exception {
            List<String> names = new ArrayList<>();
            try (Connection ledger = DriverManager.getConnection("jdbc:sqlite:" + data.resolve("ledger.db"));
                    Statement sql = ledger.createStatement();
                    ResultSet runs = sql.executeQuery("SELECT name FROM file_run WHERE finished_at IS NULL")) {
                while (runs.next()) {
                    names.add(runs.getString(1));
                }
            }
            return names;
        }

        @ParameterizedTest
        @ValueSource(booleans = {true, false})
        void aFileThatWasOnItsWayToDoneGetsThereAndItsRunEnds(boolean taken, @TempDir Path data) throws Exception {
            try (CallStub stub = CallStub.start(call -> CallStub.Answer.placed())) {
                String first = rows(1, i -> row("ana", "0991"));
                try (RunningBundle bundle = RunningBundle.start(Bundle.Extent.ALL, data, stub.uri())) {
                    drop(bundle, "calls.csv", first);
                    await().atMost(PATIENCE)
                            .until(() -> RunningBundle.names(bundle.done()).equals(List.of("calls.csv"))
                                    && unfinished(data).isEmpty());
                }
                asIfKilledWhileMoving(data);
                if (taken) {
                    long run = run(data);
                    Files.move(data.resolve("done/calls.csv"), data.resolve("inbox/.run-" + run + ".taken"));
                }
                for (String result : List.of("success", "error", "unknown")) {
                    Files.delete(data.resolve("outbox/calls." + result + ".csv")); // somebody has fetched them
                }

                try (RunningBundle bundle = RunningBundle.start(Bundle.Extent.ALL, data, stub.uri())) {
                    await().atMost(PATIENCE).until(() -> unfinished(data).isEmpty());
                    assertThat(bundle.done().resolve("calls.csv")).hasContent(first.strip());
                    assertThat(RunningBundle.names(bundle.inbox())).isEmpty();
                    drop(bundle, "calls.csv", rows(1, i -> row("ana", "0992")));

                    await().atMost(PATIENCE)
                            .until(() -> Files.exists(bundle.outbox().resolve("calls.success.csv")));
                    assertThat(stub.placed()).containsExactly("0991", "0992");
                }
            }
        }

        private void drop(RunningBundle bundle, String name, String content) throws IOException {
            Path part = Files.writeString(bundle.inbox().resolve("." + name), content);
            Files.setLastModifiedTime(part, FileTime.from(Instant.now().minusSeconds(60)));
            Files.move(part, bundle.inbox().resolve(name), StandardCopyOption.REPLACE_EXISTING);
        }

        @Test
        void completeCsvFilesAreTakenAndWhatIsNoneIsLeftAlone(@TempDir Path data) throws Exception {
            try (Simulator simulator = Simulator.start(Simulator.Options.defaults());
                    RunningBundle bundle = RunningBundle.start(Bundle.Extent.ALL, data, simulator.uri())) {
                List<String> ignored = List.of(".hidden.csv", "~$open.csv", "notes.txt", "calls.csv.part", "csv");
                for (String name : ignored) {
                    Files.writeString(bundle.inbox().resolve(name), lines(HEADER, row("ana", "0990")));
                }
                Files.createDirectory(bundle.inbox().resolve("folder.csv"));
                Files.writeString(bundle.inbox().resolve("MAYÚS 1.CSV"), lines(HEADER, row("ana", "0991")));
                Files.copy(Path.of("examples", "calls.csv"), bundle.inbox().resolve("calls.csv"));
                await().atMost(PATIENCE)
                        .until(() -> RunningBundle.names(bundle.done()).equals(List.of("MAYÚS 1.CSV", "calls.csv")));
                // A file of a later poll: whatever was there before it has been looked at.
                drop(bundle, "last.csv", "");
                await().atMost(PATIENCE).until(() -> !bundle.errors("last.csv").isEmpty());

                assertThat(RunningBundle.names(bundle.failed())).containsExactly("last.csv", "last.error.txt");
                assertThat(ResultFiles.read(bundle.outbox(), "MAYÚS 1", ';').outcomes())
                        .containsOnly(entry(2, "placed"));
                ResultFiles results = ResultFiles.read(bundle.outbox(), "calls", ';');
                assertThat(results.success()).hasSize(14);
                assertThat(results.error()).hasSize(5);
                assertThat(results.unknown()).hasSize(1);
                assertThat(RunningBundle.names(bundle.inbox()))
                        .containsAll(ignored)
                        .hasSize(ignored.size() + 1);
                assertThat(destinations(simulator)).hasSize(18).doesNotContain("0990");
                assertThat(bundle.successes()).hasSize(15);
                assertThat(bundle.errors()).hasSize(7);
            }
        }
    }
}
