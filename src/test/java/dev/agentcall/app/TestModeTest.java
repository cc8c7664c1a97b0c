package dev.agentcall.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.agentcall.cases.CaseResult;
import dev.agentcall.cases.Cases;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/** What users see who test their routes with case files. */
@Timeout(180)
class TestModeTest {

    private static final String REQUEST = """
            request:
              callerid: "59824001000"
              agent: ana.garcia
              phone: "1001"
              context: agentes
              outqueue: Ventas->
              destination: "099123456"
            """;
    private static final String PLACED = """
            expect:
              outcome: placed
            """;
    private static final String REJECTED = """
            description: A <0> & no call
            answer:
              body: "0"
            expect:
              outcome: rejected
              form:
                agent: luis.perez
            """;

    @TempDir
    Path folder;

    private void write(String name, String... yaml) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, String.join("", yaml));
    }

    private Cases.Report run() throws Exception {
        return new Cases(TestMode::start, Faults::describe)
                .run(folder, file -> folder.relativize(file).toString());
    }

    /** The failures of the case of this name. */
    private static List<String> failures(Cases.Report report, String name) {
        return report.results().stream()
                .filter(result -> result.name().equals(name))
                .map(CaseResult::failures)
                .findFirst()
                .orElseThrow();
    }

    private static Document xml(Path file) throws Exception {
        return DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(file.toFile());
    }

    @Test
    void theExitCodeTellsWhetherAllPassed() throws Exception {
        write("below/good.yaml", REQUEST, PLACED);
        assertThat(TestMode.run(folder, folder, null)).isZero();
        assertThat(TestMode.run(folder.resolve("below/good.yaml"), folder, null))
                .isZero();

        write("bad.yaml", REQUEST, REJECTED);
        Path junit = folder.resolve("reports/junit.xml");
        assertThat(TestMode.run(folder, folder, junit)).isEqualTo(1);

        Element suite = (Element) xml(junit)
                .getDocumentElement()
                .getElementsByTagName("testsuite")
                .item(0);
        assertThat(suite.getAttribute("tests")).isEqualTo("2");
        assertThat(suite.getAttribute("failures")).isEqualTo("1");
        assertThat(suite.getAttribute("errors")).isEqualTo("0");
        NodeList failures = suite.getElementsByTagName("failure");
        assertThat(failures.getLength()).isEqualTo(1);
        assertThat(((Element) failures.item(0).getParentNode()).getAttribute("name"))
                .isEqualTo("bad");
        assertThat(failures.item(0).getTextContent())
                .contains("bad.yaml", "form.agent: expected 'luis.perez', found 'ana.garcia'");
    }

    @Test
    void whatIsNotAsExpectedIsToldWithBoth() throws Exception {
        write("placed.yaml", REQUEST, REJECTED.replace("\"0\"", "8cf8570e-60e7-44ed-b799-3baab211b04d"));
        write("not-taken.yaml", REQUEST, "answer: {status: 503}\n", PLACED);
        write("taken.yaml", REQUEST, "expect: {unavailable: true}\n");
        write("not-sent.yaml", "json: nonsense\n", PLACED);
        write("sent.yaml", REQUEST, "expect: {outcome: invalid, calls: 0}\n");
        write("members.yaml", REQUEST, """
                answer: {body: "1"}
                expect: {outcome: rejected, reason: null, httpStatus: 500, detail: [refused, why], delivered: <xml>,
                  headers: {content-type: text/plain}, path: /there, body: a=b, sentTo: [jms:queue:crm]}
                """);

        Cases.Report report = run();

        assertThat(failures(report, "placed"))
                .contains(
                        "outcome: expected 'rejected', found 'placed'",
                        "form.agent: expected 'luis.perez', found 'ana.garcia'",
                        "form.callerid: expected no such field, found '59824001000'",
                        "success channel: expected nothing, found the outcome",
                        "error channel: expected the outcome, found nothing");
        assertThat(failures(report, "not-taken"))
                .satisfiesExactly(
                        first -> assertThat(first)
                                .startsWith("outcome: expected 'placed', found none: unavailable, HTTP 503"),
                        second -> assertThat(second).isEqualTo("success channel: expected the outcome, found nothing"));
        assertThat(failures(report, "taken"))
                .containsExactly(
                        "unavailable: expected no outcome, found placed",
                        "success channel: expected nothing, found the outcome");
        assertThat(failures(report, "not-sent"))
                .contains("calls: expected 1, found 0")
                .anySatisfy(failure -> assertThat(failure)
                        .startsWith("outcome: expected 'placed', found 'invalid' (malformed: not JSON"));
        assertThat(failures(report, "sent")).contains("calls: expected 0, found 1");
        assertThat(failures(report, "members"))
                .satisfiesExactly(
                        path -> assertThat(path)
                                .isEqualTo("path: expected '/there', found '/Integra/resources/Agents/AgentCall'"),
                        header -> assertThat(header)
                                .startsWith("headers.content-type: expected 'text/plain', found 'application/"),
                        body -> assertThat(body).startsWith("body: expected 'a=b', found 'callerid="),
                        reason -> assertThat(reason).isEqualTo("reason: expected nothing, found 'ucontact-1'"),
                        status -> assertThat(status).isEqualTo("httpStatus: expected '500', found '200'"),
                        detail -> assertThat(detail).startsWith("detail: expected 'why' in it, found 'uContact"),
                        delivered -> assertThat(delivered).startsWith("delivered: expected '<xml>' in it, found '{"),
                        sentTo -> assertThat(sentTo).isEqualTo("sentTo: expected [jms:queue:crm], found []"));
    }

    @Test
    void aPlaceholderWithoutAValueIsItsCasesMatterAlone() throws Exception {
        write("good.yaml", REQUEST, PLACED);
        write("misspelt.yaml", REQUEST, "expect: {outcome: placed, sentTo: [\"jsonl:{{no.such}}/x\"]}\n");

        Cases.Report report = run();

        assertThat(failures(report, "good")).isEmpty();
        assertThat(failures(report, "misspelt"))
                .singleElement()
                .asString()
                .startsWith("sentTo: expected placeholders that have a value, found [jsonl:{{no.such}}/x]");
    }

    @Test
    void theRowsOfAFileAreToldApart() throws Exception {
        write("rows.yaml", """
                csv: |
                  callerid,agent,phone,context,outqueue,destination
                  59824001000,ana.garcia,1001,agentes,Ventas->,099123456
                  59824001000,,1002,agentes,Ventas->,099123457
                  59824001000,eva.muñoz,1003,agentes,Ventas->,099123458
                settings: {agentcall.defaults.agent: ""}
                expect:
                  - outcome: placed
                  - {outcome: placed, calls: 0}
                  - {outcome: placed, guid: other}
                """);
        write("missing.yaml", """
                csv: |
                  callerid,agent,phone,context,outqueue,destination
                  59824001000,ana.garcia,1001,agentes,Ventas->,099123456
                  59824001000,eva.muñoz,1003,agentes,Ventas->,099123458
                expect: {outcome: placed}
                """);

        Cases.Report report = run();

        assertThat(failures(report, "rows"))
                .contains(
                        "row 2, outcome: expected 'placed', found 'invalid' (missing-field: agent is missing or blank, expected a value)")
                .anySatisfy(failure -> assertThat(failure).startsWith("row 3, guid: expected 'other', found '"))
                .noneSatisfy(failure -> assertThat(failure).startsWith("row 1"));
        assertThat(failures(report, "missing"))
                .contains("rows: expected 1, found 2", "calls: expected 1 of all rows, found 2");
    }

    @Test
    void casesDoNotMeetEachOther() throws Exception {
        String request = REQUEST.replace("request:", "request:\n  requestId: crm-1");
        write("a.yaml", request, PLACED);
        write("b.yaml", request.replace("099123456", "099123457"), PLACED);
        write(
                "c.yaml",
                REQUEST,
                "answer: {status: 503, headers: {Retry-After: \"240\"}}\nexpect: {unavailable: true}\n");
        write("d.yaml", request, PLACED);

        assertThat(run().results())
                .allSatisfy(result ->
                        assertThat(result.failures()).as(result.name()).isEmpty());
    }

    private static final String LINES = """
            route: receive-json-lines
            headers: {CamelFileName: monday.jsonl, CamelFileLastModified: 1}
            """;

    /** Its route fails, on purpose. */
    private static final String MEMBERS_STAY = """
            route: receive-queue-members
            body: {queuemember: []}
            answer: {status: 503}
            expect: {result: unavailable, httpStatus: 503, sentTo: []}
            """;

    private static String line(String agent) {
        return """
                  {"callerid":"59824001000","agent":"%s","phone":"1001","context":"c","outqueue":"o","destination":"0991"}
                """.formatted(agent);
    }

    private Cases.Report runWithExamples() throws Exception {
        return new Cases(CasesTest::startWithExamples, Faults::describe)
                .run(folder, file -> folder.relativize(file).toString());
    }

    @Test
    void aCaseMayBeginAtARouteOfTheUsers() throws Exception {
        write("again.yaml", LINES, "body:\n- &file |\n", line("ana"), "- *file\n", """
                expect:
                - {outcome: placed, replayed: false}
                - {outcome: placed, replayed: true, calls: 0}
                """);
        write("waits.yaml", LINES, "body: |\n", line("ana"), line("bea"), line("eva"), """
                answer: [{body: "0"}, {status: 503}]
                expect: [{outcome: rejected, form: {agent: ana, callerid: "59824001000", phone: "1001", tech: SIP,
                  context: c, outqueue: o, destination: "0991"}}, {unavailable: true}]
                """);
        write("blank.yaml", LINES, "body: \"\\n\\n\"\nexpect: {calls: 0, sentTo: []}\n");
        write("members.yaml", """
                route: receive-queue-members
                body: {queuemember: []}
                answer: {body: "0"}
                expect: {result: rejected, reason: ucontact-0, form: {queuemember: "[]"},
                  returns: '"operation":"add-queue-member"', sentTo: "jsonl:{{agentcall.outbox}}/queue-members"}
                """);
        write("members-stay.yaml", MEMBERS_STAY);

        assertThat(runWithExamples().results()).hasSize(5).allSatisfy(result -> assertThat(result.failures())
                .as(result.name())
                .isEmpty());
    }

    @Test
    void whatIsNotAsExpectedOfARouteIsToldWithBoth() throws Exception {
        write("lines.yaml", LINES, "body: |\n", line("ana"), line("bea"), line("eva"), """
                expect:
                - outcome: placed
                - {outcome: rejected, calls: 0}
                """);
        write("member.yaml", """
                route: add-queue-member
                body: {queuemember: []}
                answer: {body: "0"}
                expect: {result: accepted, path: /there, form: {a: b}, returns: nobody}
                """);
        write("nothing.yaml", "route: add-queue-member\nbody: {}\nexpect: {calls: 0}\n");
        write("failing.yaml", "route: add-queue-member\nbody: '{'\nexpect: {calls: 0}\n");
        write("unknown.yaml", "description: x\nroute: receive-json-line\nexpect: {calls: 0}\n");

        Cases.Report report = runWithExamples();

        assertThat(failures(report, "lines"))
                .contains(
                        "requests: expected 2, found 3",
                        "request 2, calls: expected 0, found 1",
                        "request 2, outcome: expected 'rejected', found 'placed'")
                .noneSatisfy(failure -> assertThat(failure).startsWith("request 1"));
        assertThat(failures(report, "member"))
                .contains(
                        "path: expected '/there', found '/Integra/resources/queues/addqueuemember'",
                        "form.queuemember: expected no such field, found '[]'",
                        "result: expected 'accepted', found 'rejected' (ucontact-0: uContact answered 0: it refused the data)")
                .anySatisfy(failure -> assertThat(failure).startsWith("returns: expected 'nobody' in it, found '{"));
        assertThat(failures(report, "nothing"))
                .contains("calls: expected 0, found 1", "outcome: expected none, found the result unknown");
        assertThat(failures(report, "failing"))
                .singleElement()
                .asString()
                .startsWith("routes: expected no failure, found ");
        assertThat(failures(report, "unknown"))
                .containsExactly("unknown.yaml:2: route: found 'receive-json-line', expected a route that is in place:"
                        + " receive-json-lines");
        assertThat(report.count(CaseResult.State.BROKEN)).isEqualTo(1);
    }

    /** None of them starts a route. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            request: {agent: a}                                               | case.yaml:1: expect: found 0, expected one for each request, 1
            expect: {outcome: placed}                                         | case.yaml:1: request: found nothing to send, expected one of request, json, csv
            'json: x\nrequest: {}\nexpect: {outcome: placed}'                 | case.yaml:1: json: found request and json, expected one of request, json, csv
            'json: x\nexpects: {outcome: placed}'                             | case.yaml:2: unknown key 'expects', expected one of description, settings, request
            'json: x\nexpect:\n  outcome: placed\n  from: a'                  | case.yaml:4: unknown key 'expect.from', expected one of outcome, reason
            'json: x\nexpect:\n  outcome: plcaed'                             | case.yaml:3: expect.outcome: found 'plcaed', expected one of placed, rejected, invalid, unknown
            'json: x\nexpect: {reason: a}'                                    | case.yaml:2: expect.outcome: found none, expected one of placed, rejected, invalid, unknown, or unavailable: true
            'json: x\nexpect: {unavailable: true, outcome: placed}'           | case.yaml:2: expect.outcome: found it beside unavailable
            'json: x\nexpect: {outcome: placed, calls: 2}'                    | case.yaml:2: expect.calls: found '2', expected 0 or 1
            'json: x\nexpect: {outcome: placed, calls: 0, form: {a: b}}'      | case.yaml:2: expect.form: found it beside calls: 0
            'json: x\nexpect: {outcome: placed, channel: both}'               | case.yaml:2: expect.channel: found 'both', expected success or error
            'json: x\nexpect: placed'                                         | case.yaml:2: expect: found 'placed', expected keys and values
            'json: x\njson: y\nexpect: {outcome: placed}'                     | case.yaml:2: json: found it twice, expected it once
            'json: x\nexpect: {outcome: placed}\nanswer: {fault: tiemout}'    | case.yaml:3: answer.fault: found 'tiemout', expected one of http-302,
            'json: x\nexpect: {outcome: placed}\nanswer: {fault: busy-twice}' | case.yaml:3: answer.fault: found 'busy-twice', expected one of
            'json: x\nexpect: {outcome: placed}\nanswer: {status: 99}'        | case.yaml:3: answer.status: found '99', expected a status from 200 to 599
            'json: x\nexpect: {outcome: placed}\nanswer: {delay: 1}'          | case.yaml:3: answer.delay: found '1', expected a duration such as 500ms
            'json: x\nexpect: {outcome: placed}\nsettings: {agentcall.ucontact.url: a}'      | settings: agentcall.ucontact.url: cases cannot set it
            'json: x\nexpect: {outcome: placed}\nsettings: {agentcall.ledger.url: a}'        | settings: agentcall.ledger.url: cases cannot set it
            'json: x\nexpect: {outcome: placed}\nsettings: {agentcall.defaults.contxt: a}'   | settings: agentcall.defaults.contxt: found no such key
            'json: x\nbody: y\nexpect: {outcome: placed}'                     | case.yaml:2: body: found it without route, expected it only in a case that begins at a route
            'json: x\nexpect: {outcome: placed, returns: y}'                 | case.yaml:2: expect.returns: found it without route
            'json: x\nexpect: {result: accepted}'                            | case.yaml:2: expect.result: found it without route
            'json: x\nroute: y\nexpect: {outcome: placed}'                   | case.yaml:2: route: found json and route, expected one of request, json, csv, route
            'route: y'                                                       | case.yaml:1: expect: found 0, expected one for each request
            'route: y\nheaders: z\nexpect: {outcome: placed}'                | case.yaml:2: headers: found 'z', expected keys and values
            'route: y\nexpect: {result: acepted}'                            | case.yaml:2: expect.result: found 'acepted', expected one of accepted, rejected, unknown, unavailable
            'route: y\nexpect: {result: accepted, outcome: placed}'          | case.yaml:2: expect.result: found it beside outcome, expected one of the two
            'route: y\nexpect: {result: accepted, guid: z}'                  | case.yaml:2: expect.guid: found it without outcome, expected that too
            'route: y\nexpect: {reason: timeout}'                            | case.yaml:2: expect.reason: found it without outcome or result, expected one of them too
            'route: y\nexpect: {unavailable: true, result: accepted}'        | case.yaml:2: expect.result: found it beside unavailable
            'json: [x, y]\nexpect: [{outcome: placed}]'                       | case.yaml:2: expect: found 1, expected one for each request, 2
            'json: x: y'                                                      | case.yaml:1: mapping values are not allowed here, expected YAML
            '- json: x'                                                       | case.yaml:1: found a list, expected the keys of a case
            ''                                                                | case.yaml: found nothing, expected one case
            """)
    void aFileThatIsNoCaseIsToldWithItsLine(String yaml, String told) throws Exception {
        write("case.yaml", yaml.replace("\\n", "\n"));

        Cases.Report report = new Cases(
                        (overriding, before) -> {
                            throw new AssertionError("started");
                        },
                        Faults::describe)
                .run(folder, file -> folder.relativize(file).toString());

        assertThat(report.results()).singleElement().satisfies(result -> {
            assertThat(result.state()).isEqualTo(CaseResult.State.BROKEN);
            assertThat(result.failures()).anySatisfy(fault -> assertThat(fault).contains(told));
        });
    }

    @Test
    void aFolderWithoutCasesIsAFault() {
        assertThatThrownBy(() -> TestMode.run(folder, folder.getParent(), null))
                .hasMessage(folder.getFileName() + ": found no case file in it, expected *.yaml");
        assertThatThrownBy(() -> TestMode.run(folder.resolve("none"), folder, null))
                .hasMessage("none: found no such folder, expected one with case files");
    }

    /** The settings and routes of somebody who has everything set, with an address behind each that would notice. */
    @Test
    void nothingRealIsTouchedAndNoSecretIsTold(@TempDir Path home) throws Exception {
        Path real = home.resolve("real");
        try (CallStub ucontact = CallStub.start(call -> CallStub.Answer.placed());
                CallStub webhook = CallStub.start(call -> CallStub.Answer.placed())) {
            Program program = Program.unpack(home, ucontact.uri())
                    .environment("AGENTCALL_DATA", real.toString())
                    .environment("AGENTCALL_JMS_URL", "tcp://127.0.0.1:1?connectionTtl=1")
                    .environment("AGENTCALL_JMS_PASSWORD", "s3cret-of-jms")
                    .environment("AGENTCALL_CHANNEL_SUCCESS", "jsonl:" + real.resolve("crm.jsonl"))
                    .javaOption("-Dagentcall.ucontact.proxy=" + webhook.uri())
                    .javaOption("-Dagentcall.rate=0.001");
            Path route = home.resolve("routes/deliver-error.camel.yaml");
            Files.writeString(route, Files.readString(route) + """
                                    - to:
                                        uri: "%s/Integra/resources/Agents/AgentCall?apiKey=s3cret-of-key"
                                    - wireTap:
                                        uri: "seda:later"
                            """.formatted(webhook.uri()));
            Files.writeString(home.resolve("routes/later.camel.yaml"), """
                    - route:
                        id: later
                        from:
                          uri: seda:later
                          steps:
                            - to:
                                uri: "jsonl:{{agentcall.outbox}}/later.jsonl"
                    """);
            for (String example : List.of("receive-queue-members.camel.yaml", "add-queue-member.camel.yaml")) {
                Files.copy(
                        Path.of("examples/routes", example),
                        home.resolve("routes").resolve(example));
            }
            folder = home.resolve("cases");
            write("stay.yaml", MEMBERS_STAY);
            write("placed.yaml", REQUEST, PLACED);
            write("sent-on.yaml", REQUEST, """
                    answer: {body: "0"}
                    expect:
                      outcome: rejected
                      sentTo: ["%s/Integra", "jsonl:{{agentcall.outbox}}/later"]
                    """.formatted(webhook.uri()));
            write("failing.yaml", REQUEST, REJECTED);
            write("broken.yaml", "json: x\n");
            write("not-starting.yaml", REQUEST, "settings: {agentcall.retry.attempts: none}\n", PLACED);

            Program.Ended ended = program.run("--test", "cases", "--junit", "out/junit.xml");

            assertThat(ended.code()).as(ended.all()).isEqualTo(2);
            assertThat(lines(ended.all(), "(pass|FAIL|BAD ) +(\\S+)"))
                    .as(ended.all())
                    .containsExactly(
                            "BAD  broken",
                            "FAIL failing",
                            "BAD  not-starting",
                            "pass placed",
                            "pass sent-on",
                            "pass stay");
            assertThat(ended.out())
                    .contains("cases/broken.yaml:1: expect: found 0, expected one for each request, 1")
                    .contains("agentcall.retry.attempts: found 'none', expected a whole number")
                    .contains("6 cases: 3 passed, 1 failed, 2 could not be run")
                    .contains("2 to " + webhook.uri() + "/…")
                    .contains("2 to jsonl:{{agentcall.data}}/outbox/later.jsonl");
            assertThat(ended.all() + Files.readString(home.resolve("out/junit.xml")))
                    .doesNotContain("s3cret");
            assertThat(ended.err()).isEmpty();
            assertThat(ucontact.calls()).isEmpty();
            assertThat(webhook.calls()).isEmpty();
            assertThat(real).doesNotExist();
            Element suite = xml(home.resolve("out/junit.xml")).getDocumentElement();
            assertThat(suite.getElementsByTagName("error").getLength()).isEqualTo(2);
            assertThat(suite.getElementsByTagName("failure").getLength()).isEqualTo(1);
        }
    }

    private static List<String> lines(String text, String pattern) {
        List<String> found = new ArrayList<>();
        for (Matcher match = Pattern.compile("(?m)^" + pattern).matcher(text); match.find(); ) {
            found.add(match.group(1) + " " + match.group(2));
        }
        return found;
    }

    /** Every key and every fault is in the guide, so that whoever writes a case finds it. */
    @Test
    void theGuideKnowsEveryKey() throws Exception {
        String guide = Files.readString(Path.of("docs/extending.md"));
        String section = guide.substring(guide.indexOf("## Test your routes"));
        assertThat(section.substring(0, section.indexOf("\n## ", 3))).satisfies(text -> assertThat(keys())
                .allSatisfy(key -> assertThat(text).contains("`" + key + "`")));
    }

    private List<String> keys() throws Exception {
        write("case.yaml", "json: x\nwhat: 1\nexpect: {what: 1}\nanswer: {what: 1, fault: what}\n");
        List<String> faults = run().results().get(0).failures();
        return faults.stream()
                .flatMap(fault -> Stream.of(
                        fault.substring(fault.indexOf("expected one of ") + 16).split(", (or unavailable: true)?")))
                .filter(key -> !key.isBlank())
                .toList();
    }
}
