package dev.agentcall.csv;

import dev.agentcall.call.CallRequest;
import dev.agentcall.call.Fault;
import dev.agentcall.call.Field;
import dev.agentcall.call.Incoming;
import dev.agentcall.call.Reason;
import dev.agentcall.call.Source;
import dev.agentcall.call.Text;
import dev.agentcall.call.Validation;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Which column holds what, found out from the header row. */
final class ColumnMap {

    private static final int SHOWN = 40;
    private static final String OWN_REQUEST_ID =
            ColumnNames.normalised(ColumnNames.OWN_PREFIX + ColumnNames.REQUEST_ID);

    private static final String OWN_SURPLUS = ColumnNames.normalised(CsvResults.SURPLUS);

    private final List<String> header;
    /** For each column, what it is. */
    private final List<Use> uses;
    /** For each column, its name among the extras; null for those that are none. */
    private final String[] extraNames;

    private final Map<Field, Integer> columns = new EnumMap<>(Field.class);
    private final Integer requestIdColumn;
    private final Integer ownRequestIdColumn;
    private final Integer surplusColumn;

    private enum Use {
        FIELD,
        REQUEST_ID,
        OWN,
        AMBIGUOUS,
        EXTRA
    }

    private ColumnMap(List<String> header, Map<String, Field> configured) throws CsvRefusedException {
        this.header = List.copyOf(header);
        this.uses = new ArrayList<>();
        List<Integer> requestIds = new ArrayList<>();
        Integer ownId = null;
        Integer ownSurplus = null;
        boolean ofResults = header.stream().map(ColumnNames::normalised).anyMatch(OWN_REQUEST_ID::equals);
        List<Integer> ambiguous = new ArrayList<>();
        for (int i = 0; i < header.size(); i++) {
            String name = ColumnNames.normalised(header.get(i));
            Field field = configured.containsKey(name) ? configured.get(name) : ColumnNames.fieldOf(name);
            Use use = Use.EXTRA;
            if (field != null) {
                use = Use.FIELD;
                put(field, i);
            } else if (header.get(i).strip().toLowerCase(Locale.ROOT).startsWith(ColumnNames.OWN_PREFIX)) {
                use = Use.OWN;
                if (name.equals(OWN_REQUEST_ID)) {
                    ownId = i;
                } else if (name.equals(OWN_SURPLUS)) {
                    ownSurplus = i;
                }
            } else if (ofResults && Finding.COLUMNS.contains(name)) {
                use = Use.OWN; // a finding is about the call before; in the next unknown.csv it would settle this one
            } else if (name.equals(ColumnNames.normalised(ColumnNames.REQUEST_ID))) {
                use = Use.REQUEST_ID;
                requestIds.add(i);
            } else if (ColumnNames.isAmbiguous(name)) {
                use = Use.AMBIGUOUS;
                ambiguous.add(i);
            }
            uses.add(use);
        }
        for (int i : ambiguous) {
            resolve(i);
        }
        if (requestIds.size() > 1) {
            throw twoColumns("the requestId", requestIds.get(0), requestIds.get(1));
        }
        requestIdColumn = requestIds.isEmpty() ? null : requestIds.get(0);
        ownRequestIdColumn = ownId;
        surplusColumn = ownSurplus;
        extraNames = extraNames();
    }

    /**
     * Reads the header row.
     *
     * @param configured normalised column name to field, before what is known anyway
     * @param defaulted fields that need no column
     * @throws CsvRefusedException if a column is missing, there twice, or could be two things
     */
    static ColumnMap of(List<String> header, Map<String, Field> configured, Map<Field, String> defaulted)
            throws CsvRefusedException {
        ColumnMap map = new ColumnMap(header, configured);
        List<Field> missing = Field.REQUIRED.stream()
                .filter(field -> !map.columns.containsKey(field) && !defaulted.containsKey(field))
                .toList();
        if (!missing.isEmpty()) {
            throw new CsvRefusedException("no column for " + names(missing) + "; found the columns " + map.shownHeader()
                    + "; expected "
                    + missing.stream()
                            .map(field -> String.join(" or ", ColumnNames.ALIASES.get(field)))
                            .collect(Collectors.joining(", "))
                    + "; or say which column it is in agentcall.csv.columns, or set a default in "
                    + missing.stream()
                            .map(field -> "agentcall.defaults." + field.key())
                            .collect(Collectors.joining(", ")));
        }
        return map;
    }

    private static String names(List<Field> fields) {
        return fields.stream().map(Field::key).collect(Collectors.joining(", "));
    }

    private void put(Field field, int column) throws CsvRefusedException {
        Integer before = columns.put(field, column);
        if (before != null) {
            throw twoColumns(field.key(), before, column);
        }
    }

    private CsvRefusedException twoColumns(String what, int first, int second) {
        return new CsvRefusedException("two columns for " + what + ": '" + Text.shown(header.get(first), SHOWN)
                + "' and '" + Text.shown(header.get(second), SHOWN) + "', expected one; rename or remove the other");
    }

