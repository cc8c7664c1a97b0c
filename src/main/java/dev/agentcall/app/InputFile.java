package dev.agentcall.app;

import java.nio.file.Files;
import java.nio.file.Path;

/** A file that the command line names. */
final class InputFile {

    private InputFile() {}

    /** Why it cannot be read, for people; null if it can. */
    static String fault(Path file) {
        if (!Files.isRegularFile(file)) {
            return "found no file to read at " + file + ", expected a CSV file";
        }
        return Files.isReadable(file)
                ? null
                : "found " + file + ", which user " + System.getProperty("user.name")
                        + " may not read, expected a CSV file that can be read";
    }
}
