package dev.agentcall.chaos;

import de.siegmar.fastcsv.writer.CsvWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;

/**
 * A CSV file of calls with an id and a destination of its own for each row.
 *
 * @param name without .csv
 * @param rows cells by column
 */
record InputFile(String name, List<Map<String, String>> rows) {

    /** What uContact, or the program, makes of a row. */
    enum Kind {
        /** A GUID. */
        GOOD("agent"),
        /** 0. */
        REFUSED("nobody"),
        /** 503 the first time, then a GUID. */
        BUSY("busy"),
        /** Never sent. */
        INVALID("agent");

        private final String agent;

        Kind(String agent) {
            this.agent = agent;
        }
    }

    /** Only rows that are placed if nothing goes wrong, with the ids {@code first} and so on. */
    static InputFile good(String name, int first, int rows) {
        return of(name, first, rows, row -> Kind.GOOD);
    }

    /** Mostly good rows, and some of each of the others. */
    static InputFile mixed(String name, int first, int rows, boolean busy, Random random) {
        return of(name, first, rows, row -> {
            int dice = random.nextInt(20);
            return dice == 0 ? Kind.REFUSED : dice == 1 ? Kind.INVALID : dice == 2 && busy ? Kind.BUSY : Kind.GOOD;
        });
    }

    interface Kinds {
        Kind of(int row);
    }

    static InputFile of(String name, int first, int rows, Kinds kinds) {
        List<Map<String, String>> all = new ArrayList<>();
        for (int i = first; i < first + rows; i++) {
            Kind kind = kinds.of(i - first);
            Map<String, String> row = new LinkedHashMap<>();
            row.put("request_id", "crm-" + i);
            row.put("callerid", "59824001000");
            row.put("agent", kind.agent + i % 50);
            row.put("phone", "1001");
            row.put("context", "agentes");
            row.put("outqueue", "Ventas->");
            row.put("destination", kind == Kind.INVALID ? "5,98E+10" : destination(i));
            row.put("note", "línea\n" + i);
            all.add(row);
        }
        return new InputFile(name, all);
    }

    private static String destination(int i) {
        return String.format(Locale.ROOT, "099%06d", i);
    }

    String fileName() {
        return name + ".csv";
    }

    /** A file that nobody has written to for a while. */
    Path write(Path folder) throws IOException {
        Path file = Files.createDirectories(folder).resolve(fileName());
        Path part = folder.resolve("." + fileName());
        try (CsvWriter csv = CsvWriter.builder().fieldSeparator(';').build(part)) {
            csv.writeRecord(rows.get(0).keySet());
            rows.forEach(row -> csv.writeRecord(row.values()));
        }
        Files.setLastModifiedTime(part, FileTime.from(Instant.now().minus(Duration.ofMinutes(1))));
        return Files.move(part, file);
    }
}
