package dev.agentcall.cases;

import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import javax.xml.stream.XMLOutputFactory;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamWriter;

/** What cases came to, as the XML file that CI servers read from JUnit. */
public final class JUnitReport {

    private static final String SUITE = "agentcall.cases";

    private JUnitReport() {}

    /**
     * Writes the file, and the folders that it is in.
     */
    public static void write(Path file, Cases.Report report) throws IOException {
        Files.createDirectories(file.toAbsolutePath().getParent());
        try (Writer out = Files.newBufferedWriter(file)) {
            XMLStreamWriter xml = XMLOutputFactory.newInstance().createXMLStreamWriter(out);
            xml.writeStartDocument("UTF-8", "1.0");
            xml.writeCharacters("\n");
            xml.writeStartElement("testsuites");
            suite(xml, report);
            xml.writeEndElement();
            xml.writeCharacters("\n");
            xml.writeEndDocument();
            xml.close();
        } catch (XMLStreamException e) {
            throw new IOException(e);
        }
    }

    private static void suite(XMLStreamWriter xml, Cases.Report report) throws XMLStreamException {
        xml.writeCharacters("\n  ");
        xml.writeStartElement("testsuite");
        attribute(xml, "name", SUITE);
        attribute(xml, "tests", report.results().size());
        attribute(xml, "failures", report.count(CaseResult.State.FAILED));
        attribute(xml, "errors", report.count(CaseResult.State.BROKEN));
        attribute(xml, "skipped", 0);
        attribute(xml, "time", seconds(report.took()));
        attribute(
                xml,
                "timestamp",
                LocalDateTime.ofInstant(report.began(), ZoneOffset.UTC)
                        .truncatedTo(ChronoUnit.SECONDS)
                        .format(DateTimeFormatter.ISO_LOCAL_DATE_TIME));
        for (CaseResult result : report.results()) {
            testCase(xml, result);
        }
        xml.writeCharacters("\n  ");
        xml.writeEndElement();
        xml.writeCharacters("\n");
    }

    private static void testCase(XMLStreamWriter xml, CaseResult result) throws XMLStreamException {
        int folder = result.name().lastIndexOf('/');
        xml.writeCharacters("\n    ");
        xml.writeStartElement("testcase");
        attribute(
                xml,
                "classname",
                folder < 0
                        ? SUITE
                        : SUITE + "." + result.name().substring(0, folder).replace('/', '.'));
        attribute(xml, "name", result.name().substring(folder + 1));
        attribute(xml, "time", seconds(result.took()));
        if (result.state() != CaseResult.State.PASSED) {
            boolean failed = result.state() == CaseResult.State.FAILED;
            xml.writeStartElement(failed ? "failure" : "error");
            attribute(xml, "message", result.failures().get(0));
            attribute(xml, "type", failed ? "expectation" : "case-file");
            xml.writeCharacters(allowed(result.file() + "\n" + String.join("\n", result.failures())));
            xml.writeEndElement();
        }
        xml.writeEndElement();
    }

    private static void attribute(XMLStreamWriter xml, String name, Object value) throws XMLStreamException {
        xml.writeAttribute(name, allowed(value.toString()));
    }

    private static String seconds(Duration duration) {
        return String.format(Locale.ROOT, "%.3f", duration.toMillis() / 1000.0);
    }

    /** Without the characters that XML 1.0 has no way to write. */
    private static String allowed(String text) {
        return text.codePoints()
                .map(c -> c == '\t' || c == '\n' || c >= ' ' && c <= 0xD7FF || c >= 0xE000 && c != 0xFFFE && c != 0xFFFF
                        ? c
                        : '\uFFFD')
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
    }
}
