package dev.agentcall.csv;

import dev.agentcall.call.Field;
import java.text.Normalizer;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** The names by which columns are known. The README lists the same. */
public final class ColumnNames {

    /** Names of each field, the field's own first, as people write them. */
    public static final Map<Field, List<String>> ALIASES = Map.of(
            Field.CALLERID, List.of("callerid", "did"),
            Field.AGENT, List.of("agent", "agente"),
            Field.PHONE, List.of("phone", "extensión", "anexo", "interno", "ramal"),
            Field.TECH, List.of("tech", "tecnología"),
            Field.CONTEXT, List.of("context", "contexto"),
            Field.OUTQUEUE, List.of("outqueue", "campaña", "campanha", "cola"),
            Field.DESTINATION, List.of("destination", "destino", "número destino", "número de destino"),
            Field.DATA, List.of("workflow_data"));

    /** The agent's phone where another column is the destination; alone it could be either. */
    public static final List<String> AMBIGUOUS = List.of("teléfono", "telefone");

    static final String REQUEST_ID = "request_id";
    /** Columns that result files add. */
    static final String OWN_PREFIX = "agentcall_";

    private static final Map<String, Field> BY_NAME = ALIASES.entrySet().stream()
            .flatMap(field -> field.getValue().stream().map(name -> Map.entry(normalised(name), field.getKey())))
            .collect(Collectors.toUnmodifiableMap(Map.Entry::getKey, Map.Entry::getValue));

    private static final Set<String> AMBIGUOUS_NAMES =
            AMBIGUOUS.stream().map(ColumnNames::normalised).collect(Collectors.toUnmodifiableSet());

    private ColumnNames() {}

    /** Letters and digits only, without accents, in lower case: {@code Número_Destino} is {@code numerodestino}. */
    public static String normalised(String name) {
        return Normalizer.normalize(name, Normalizer.Form.NFKD)
                .toLowerCase(Locale.ROOT)
                .replaceAll("[^\\p{L}\\p{N}]+", "");
    }

    /** The field that a normalised name stands for, or null. */
    static Field fieldOf(String normalised) {
        return BY_NAME.get(normalised);
    }

    static boolean isAmbiguous(String normalised) {
        return AMBIGUOUS_NAMES.contains(normalised);
    }
}
