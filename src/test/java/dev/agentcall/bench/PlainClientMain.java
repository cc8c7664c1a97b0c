package dev.agentcall.bench;

import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import de.siegmar.fastcsv.writer.CsvWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.apache.hc.client5.http.classic.methods.HttpPost;
import org.apache.hc.client5.http.config.ConnectionConfig;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.entity.UrlEncodedFormEntity;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManagerBuilder;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.NameValuePair;
import org.apache.hc.core5.http.ParseException;
import org.apache.hc.core5.http.io.entity.EntityUtils;
import org.apache.hc.core5.http.message.BasicNameValuePair;
import org.apache.hc.core5.util.Timeout;

/**
 * The yardstick: CSV in, one form POST per row, result CSVs out, written with the same HTTP client and CSV library as
 * the bundle but by hand: no Camel, no ledger, no limit per agent, nothing survives a crash.
 *
 * <p>Takes one file name and the bundle's environment variables ({@code AGENTCALL_UCONTACT_URL},
 * {@code AGENTCALL_UCONTACT_TOKEN}, {@code AGENTCALL_DATA}, {@code AGENTCALL_CONCURRENCY}). Exit code 0 when every row
 * is placed, 1 otherwise. The rows of a result file are in the order of the answers.
 */
public final class PlainClientMain {

    private static final List<String> FIELDS =
            List.of("callerid", "agent", "phone", "tech", "context", "outqueue", "destination");
    private static final Pattern GUID = Pattern.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}");
    private static final int MAX_ANSWER_CHARACTERS = 1024 * 1024;
    private static final int WAITING_ROWS = 256;

    private final CloseableHttpClient http;
    private final String url;
    private final String authorization;
    private final CsvWriter success;
    private final CsvWriter error;
    private long placed;
    private long notPlaced;

    private PlainClientMain(CloseableHttpClient http, String url, String token, CsvWriter success, CsvWriter error) {
        this.http = http;
        this.url = url + "/Integra/resources/Agents/AgentCall";
        this.authorization = "Basic " + token;
        this.success = success;
        this.error = error;
    }

    public static void main(String[] args) throws Exception {
        long start = System.nanoTime();
        Path file = Path.of(args[0]);
        int concurrency = Integer.parseInt(System.getenv().getOrDefault("AGENTCALL_CONCURRENCY", "8"));
        Path outbox = Files.createDirectories(Path.of(System.getenv("AGENTCALL_DATA"), "outbox"));
        String name = file.getFileName().toString().replaceFirst("(?i)\\.csv$", "");
        try (CloseableHttpClient http = httpClient(concurrency);
                CsvWriter success = writer(outbox.resolve(name + ".success.csv"));
                CsvWriter error = writer(outbox.resolve(name + ".error.csv"))) {
            PlainClientMain client = new PlainClientMain(
                    http,
                    System.getenv("AGENTCALL_UCONTACT_URL"),
                    System.getenv("AGENTCALL_UCONTACT_TOKEN"),
                    success,
                    error);
            long rows = client.callEach(file, concurrency);
            System.out.printf(
                    Locale.ROOT,
                    "%s: %d rows, %d placed, %d not placed, %.1f s%n",
                    file.getFileName(),
                    rows,
                    client.placed,
                    client.notPlaced,
                    (System.nanoTime() - start) / 1e9);
            if (client.placed != rows) {
                success.close();
                error.close();
                System.exit(1);
            }
        }
    }

    /** Makes one call per row and waits for them all; returns the number of rows. */
    private long callEach(Path file, int concurrency) throws IOException, InterruptedException {
        ThreadPoolExecutor workers = new ThreadPoolExecutor(
                concurrency,
                concurrency,
                0,
                TimeUnit.SECONDS,
                new ArrayBlockingQueue<>(WAITING_ROWS),
                PlainClientMain::waitForSpace);
        long rows = 0;
        try (CsvReader<CsvRecord> reader =
                CsvReader.builder().fieldSeparator(';').ofCsvRecord(file, StandardCharsets.UTF_8)) {
            Iterator<CsvRecord> records = reader.iterator();
            List<String> header = records.next().getFields();
            int[] columns = columns(header);
            success.writeRecord(with(header, "agentcall_guid"));
            error.writeRecord(with(header, "agentcall_detail"));
            while (records.hasNext()) {
                List<String> row = records.next().getFields();
                workers.execute(() -> call(row, columns));
                rows++;
            }
        } finally {
            workers.shutdown();
        }
        workers.awaitTermination(Long.MAX_VALUE, TimeUnit.NANOSECONDS);
        return rows;
    }

    private void call(List<String> row, int[] columns) {
        List<NameValuePair> form = new ArrayList<>(columns.length);
        for (int i = 0; i < columns.length; i++) {
            form.add(new BasicNameValuePair(FIELDS.get(i), row.get(columns[i])));
        }
        HttpPost post = new HttpPost(url);
        post.setHeader("Authorization", authorization);
        post.setEntity(new UrlEncodedFormEntity(form, StandardCharsets.UTF_8));
        try {
            String answer = http.execute(post, PlainClientMain::answer);
            write(row, GUID.matcher(answer).matches(), answer);
        } catch (IOException e) {
            write(row, false, e.toString());
        }
    }

    /** The body of a 200, trimmed; the bare status of anything else. */
    private static String answer(ClassicHttpResponse response) throws IOException, ParseException {
        String body = EntityUtils.toString(response.getEntity(), StandardCharsets.UTF_8, MAX_ANSWER_CHARACTERS);
        return response.getCode() == 200 && body != null ? body.trim() : "http-" + response.getCode();
    }

    private synchronized void write(List<String> row, boolean isPlaced, String answer) {
        if (isPlaced) {
            success.writeRecord(with(row, answer));
            placed++;
        } else {
            error.writeRecord(with(row, answer));
            notPlaced++;
        }
    }

    private static int[] columns(List<String> header) {
        return FIELDS.stream()
                .mapToInt(field -> {
                    int column = header.indexOf(field);
                    if (column < 0) {
                        throw new IllegalArgumentException("expected a column " + field + ", found " + header);
                    }
                    return column;
                })
                .toArray();
    }

    private static List<String> with(List<String> row, String last) {
        List<String> cells = new ArrayList<>(row.size() + 1);
        cells.addAll(row);
        cells.add(last);
        return cells;
    }

    private static void waitForSpace(Runnable row, ThreadPoolExecutor workers) {
        try {
            workers.getQueue().put(row);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new RejectedExecutionException(e);
        }
    }

    private static CsvWriter writer(Path file) throws IOException {
        return CsvWriter.builder().fieldSeparator(';').build(file, StandardCharsets.UTF_8);
    }

    private static CloseableHttpClient httpClient(int connections) {
        return HttpClients.custom()
                .setConnectionManager(PoolingHttpClientConnectionManagerBuilder.create()
                        .setMaxConnTotal(connections)
                        .setMaxConnPerRoute(connections)
                        .setDefaultConnectionConfig(ConnectionConfig.custom()
                                .setConnectTimeout(Timeout.ofSeconds(5))
                                .build())
                        .build())
                .setDefaultRequestConfig(RequestConfig.custom()
                        .setResponseTimeout(Timeout.ofSeconds(60))
                        .build())
                .disableAutomaticRetries()
                .disableRedirectHandling()
                .disableCookieManagement()
                .disableAuthCaching()
                .disableContentCompression()
                .build();
    }
}
