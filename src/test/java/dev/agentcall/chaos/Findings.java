package dev.agentcall.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.NamedCsvRecord;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * What a user sees when a file is done, held against what the simulator saw.
 *
 * @param told outcomes in the JSON lines of both channels
 * @param untold outcomes in the results that are not
 * @param kills of the program by SIGKILL
 * @param simulatorKills of uContact
 */
record Findings(
        int rows,
        int calls,
        int placed,
        int rejected,
        int invalid,
        int unknown,
        int twice,
        int told,
        int untold,
        int kills,
        int simulatorKills) {

    private static final JsonMapper MAPPER = new JsonMapper();

    /** How many calls may have ended without a trustworthy answer, by the reason that they must have then. */
    record Doubts(int crash, int connectionLost) {
        static final Doubts NONE = new Doubts(0, 0);
    }

    /** Checks the one set of results of each file, whose rows have ids of their own. */
    static Findings of(PackagedProgram program, SimulatorProcess simulator, List<InputFile> files, Doubts doubts)
            throws IOException {
        return of(program, simulator, files, doubts, false);
    }

    /** @param again a file may have been done more than once, and have more sets of results with a timestamp each */
    static Findings of(
            PackagedProgram program, SimulatorProcess simulator, List<InputFile> files, Doubts doubts, boolean again)
            throws IOException {
        SimulatorProcess.Record record = simulator.record();
        assertNobodyIsCalledTwice(record);
        Map<String, JsonNode> told = told(program.outbox());
        int lines = told.remove("lines").asInt();
        List<String> names = new ArrayList<>(List.of("success.jsonl", "error.jsonl"));
        Map<String, Integer> outcomes = new HashMap<>();
        Map<String, Integer> reasons = new HashMap<>();
        int rows = 0;
        int untold = 0;
        for (InputFile file : files) {
            names.addAll(resultNames(file.name()));
            for (Map<String, String> row : results(program.outbox(), file, file.name())) {
                assertFits(row, record);
                rows++;
                outcomes.merge(row.get("agentcall_outcome"), 1, Integer::sum);
                reasons.merge(row.get("agentcall_reason"), 1, Integer::sum);
                untold += isTold(row, told) ? 0 : 1;
            }
        }
        assertThat(names(program.outbox()).stream()
                        .filter(name -> !again || !name.matches(".*\\.\\d{8}T\\d{6}Z\\..*csv"))
                        .toList())
                .as("one set of results for each file, and no parts")
                .isSubsetOf(names);
        int unknown = outcomes.getOrDefault("unknown", 0);
        int crash = reasons.getOrDefault("crash", 0);
        int lost = reasons.getOrDefault("connection-lost", 0);
        assertThat(crash).as("unknown/crash").isLessThanOrEqualTo(doubts.crash);
        assertThat(lost).as("unknown/connection-lost").isLessThanOrEqualTo(doubts.connectionLost);
        assertThat(unknown).as("unknown for another reason: %s", reasons).isEqualTo(crash + lost);
        assertThat(untold).as("outcomes that no channel got").isZero();
        return new Findings(
                rows,
                record.received().size(),
                outcomes.getOrDefault("placed", 0),
                outcomes.getOrDefault("rejected", 0),
                outcomes.getOrDefault("invalid", 0),
                unknown,
                (int) record.taken().values().stream()
                        .filter(times -> times > 1)
                        .count(),
                lines,
                untold,
                0,
                0);
    }

    static void assertNobodyIsCalledTwice(SimulatorProcess.Record record) {
        Map<String, Integer> twice = new TreeMap<>(record.taken());
        twice.values().removeIf(times -> times <= 1);
        assertThat(twice).as("calls that uContact took more than once").isEmpty();
    }

    /** The rows of a file out of its three results. Fails unless each is there once, as it was, in the file's order. */
    static List<Map<String, String>> results(Path outbox, InputFile file, String resultName) throws IOException {
        Map<Integer, Map<String, String>> byNumber = new TreeMap<>();
        for (String name : resultNames(resultName)) {
            String outcomes = name.substring(resultName.length() + 1).replace(".csv", "");
            List<Integer> numbers = new ArrayList<>();
            for (Map<String, String> row : read(outbox.resolve(name))) {
                int number = Integer.parseInt(row.get("agentcall_row"));
                numbers.add(number);
                assertThat(byNumber.put(number, row))
                        .as("row %s of %s is there once", number, name)
                        .isNull();
                assertThat(row.get("agentcall_outcome"))
                        .as("row %s of %s", number, name)
                        .isIn(
                                switch (outcomes) {
                                    case "success" -> List.of("placed");
                                    case "error" -> List.of("rejected", "invalid");
                                    default -> List.of("unknown");
                                });
            }
            assertThat(numbers).as("rows of %s in the file's order", name).isSorted();
        }
        List<Map<String, String>> rows = List.copyOf(byNumber.values());
        assertThat(rows).as("rows of the results of %s", file.name()).hasSameSizeAs(file.rows());
        for (int i = 0; i < rows.size(); i++) {
            assertThat(rows.get(i)).containsAllEntriesOf(file.rows().get(i));
            assertThat(rows.get(i)).containsEntry("agentcall_row", String.valueOf(i + 2));
        }
        return rows;
    }

    static List<String> resultNames(String resultName) {
        return List.of(resultName + ".success.csv", resultName + ".error.csv", resultName + ".unknown.csv");
    }

    private static List<Map<String, String>> read(Path file) throws IOException {
        assertThat(file).isRegularFile();
        List<Map<String, String>> rows = new ArrayList<>();
        try (CsvReader<NamedCsvRecord> records =
                CsvReader.builder().fieldSeparator(';').ofNamedCsvRecord(file)) {
            records.forEach(record -> rows.add(record.getFieldsAsMap()));
        }
        return rows;
    }

    private static void assertFits(Map<String, String> row, SimulatorProcess.Record record) {
        String destination = row.get("destination");
        boolean called = record.taken().getOrDefault(destination, 0) > 0;
        String outcome = row.get("agentcall_outcome");
        if (outcome.equals("placed")) {
            assertThat(record.guids().get(row.get("agentcall_guid")))
                    .as("whom uContact called under the GUID of %s", row)
                    .isEqualTo(destination);
        } else {
            assertThat(row.get("agentcall_guid")).isEmpty();
        }
        if (called) {
            assertThat(outcome).as("outcome of %s, which was called", row).isIn("placed", "unknown", "rejected");
        } else {
            assertThat(outcome).as("outcome of %s, which was not called", row).isIn("invalid", "unknown");
        }
    }

    /** The outcomes in the channels' files by id and kind, and under "lines" how many lines there are. */
    private static Map<String, JsonNode> told(Path outbox) throws IOException {
        Map<String, JsonNode> told = new HashMap<>();
        int lines = 0;
        for (String channel : List.of("success.jsonl", "error.jsonl")) {
            if (Files.exists(outbox.resolve(channel))) {
                for (String line : Files.readAllLines(outbox.resolve(channel))) {
                    if (!line.endsWith("}")) {
                        continue; // a full disk has cut it: it comes again, or is found among the untold
                    }
                    JsonNode outcome = MAPPER.readTree(line);
                    told.put(
                            key(
                                    outcome.get("requestId").asText(),
                                    outcome.get("outcome").asText()),
                            outcome);
                    assertThat(outcome.get("outcome").asText().equals("placed"))
                            .as("placed in %s: %s", channel, line)
                            .isEqualTo(channel.startsWith("success"));
                    lines++;
                }
            }
        }
        told.put("lines", MAPPER.getNodeFactory().numberNode(lines));
        return told;
    }

    private static boolean isTold(Map<String, String> row, Map<String, JsonNode> told) {
        JsonNode outcome = told.get(key(row.get("request_id"), row.get("agentcall_outcome")));
        return outcome != null && outcome.get("guid").asText("").equals(row.get("agentcall_guid"));
    }

    private static String key(String requestId, String outcome) {
        return requestId + " " + outcome;
    }

    static List<String> names(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    static Findings sum(List<Findings> all) {
        return all.stream()
                .reduce(
                        new Findings(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
                        (a, b) -> new Findings(
                                a.rows + b.rows,
                                a.calls + b.calls,
                                a.placed + b.placed,
                                a.rejected + b.rejected,
                                a.invalid + b.invalid,
                                a.unknown + b.unknown,
                                a.twice + b.twice,
                                a.told + b.told,
                                a.untold + b.untold,
                                a.kills + b.kills,
                                a.simulatorKills + b.simulatorKills));
    }

    static String header() {
        return String.format(
                Locale.ROOT,
                "%-34s %5s %5s %8s %5s %6s %8s %7s %7s %5s %6s %6s",
                "round",
                "rows",
                "kills",
                "simkills",
                "calls",
                "placed",
                "rejected",
                "invalid",
                "unknown",
                "twice",
                "told",
                "untold");
    }

    /** The same with how often the program and uContact were killed. */
    Findings afterKills(int ofProgram, int ofSimulator) {
        return new Findings(
                rows, calls, placed, rejected, invalid, unknown, twice, told, untold, ofProgram, ofSimulator);
    }

    String line(String round) {
        return String.format(
                Locale.ROOT,
                "%-34s %5d %5d %8d %5d %6d %8d %7d %7d %5d %6d %6d",
                round,
                rows,
                kills,
                simulatorKills,
                calls,
                placed,
                rejected,
                invalid,
                unknown,
                twice,
                told,
                untold);
    }
}
