package dev.agentcall.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.agentcall.app.Program.Ended;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What an operator does about unknown requests: list them, write down what became of them, send some again. */
@Timeout(300)
class SettleTest {

    private static final JsonMapper JSON = new JsonMapper();
    private static final String HEADER = "request_id;callerid;agent;phone;context;outqueue;destination";

    @TempDir
    Path home;

    private CallStub stub;
    private Program program;

    /** Calls for agente0 to agente3: the first is placed, the others end with 500. */
    @BeforeEach
    void callFour() throws Exception {
        stub = CallStub.start(call ->
                call.get("agent").equals("agente0") ? CallStub.Answer.placed() : new CallStub.Answer(500, "oops"));
        program = Program.unpack(home, stub.uri());
        program.file(
                "f.csv",
                IntStream.range(0, 4)
                        .mapToObj(i -> "crm-" + i + ";1;agente" + i + ";1001;agentes;Ventas->;09912345" + i)
                        .collect(Collectors.joining("\n", HEADER + "\n", "\n")));
        assertThat(program.run("f.csv").code()).isEqualTo(1);
    }

    @AfterEach
    void stop() {
        stub.close();
    }

    @Test
    void unknownRequestsAreListedAsATableAndAsJson() throws Exception {
        program.environment("AGENTCALL_UCONTACT_TOKEN", ""); // not needed for that

        Ended table = program.run("--ledger", "--outcome", "unknown", "--since", "2h");

        assertThat(table.code()).as(table.err()).isZero();
        assertThat(table.out())
                .contains("crm-1", "crm-2", "crm-3", "http-500", "agente1", "f.csv row 3")
                .doesNotContain("crm-0")
                .as("numbers are masked")
                .doesNotContain("099123451")
                .contains("******451");

        assertThat(table.out()).doesNotContain("not sent again");

        Ended json = program.run("--ledger", "--json", "--limit", "4");
        assertThat(json.out().lines().map(SettleTest::parsed)).hasSize(4).anySatisfy(entry -> {
            assertThat(entry.path("requestId").asText()).isEqualTo("crm-0");
            assertThat(entry.path("outcome").asText()).isEqualTo("placed");
            assertThat(entry.path("request").path("destination").asText()).isEqualTo("099123450");
        });
    }

    @Test
    void whatWasNotPlacedIsSentAgainAndWhatWasIsNot() throws Exception {
        Ended settled = program.run("--settle", "crm-1", "not-placed", "--note", "phone was off");
        assertThat(settled.code()).as(settled.all()).isZero();
        program.file(
                "known.csv",
                "agentcall_request_id,settled,settled_guid\n"
                        + "crm-2,Placed,8cf8570e-60e7-44ed-b799-3baab211b04d\ncrm-3,,\n");
        Ended many = program.run("--settle", "--from", "known.csv");
        assertThat(many.code()).as(many.all()).isZero();
        assertThat(many.out()).contains("1 of 1 settled");

        Ended again = program.run("f.csv");

        assertThat(again.code()).as(again.all()).isEqualTo(1);
        assertThat(stub.calls().stream().collect(Collectors.groupingBy(c -> c.get("agent"), Collectors.counting())))
                .isEqualTo(Map.of("agente0", 1L, "agente1", 2L, "agente2", 1L, "agente3", 1L));
        Ended listed = program.run("--ledger", "--json");
        assertThat(listed.out().lines().map(SettleTest::parsed)).anySatisfy(entry -> {
            assertThat(entry.path("requestId").asText()).isEqualTo("crm-1");
            assertThat(entry.path("settled").path("as").asText()).isEqualTo("not-placed");
            assertThat(entry.path("settled").path("note").asText()).isEqualTo("phone was off");
            assertThat(entry.path("settled").path("by").asText()).isNotBlank();
        });
        assertThat(program.run("--ledger").out().lines().filter(line -> line.contains("(not sent again)")))
                .as("repetitions look different from what they repeat")
                .hasSize(3);
        assertThat(listed.out().lines().map(SettleTest::parsed))
                .as("the repeated crm-2 counts as placed")
                .anySatisfy(entry -> {
                    assertThat(entry.path("requestId").asText()).isEqualTo("crm-2");
                    assertThat(entry.path("outcome").asText()).isEqualTo("placed");
                    assertThat(entry.path("replayed").asBoolean()).isTrue();
                    assertThat(entry.path("guid").asText()).isEqualTo("8cf8570e-60e7-44ed-b799-3baab211b04d");
                });
    }

