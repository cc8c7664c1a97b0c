package dev.agentcall.call;

import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;

/**
 * One thing that is wrong with a request.
 *
 * @param reason one of the words for {@code invalid} in {@link Reason}
 * @param field the field it is about, null if it is about the whole
 * @param detail for people: which field, what was found, what was expected
 */
public record Fault(String reason, Field field, String detail) {

    private static final List<String> ORDER =
            List.of(Reason.MISSING_FIELD, Reason.BAD_NUMBER, Reason.BAD_TEXT, Reason.MALFORMED, Reason.ID_CONFLICT);

    /** The reason that stands for all of them: the first in the documented order. */
    static String reasonOf(List<Fault> faults) {
        return faults.stream()
                .map(Fault::reason)
                .min(Comparator.comparingInt(ORDER::indexOf))
                .orElseThrow();
    }

    static String detailOf(List<Fault> faults) {
        return faults.stream().map(Fault::detail).collect(Collectors.joining("; "));
    }
}