    /** A teléfono is the agent's phone where another column is the destination. */
    private void resolve(int column) throws CsvRefusedException {
        String name = Text.shown(header.get(column), SHOWN);
        if (!columns.containsKey(Field.DESTINATION)) {
            throw new CsvRefusedException("the column '" + name
                    + "' could be the agent's phone or the number to call, and"
                    + " no other column is the destination; set agentcall.csv.columns=" + name + "=destination or "
                    + name + "=phone, or rename the column");
        }
        put(Field.PHONE, column);
        uses.set(column, Use.FIELD);
    }

    private String[] extraNames() {
        String[] names = new String[header.size()];
        Set<String> taken = header.stream().map(String::strip).collect(Collectors.toCollection(HashSet::new));
        Set<String> given = new HashSet<>();
        for (int i = 0; i < names.length; i++) {
            if (uses.get(i) == Use.EXTRA) {
                String own = header.get(i).isBlank()
                        ? "column_" + (i + 1)
                        : header.get(i).strip();
                String name = own;
                boolean itsOwn = !header.get(i).isBlank() && !given.contains(own);
                for (int times = 2; !itsOwn && taken.contains(name); times++) {
                    name = own + "_" + times;
                }
                taken.add(name);
                given.add(name);
                names[i] = name;
            }
        }
        return names;
    }

    private String shownHeader() {
        return header.stream()
                // where the header row is missing, these are the first call's values
                .map(name -> "'" + Text.numbersMasked(Text.shown(name, SHOWN)) + "'")
                .collect(Collectors.joining(", "));
    }

    /** Columns that go into result files: all but what earlier result files, and whoever settled their rows, added. */
    List<String> ownHeader() {
        return own(header);
    }

    /** The row's cells under {@link #ownHeader}; what is missing is empty. */
    List<String> own(List<String> cells) {
        List<String> own = new ArrayList<>(uses.size() + 7);
        for (int i = 0; i < uses.size(); i++) {
            if (uses.get(i) != Use.OWN) {
                own.add(i < cells.size() ? cells.get(i) : "");
            }
        }
        return own;
    }

    /** What the row has beyond the header's columns, or had in the file whose result this is; not what is blank. */
    List<String> surplus(List<String> cells) {
        if (surplusColumn == null && cells.size() <= header.size()) {
            return List.of();
        }
        Stream<String> beyond = cells.stream().skip(header.size());
        return Stream.concat(Stream.of(Formulas.unguarded(cell(cells, surplusColumn))), beyond)
                .filter(cell -> !Validation.isBlank(cell))
                .toList();
    }

    /** The mapping in one line, for logs. */
    String describe() {
        List<String> parts = new ArrayList<>();
        columns.forEach(
                (field, column) -> parts.add("'" + Text.shown(header.get(column), SHOWN) + "' = " + field.key()));
        if (requestIdColumn != null) {
            parts.add("'" + Text.shown(header.get(requestIdColumn), SHOWN) + "' = requestId");
        }
        List<String> extras = Arrays.stream(extraNames)
                .filter(java.util.Objects::nonNull)
                .map(name -> "'" + Text.shown(name, SHOWN) + "'")
                .toList();
        return String.join(", ", parts) + (extras.isEmpty() ? "" : "; kept as extra: " + String.join(", ", extras));
    }

    /** The agent's cell, null without one. */
    String agent(List<String> cells) {
        Integer column = columns.get(Field.AGENT);
        return column == null || column >= cells.size()
                ? null
                : cells.get(column).strip();
    }

    /**
     * The row as a request.
     *
     * @param derivedId the requestId of a row that does not bring one
     */
    Incoming read(CsvRows.Row row, String derivedId, String fileName) {
        List<String> cells = row.cells();
        EnumMap<Field, String> fields = new EnumMap<>(Field.class);
        columns.forEach((field, column) -> {
            if (column < cells.size() && !cells.get(column).isEmpty()) {
                fields.put(field, cells.get(column));
            }
        });
        Map<String, Object> extra = new LinkedHashMap<>();
        for (int i = 0; i < extraNames.length; i++) {
            boolean unnamedAndEmpty = header.get(i).isBlank()
                    && (i >= cells.size() || cells.get(i).isEmpty());
            if (extraNames[i] != null && !unnamedAndEmpty) {
                extra.put(extraNames[i], i < cells.size() ? cells.get(i) : "");
            }
        }
        String id = cell(cells, requestIdColumn);
        if (id.isEmpty()) {
            id = Formulas.unguarded(cell(cells, ownRequestIdColumn));
        }
        CallRequest request = new CallRequest(
                id.isEmpty() ? derivedId : id, fields, extra, new Source("csv", fileName, row.number()));
        List<String> surplus = surplus(cells);
        return new Incoming(
                request,
                surplus.isEmpty()
                        ? List.of()
                        : List.of(new Fault(
                                Reason.MALFORMED,
                                null,
                                "the row has cells beyond the " + header.size()
                                        + " columns of the header: "
                                        + surplus.stream()
                                                .map(cell -> "'" + Text.shown(cell, SHOWN) + "'")
                                                .collect(Collectors.joining(", ")))));
    }

    private static String cell(List<String> cells, Integer column) {
        return column == null || column >= cells.size() ? "" : cells.get(column).strip();
    }
}
