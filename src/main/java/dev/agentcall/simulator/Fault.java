package dev.agentcall.simulator;

import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * What the simulator can do wrong on demand. A call to the destination {@code 5550} + {@link #code()} gets the fault;
 * any other destination gets a good answer. In the codes of HTTP errors the three digits are the status.
 */
public enum Fault {
    HTTP_302(Kind.STATUS, "302", "302 Found", "Redirects to another path of the simulator, which answers with a GUID."),
    HTTP_400(Kind.STATUS, "400", "400 Bad Request", "Error page."),
    HTTP_401(Kind.STATUS, "401", "401 Unauthorized", "Error page with a Basic challenge, whatever the token."),
    HTTP_403(Kind.STATUS, "403", "403 Forbidden", "Error page."),
    HTTP_404(Kind.STATUS, "404", "404 Not Found", "Error page."),
    HTTP_405(Kind.STATUS, "405", "405 Method Not Allowed", "Error page."),
    HTTP_407(Kind.STATUS, "407", "407 Proxy Authentication Required", "Error page with a Basic challenge of a proxy."),
    HTTP_418(Kind.STATUS, "418", "418 I'm a teapot", "Error page with a status that nobody expects."),
    HTTP_429(Kind.STATUS, "429", "429 Too Many Requests", "Error page with Retry-After: 1."),
    HTTP_500(Kind.STATUS, "500", "500 Internal Server Error", "Error page."),
    HTTP_502(Kind.STATUS, "502", "502 Bad Gateway", "Error page."),
    HTTP_503(Kind.STATUS, "503", "503 Service Unavailable", "Error page with Retry-After: 1."),
    HTTP_504(Kind.STATUS, "504", "504 Gateway Timeout", "Error page."),

    ZERO(Kind.BODY, "000", "Answer 0", "200 with the body 0, uContact's word for an error in the data."),
    ONE(Kind.BODY, "001", "Answer 1", "200 with the body 1."),
    EMPTY(Kind.BODY, "002", "Empty answer", "200 with a body of no bytes."),
    NEARLY_GUID(Kind.BODY, "003", "Nearly a GUID", "200 with a GUID that has one digit too many in front."),
    GUID_IN_TEXT(Kind.BODY, "004", "GUID in a sentence", "200 with a GUID that has words before and after it."),
    HTML(Kind.BODY, "005", "HTML page", "200 with an HTML page, as a login form or a proxy would send."),
    TOO_LONG(Kind.BODY, "006", "Huge answer", "200 with a body of 1 MiB and one byte."),
    GUID_PADDED(Kind.BODY, "010", "GUID with white space", "200 with a GUID between spaces and line breaks."),
    GUID_QUOTED(Kind.BODY, "011", "GUID in quotes", "200 with a GUID in double quotes."),
    GUID_UPPER_CASE(Kind.BODY, "012", "GUID in upper case", "200 with a GUID in upper case."),
    GUID_CHUNKED(Kind.BODY, "013", "GUID in chunks", "200 with a GUID as a chunked body."),
    GUID_UNTIL_CLOSE(Kind.BODY, "014", "GUID until close", "200 with a GUID whose end is the end of the connection."),
    ZERO_UNTIL_CLOSE(Kind.BODY, "015", "0 until close", "200 with a 0 whose end is the end of the connection."),
    GUID_COMPRESSED(Kind.BODY, "016", "Compressed GUID", "200 with a GUID as gzip, which nobody asked for."),
    NO_CONTENT(Kind.BODY, "020", "204 No Content", "204, which has no body."),
    CREATED(Kind.BODY, "021", "201 Created", "201 with a GUID."),

    SILENCE(Kind.CONNECTION, "100", "No answer", "Reads the request and holds the connection without a word."),
    RESET(Kind.CONNECTION, "101", "Reset", "Reads the request and resets the connection (TCP RST)."),
    CLOSED(Kind.CONNECTION, "102", "Closed", "Reads the request and closes the connection without an answer."),
    HEAD_ONLY(Kind.CONNECTION, "103", "Head without body", "Status line and headers, then nothing: connection held."),
    SHORT_BODY(Kind.CONNECTION, "104", "Short body", "A GUID under a larger Content-Length, then closed."),
    CUT_CHUNK(Kind.CONNECTION, "105", "Cut chunk", "A chunked body, closed in the middle of a chunk."),
    DRIP(Kind.CONNECTION, "106", "Drip", "One byte of the answer per second, for ever."),
    CLOSED_AFTER(
            Kind.CONNECTION, "107", "Closed after", "A GUID with keep-alive; 50 ms later the connection is closed."),
    GARBAGE(Kind.CONNECTION, "108", "Garbage", "Bytes that are not HTTP, then closed."),
    SLOW(Kind.CONNECTION, "109", "Slow", "A GUID, after 3 seconds."),

    BUSY_TWICE(Kind.TEMPORARY, "600", "Busy twice", "503 for the first two calls of an agent, a GUID from then on.");

    /** Where a fault happens, which is also how its code begins. */
    public enum Kind {
        /** A complete answer with an HTTP status outside 2xx. */
        STATUS,
        /** A complete answer with a 2xx status whose body is special. */
        BODY,
        /** The connection misbehaves, or the answer takes its time. */
        CONNECTION,
        /** Goes away when the call is sent again. */
        TEMPORARY
    }

    private static final String PREFIX = "5550";
    private static final Map<String, Fault> BY_DESTINATION =
            Arrays.stream(values()).collect(Collectors.toUnmodifiableMap(Fault::destination, Function.identity()));

    private final Kind kind;
    private final String code;
    private final String title;
    private final String description;

    Fault(Kind kind, String code, String title, String description) {
        this.kind = kind;
        this.code = code;
        this.title = title;
        this.description = description;
    }

    /**
     * The fault of a destination.
     *
     * @param destination the field as received, not null
     * @return null for every destination that is not exactly one of the seven-digit numbers in {@link #table()}
     */
    public static Fault of(String destination) {
        return BY_DESTINATION.get(destination);
    }

    /**
     * All faults as a Markdown table with the columns destination, fault and what happens, padded so that it also reads
     * well as plain text.
     *
     * @return lines that end in {@code \n}, in the order of the constants
     */
    public static String table() {
        int titleWidth = width(Fault::title);
        int descriptionWidth = width(Fault::description);
        String row = "| %-11s | %-" + titleWidth + "s | %-" + descriptionWidth + "s |\n";
        StringBuilder table = new StringBuilder(row.formatted("destination", "fault", "what happens"));
        table.append(row.formatted("-".repeat(11), "-".repeat(titleWidth), "-".repeat(descriptionWidth)));
        for (Fault fault : values()) {
            table.append(row.formatted(fault.destination(), fault.title, fault.description));
        }
        return table.toString();
    }

    private static int width(Function<Fault, String> column) {
        return Arrays.stream(values())
                .map(column)
                .mapToInt(String::length)
                .max()
                .orElseThrow();
    }

    /** Where the fault happens. */
    public Kind kind() {
        return kind;
    }

    /** Three digits. */
    public String code() {
        return code;
    }

    /** The fault's name in case files: {@code reset}, {@code http-503}. */
    public String word() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** The number to call for this fault: seven digits. */
    public String destination() {
        return PREFIX + code;
    }

    /** A few words; for {@link Kind#STATUS} the status and its reason phrase. */
    public String title() {
        return title;
    }

    /** What the simulator does, in one sentence. */
    public String description() {
        return description;
    }
}
