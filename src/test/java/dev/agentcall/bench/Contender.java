package dev.agentcall.bench;

import de.siegmar.fastcsv.reader.CsvReader;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http2.HttpVersionPolicy;
import org.slf4j.LoggerFactory;

/**
 * One line of the comparison: a command on one kind of input.
 *
 * @param name for the report
 * @param command gives the command for one run, to which the name of the input is added
 * @param input what is measured
 * @param startUpInput the same kind of input with few rows, to tell the start-up from the work
 */
record Contender(String name, Supplier<List<String>> command, Path input, Path startUpInput) {

    /** {@link PlainClientMain} with these JVM options, separated by white space. */
    static List<String> plainClient(String javaOpts) {
        List<String> options = Arrays.stream(javaOpts.split("\\s+"))
                .filter(Predicate.not(String::isEmpty))
                .toList();
        return Jvm.command(
                options,
                PlainClientMain.class,
                PlainClientMain.class,
                HttpClients.class,
                HttpEntity.class,
                HttpVersionPolicy.class,
                CsvReader.class,
                LoggerFactory.class);
    }
}