    @Test
    void aCallThatWasFoundToBePlacedIsASuccessAlsoWithoutItsGuid() throws Exception {
        assertThat(program.run("--settle", "crm-1", "placed").code()).isZero();

        assertThat(program.run("f.csv").code()).isEqualTo(1);

        assertThat(stub.calls()).hasSize(4);
        assertThat(Files.readAllLines(program.outbox().resolve("success.jsonl")).stream()
                        .map(SettleTest::parsed))
                .filteredOn(outcome -> outcome.path("requestId").asText().equals("crm-1"))
                .singleElement()
                .satisfies(outcome -> {
                    assertThat(outcome.path("outcome").asText()).isEqualTo("placed");
                    assertThat(outcome.path("guid").isNull()).isTrue();
                });
        assertThat(Files.readString(program.outbox().resolve("error.jsonl")).split("crm-1"))
                .as("told once, when it was unknown")
                .hasSize(2);
    }

    @Test
    void aFindingIsNotCarriedIntoTheNextUnknownFile() throws Exception {
        List<String> unknown = Files.readAllLines(program.outbox().resolve("f.unknown.csv"));
        program.file("found.csv", unknown.get(0) + ";settled\n" + unknown.get(1) + ";not-placed\n");
        assertThat(program.run("--settle", "--from", "found.csv").code()).isZero();

        Ended again = program.run("found.csv"); // it is called again, and ends with 500 again

        assertThat(again.out()).contains("1 calls", "unknown           1");
        Ended next = program.run(
                "--settle",
                "--from",
                program.outbox().resolve("found.unknown.csv").toString());
        assertThat(next.code()).as("nobody has looked yet").isEqualTo(2);
        assertThat(next.err()).contains("no column 'settled'");
    }

    @Test
    void aFindingAboutAnEarlierCallIsNotTakenForOneAboutTheNext() throws Exception {
        Path found = program.file("found.csv", "agentcall_request_id,settled\ncrm-1,not-placed\n");
        assertThat(program.run("--settle", "--from", "found.csv").code()).isZero();
        assertThat(program.run("f.csv").out()).contains("1 calls"); // crm-1, which ends with 500 again
        Files.setLastModifiedTime(found, FileTime.from(Instant.now().minusSeconds(60)));

        Ended old = program.run("--settle", "--from", "found.csv");
        assertThat(old.code()).isEqualTo(1);
        assertThat(old.err()).contains("crm-1 is not settled", "before the latest call");

        Files.setLastModifiedTime(found, FileTime.from(Instant.now()));
        assertThat(program.run("--settle", "--from", "found.csv").code()).isZero();
    }

    @Test
    void whatCannotBeSettledIsToldWithTheReason() throws Exception {
        Ended placed = program.run("--settle", "crm-0", "not-placed");
        assertThat(placed.code()).isEqualTo(1);
        assertThat(placed.err()).contains("crm-0", "placed, not unknown");

        Ended nobody = program.run("--settle", "nobody", "placed");
        assertThat(nobody.code()).isEqualTo(1);
        assertThat(nobody.err()).contains("nobody", "no request");

        Ended finding = program.run("--settle", "crm-1", "maybe");
        assertThat(finding.code()).isEqualTo(2);
        assertThat(finding.err()).contains("'maybe'", "placed or not-placed");

        program.file("bad.csv", "agentcall_request_id,settled\ncrm-1,placed\ncrm-2,yes\n");
        Ended bad = program.run("--settle", "--from", "bad.csv");
        assertThat(bad.code()).isEqualTo(2);
        assertThat(bad.err()).contains("row 3", "'yes'");

        program.file("good.csv", "agentcall_request_id,settled\ncrm-1,placed\n");
        Ended note = program.run("--settle", "--from", "good.csv", "--note", "by phone");
        assertThat(note.code()).isEqualTo(2);
        assertThat(note.err()).contains("--note", "settled_note");

        Ended none = program.run("--settle", "--from", "none.csv");
        assertThat(none.code()).isEqualTo(2);
        assertThat(none.err()).contains("--from: found no file to read at", "none.csv", "expected a CSV file");

        program.file("other.csv", "a,b\n1,2\n");
        Ended other = program.run("--settle", "--from", "other.csv");
        assertThat(other.code()).isEqualTo(2);
        assertThat(other.err()).contains("other.csv", "agentcall_request_id");

        assertThat(program.run("--ledger", "--outcome", "unknown").out())
                .as("nothing was settled on the way")
                .contains("crm-1", "crm-2", "crm-3");
    }

    private static JsonNode parsed(String line) {
        try {
            return JSON.readTree(line);
        } catch (IOException e) {
            throw new UncheckedIOException(line, e);
        }
    }
}
