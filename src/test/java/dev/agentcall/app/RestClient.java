package dev.agentcall.app;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;

/** A client of the REST API. */
final class RestClient {

    static {
        // So that a test can say what Host and Origin it sends.
        System.setProperty("jdk.httpclient.allowRestrictedHeaders", "host,origin,connection,content-length");
    }

    static final String CALLS = "/api/agent-calls";
    static final String FACADE = "/Integra/resources/Agents/AgentCall";
    static final String FACADE_WITH_DATA = "/Integra/resources/Agents/AgentCallwithData";

    private static final JsonMapper JSON = new JsonMapper();
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(PATIENCE)
            .build();
    private final URI base;

    RestClient(URI base) {
        this.base = base;
    }

    static RestClient of(RunningBundle running) {
        return new RestClient(
                URI.create("http://127.0.0.1:" + running.bundle().rest().port()));
    }

    URI base() {
        return base;
    }

    /** A good request to this destination, with these further properties, name and value in turn. */
    static Map<String, Object> call(String destination, Object... more) {
        Map<String, Object> call = new LinkedHashMap<>(Map.of(
                "callerid", "59824001000",
                "agent", "ana.garcía",
                "phone", "1001",
                "tech", "SIP",
                "context", "agentes",
                "outqueue", "Ventas->",
                "destination", destination));
        for (int i = 0; i < more.length; i += 2) {
            call.put((String) more[i], more[i + 1]);
        }
        return call;
    }

    static String form(Map<String, Object> fields) {
        return fields.entrySet().stream()
                .map(field -> field.getKey() + "=" + URLEncoder.encode((String) field.getValue(), UTF_8))
                .collect(Collectors.joining("&"));
    }

    HttpResponse<String> send(HttpRequest.Builder request, String... headers) throws IOException, InterruptedException {
        if (headers.length > 0) {
            request.headers(headers);
        }
        return http.send(request.timeout(PATIENCE).build(), BodyHandlers.ofString());
    }

    HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(base.resolve(path));
    }

    HttpResponse<String> get(String path, String... headers) throws IOException, InterruptedException {
        return send(request(path), headers);
    }

    HttpResponse<String> post(Map<String, Object> call, String... headers) throws IOException, InterruptedException {
        return send(json(call), headers);
    }

    CompletableFuture<HttpResponse<String>> postAsync(Map<String, Object> call) throws IOException {
        return http.sendAsync(json(call).timeout(PATIENCE).build(), BodyHandlers.ofString());
    }

    private HttpRequest.Builder json(Map<String, Object> call) throws IOException {
        return request(CALLS)
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(JSON.writeValueAsString(call)));
    }

    HttpResponse<String> postForm(String path, String form, String... headers)
            throws IOException, InterruptedException {
        return send(
                request(path)
                        .header("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
                        .POST(BodyPublishers.ofString(form)),
                headers);
    }

    static JsonNode read(HttpResponse<String> answer) throws IOException {
        return JSON.readTree(answer.body());
    }

    /** The last word of a problem's type. */
    static String problem(HttpResponse<String> answer) throws IOException {
        return read(answer).path("type").asText().replace("urn:agentcall:problem:", "");
    }
}
