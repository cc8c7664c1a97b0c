package dev.agentcall.bench;

import de.siegmar.fastcsv.writer.CsvWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/**
 * Call lists as a CRM exports them: {@code ;} as delimiter, UTF-8, AgentCall's seven columns and three of the CRM's
 * own. The same number of rows always gives the same file.
 */
final class Inputs {

    private static final long SEED = 20_240_601;
    private static final int MIXED_AGENTS = 2_000;
    private static final int ROWS_PER_SORTED_AGENT = 100;
    private static final List<String> CAMPAIGNS = List.of("Ventas->", "Cobranzas", "Retención", "Encuesta 2024");
    private static final List<String> NAMES =
            List.of("María Pérez", "João Gonçalves", "Ana Núñez", "Juan O'Neill", "Sofía Agüero", "Luis Castro");
    private static final List<String> NOTES = List.of(
            "", "", "llamar de tarde", "pidió: \"después de las 18\"", "saldo 1.234,50; 3 cuotas", "cliente nuevo");

    private Inputs() {}

    /** Each row is for a random one of 2,000 agents. */
    static Path mixed(Path folder, int rows) throws IOException {
        return write(folder.resolve("mixed-" + rows + ".csv"), rows, (row, random) -> random.nextInt(MIXED_AGENTS));
    }

    /** Sorted by agent, 100 rows for each. */
    static Path sorted(Path folder, int rows) throws IOException {
        return write(folder.resolve("sorted-" + rows + ".csv"), rows, (row, random) -> row / ROWS_PER_SORTED_AGENT);
    }

    private static Path write(Path file, int rows, Agents agents) throws IOException {
        Random random = new Random(SEED);
        try (CsvWriter csv = CsvWriter.builder().fieldSeparator(';').build(file, StandardCharsets.UTF_8)) {
            csv.writeRecord(
                    "callerid",
                    "agent",
                    "phone",
                    "tech",
                    "context",
                    "outqueue",
                    "destination",
                    "crm_id",
                    "nombre",
                    "nota");
            for (int row = 0; row < rows; row++) {
                int agent = agents.agentOf(row, random);
                int campaign = random.nextInt(CAMPAIGNS.size());
                csv.writeRecord(
                        "5982900010" + campaign,
                        String.format(Locale.ROOT, "agente%05d", agent),
                        Integer.toString(10_000 + agent),
                        "SIP",
                        "agentes",
                        CAMPAIGNS.get(campaign),
                        String.format(Locale.ROOT, "59899%06d", random.nextInt(1_000_000)),
                        "C-" + (row + 1),
                        NAMES.get(random.nextInt(NAMES.size())),
                        NOTES.get(random.nextInt(NOTES.size())));
            }
        }
        return file;
    }

    private interface Agents {
        int agentOf(int row, Random random);
    }
}
