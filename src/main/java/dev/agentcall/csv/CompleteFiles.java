package dev.agentcall.csv;

import dev.agentcall.call.Text;
import java.io.File;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.apache.camel.component.file.GenericFile;
import org.apache.camel.component.file.GenericFileFilter;
import org.slf4j.LoggerFactory;

/**
 * Passes over a file that is not as it was when the inbox was last looked at. The age that Camel asks for besides is told by
 * the clock of whoever writes the file, or copied from another file: it may look old while it is being written. Passes over
 * a CSV file as well whose name is such that it cannot be read, and tells so once.
 */
public final class CompleteFiles implements GenericFileFilter<File> {

    private record Look(long length, long modified) {}

    private static final int MANY = 1_000;
    /** Of the bytes that a name may have. */
    private static final int SHOWN = 255;
    /** The names that the inbox takes, and those of them with a line break in them, which Camel's own pattern passes over. */
    private static final Pattern CSV = Pattern.compile("[^.~].*[.]csv", Pattern.CASE_INSENSITIVE | Pattern.DOTALL);

    private static final Pattern LINE_BREAK = Pattern.compile("[\\n\\r\\x{85}\\u2028\\u2029]");

    private final Consumer<String> warning;
    private final Set<String> told = new HashSet<>();
    private final Map<String, Look> last = new HashMap<>();
    /** From so many on it is worth while to look which are gone. */
    private int many = MANY;

    public CompleteFiles() {
        this(LoggerFactory.getLogger(CompleteFiles.class)::warn);
    }

    CompleteFiles(Consumer<String> warning) {
        this.warning = warning;
    }

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
        if (!now.equals(last.put(file.getAbsoluteFilePath(), now))) {
            return false;
        }
        String name = file.getFileNameOnly();
        String wrong = CSV.matcher(name).matches() ? wrong(name, file.getAbsoluteFilePath()) : null;
        if (wrong != null && told.add(name)) {
            warning.accept("'" + Text.shown(name, SHOWN) + "' cannot be taken and stays where it is: its name has "
                    + wrong + "; rename it");
        }
        return wrong == null;
    }

    /** What is wrong with a name, or null. Another process may have taken the file: that it is not there says nothing. */
    private static String wrong(String name, String path) {
        if (LINE_BREAK.matcher(name).find()) {
            return "a line break in it";
        }
        if (name.indexOf('\\') >= 0 && !new File(path).exists()) {
            return "a backslash in it, which Camel takes for the end of a folder's name";
        }
        if (name.indexOf('\uFFFD') >= 0 && !new File(path).exists()) {
            return "bytes in it that are not " + System.getProperty("sun.jnu.encoding")
                    + ", as which names are read here";
        }
        return null;
    }
}
