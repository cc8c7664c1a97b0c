package dev.agentcall.app;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a page in a real browser can do here. */
@Timeout(120)
class BrowserTest {

    private static final List<String> BROWSERS =
            List.of("chromium", "chromium-browser", "google-chrome", "google-chrome-stable");
    private static final String GUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}";

    /** Sends a call as soon as it is opened: with a form's type, so that the browser does not ask before it sends. */
    private static final String PAGE = """
            <!DOCTYPE html><html><meta charset="utf-8"><pre id="answer"></pre><script>
            const say = text => document.getElementById("answer").textContent += text + ";";
            const form = () => new URLSearchParams({callerid: "59824001000", agent: "eva.muñoz", phone: "1001", tech: "SIP",
              context: "agentes", outqueue: "Ventas->", destination: "59899123456"});
            fetch("%1$s", {method: "POST", mode: "%2$s", body: form()})
              .then(answer => answer.text().then(text => say("answered " + answer.type + " " + text)))
              .catch(error => say("not answered " + error));
            </script></html>
            """;

    @TempDir
    private Path folder;

    private String browser;
    private CallStub ucontact;
    private RunningBundle running;
    private HttpServer pages;

    @BeforeEach
    void start() throws Exception {
        Optional<String> found = Stream.of(System.getenv("PATH").split(":"))
                .flatMap(path -> BROWSERS.stream().map(name -> Path.of(path, name)))
                .filter(Files::isExecutable)
                .map(Path::toString)
                .findFirst();
        assumeTrue(found.isPresent(), "none of " + BROWSERS + " is installed: what browsers do is NOT tried");
        browser = found.get();
        ucontact = CallStub.start(call -> CallStub.Answer.placed());
        pages = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        running = RunningBundle.start(
                Bundle.Extent.ALL, folder.resolve("data"), ucontact.uri(), "agentcall.rest.cors", origin("127.0.0.1"));
        for (String mode : List.of("cors", "no-cors")) {
            byte[] page = PAGE.formatted(RestClient.of(running).base() + RestClient.FACADE, mode)
                    .getBytes(UTF_8);
            pages.createContext("/" + mode, exchange -> {
                exchange.getResponseHeaders().set("Content-Type", "text/html; charset=utf-8");
                exchange.sendResponseHeaders(200, page.length);
                exchange.getResponseBody().write(page);
                exchange.close();
            });
        }
        pages.start();
    }

    @AfterEach
    void stop() throws IOException {
        if (running != null) {
            running.close();
            pages.stop(0);
            ucontact.close();
        }
    }

    private String origin(String host) {
        return "http://" + host + ":" + pages.getAddress().getPort();
    }

    /** What is on the page once it has done its work. */
    private String open(String url, String... options) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                browser,
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--no-first-run",
                "--user-data-dir=" + folder.resolve("profile"),
                "--virtual-time-budget=10000",
                "--dump-dom"));
        command.addAll(List.of(options));
        command.add(url);
        Process process = new ProcessBuilder(command)
                .redirectError(folder.resolve("browser.log").toFile())
                .start();
        process.getOutputStream().close();
        String page = new String(process.getInputStream().readAllBytes(), UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return page;
    }

    @Test
    void aPageOfAnotherOriginRingsNobodyAndReadsNothing() throws Exception {
        assertThat(open(origin("localhost") + "/no-cors")).contains("answered opaque ;");
        assertThat(open(origin("localhost") + "/cors")).contains("not answered TypeError");

        assertThat(ucontact.calls()).isEmpty();
    }

    @Test
    void aPageOfAnOriginInTheSettingsPlacesACall() throws Exception {
        assertThat(open(origin("127.0.0.1") + "/cors")).containsPattern("answered cors " + GUID);

        assertThat(ucontact.calls()).singleElement().satisfies(call -> assertThat(call)
                .containsEntry("agent", "eva.muñoz")
                .containsEntry("outqueue", "Ventas->"));
    }

    @Test
    void aNameThatWasMadeToPointHereIsNotServed() throws Exception {
        String page = open(
                "http://crm.example:" + running.bundle().rest().port() + "/api/agent-calls",
                "--host-resolver-rules=MAP crm.example 127.0.0.1");

        assertThat(page).contains("urn:agentcall:problem:foreign-host").doesNotContain("items");
    }
}
