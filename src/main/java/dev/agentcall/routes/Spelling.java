package dev.agentcall.routes;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** Which word was probably meant. */
public final class Spelling {

    private Spelling() {}

    /** What stands behind "expected": the word that is nearly the same, or all of them, in order. */
    public static String expected(String found, Collection<String> words) {
        return closest(found, words)
                .orElseGet(() -> (words.size() == 1 ? "" : "one of ")
                        + words.stream().sorted().collect(Collectors.joining(", ")));
    }

    /** The word that differs least, if it differs by little. */
    public static Optional<String> closest(String found, Collection<String> words) {
        int atMost = Math.max(1, Math.min(3, found.length() / 3));
        return words.stream()
                .filter(word -> distance(found, word) <= atMost)
                .min(Comparator.<String>comparingInt(word -> distance(found, word))
                        .thenComparing(Comparator.naturalOrder()));
    }

    /** Letters to add, take away or change; case does not count. */
    private static int distance(String one, String other) {
        String a = one.toLowerCase(Locale.ROOT);
        String b = other.toLowerCase(Locale.ROOT);
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int above = row[j];
                int changed = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                row[j] = Math.min(changed, Math.min(above, row[j - 1]) + 1);
                diagonal = above;
            }
        }
        return row[b.length()];
    }
}
