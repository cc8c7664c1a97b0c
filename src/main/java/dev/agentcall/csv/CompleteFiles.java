package dev.agentcall.csv;

import java.io.File;
import java.util.HashMap;
import java.util.Map;
import org.apache.camel.component.file.GenericFile;
import org.apache.camel.component.file.GenericFileFilter;

/**
 * Passes over a file that is not as it was when the inbox was last looked at. The age that Camel asks for besides is told by
 * the clock of whoever writes the file, or copied from another file: it may look old while it is being written.
 */
public final class CompleteFiles implements GenericFileFilter<File> {

    private record Look(long length, long modified) {}

    private static final int MANY = 1_000;

    private final Map<String, Look> last = new HashMap<>();
    /** From so many on it is worth while to look which are gone. */
    private int many = MANY;

    @Override
    public synchronized boolean accept(GenericFile<File> file) {
        if (file.isDirectory()) {
            return true;
        }
        if (last.size() > many) {
            last.keySet().removeIf(known -> !new File(known).exists());
            many = MANY + 2 * last.size();
        }
        Look now = new Look(file.getFileLength(), file.getLastModified());
        return now.equals(last.put(file.getAbsoluteFilePath(), now));
    }
}
