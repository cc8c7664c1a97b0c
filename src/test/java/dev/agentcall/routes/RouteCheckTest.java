package dev.agentcall.routes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;
import org.apache.camel.impl.DefaultCamelContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a user is told about route files: where, what was found, and what was expected. */
class RouteCheckTest {

    /** The routes that the program calls, and one for a user's to call. */
    private static final RouteFile SHIPPED = new RouteFile("shipped.yaml", """
            - beans:
                - name: calls
                  type: java.lang.Object
                - name: my-http
                  type: org.apache.camel.component.http.HttpComponent
                - name: my-servlet
                  type: org.apache.camel.component.servlet.ServletComponent
                - name: agentcall-jms
                  type: dev.agentcall.jms.BrokerComponent
            - routeConfiguration:
                id: channel-errors
            - route:
                id: call-rows
                from:
                  uri: direct:call-rows
                  steps:
                    - to: direct:place-call
            - route:
                id: deliver-missed
                from:
                  uri: direct:deliver-missed
                  steps:
                    - stop: {}
            - route:
                id: place-call
                from:
                  uri: direct
                  parameters:
                    name: place-call
                  steps:
                    - stop: {}
            """);

    private static DefaultCamelContext context;

    @BeforeAll
    static void configure() {
        context = new DefaultCamelContext();
        Properties properties = new Properties();
        properties.setProperty("data", "there");
        properties.setProperty("channel", "direct:place-call direct:chanel");
        properties.setProperty("empty", "");
        context.getPropertiesComponent().setInitialProperties(properties);
        context.build();
    }

    @AfterAll
    static void close() throws Exception {
        context.close();
    }

    private static List<RouteFinding> check(RouteFile... files) {
        List<RouteFile> all = new ArrayList<>(Arrays.asList(files));
        all.add(SHIPPED);
        return new RouteCheck(context).check(all);
    }

    private static List<String> check(String yaml) {
        return check(new RouteFile("mine.yaml", yaml)).stream()
                .map(RouteFinding::toString)
                .toList();
    }

    /** A route that is good but for its step, which begins in line 9. */
    private static List<String> checkStep(String step) {
        return check("""
                - route:
                    id: mine
                    from:
                      uri: timer
                      parameters:
                        timerName: mine
                        period: 1000
                      steps:
                """ + step.indent(8));
    }

    @Test
    void aGoodFileIsToldNothingAbout() {
        assertThat(checkStep("- to: direct:place-call")).isEmpty();
    }

    @Test
    void aStepThatDoesNotExistIsToldWithTheOneThatWasProbablyMeant() {
        assertThat(checkStep("- setBoddy:\n    expression:\n      constant: x"))
                .containsExactly("mine.yaml:9: found setBoddy, expected setBody");
        assertThat(checkStep("- quark: {}").get(0))
                .startsWith("mine.yaml:9: found quark, expected one of a2aSubTask, ");
    }

    @Test
    void anOptionOfAStepThatDoesNotExistIsTold() {
        assertThat(checkStep("- choice:\n    when: []\n    otherwise:\n      step: []"))
                .containsExactly("mine.yaml:12: found step, expected steps");
    }

    @Test
    void anExpressionLanguageThatDoesNotExistIsTold() {
        assertThat(checkStep("- setBody:\n    expression:\n      simpel:\n        expression: x"))
                .containsExactly("mine.yaml:11: found a mapping (simpel), expected simple");
    }

    @Test
    void aStepWhoseContentIsNotIndentedIsTold() {
        assertThat(checkStep("- to:\n  uri: direct:place-call"))
                .contains("mine.yaml:10: found uri, expected it below to, indented more");
    }

    @Test
    void aValueOfTheWrongKindIsTold() {
        assertThat(checkStep("- split:\n    simple: \"${body}\"\n    streaming: maybe\n    steps: []"))
                .containsExactly("mine.yaml:11: found \"maybe\", expected true or false");
        assertThat(checkStep("- log:\n    message: x\n    loggingLevel: wrn"))
                .containsExactly("mine.yaml:11: found \"wrn\", expected WARN");
        assertThat(checkStep("- choice: 5"))
                .hasSize(1)
                .first()
                .asString()
                .startsWith("mine.yaml:9: found \"5\", expected a mapping");
    }

    @Test
    void twoOfWhatThereIsOneOfAreTold() {
        assertThat(checkStep("- setBody:\n    constant: x\n    simple: y")).hasSize(1);
        assertThat(checkStep("- setBody:\n    constant: x\n    constant: y"))
                .containsExactly("mine.yaml:11: found constant a second time, expected it once");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "- to: direct:place-call",
                "- log: \"x\"",
                "- setBody:\n    constant: x",
                "- stop: {}",
                "- log: ${body}"
            })
    void shorthandIsGood(String step) {
        assertThat(checkStep(step)).isEmpty();
    }

    @Test
    void whatCamelTakesThoughTheSchemaDoesNotIsAWarning() {
        assertThat(checkStep("- log: 5"))
                .containsExactly("warning: mine.yaml:9: found \"5\", expected a text, in quotes");
        assertThat(checkStep("- log:\n    message: x\n    disabled: \"true\""))
                .containsExactly("warning: mine.yaml:11: found \"true\", expected true or false");
    }

    @Test
    void whatIsNoYamlIsToldWithItsLine() {
        assertThat(check("- route:\n    id: mine\n    from: {uri: direct, parameters: [\n"))
                .hasSize(1)
                .first()
                .asString()
                .startsWith("mine.yaml:4: found no YAML: ");
        assertThat(check("- route:\n    description: a: b\n"))
                .containsExactly("mine.yaml:2: found no YAML: mapping values are not allowed here"
                        + " (is the line indented right? a text with a colon in it stands in quotes)");
        assertThat(check("# later\n")).containsExactly("mine.yaml: found nothing, expected a list of routes");
        assertThat(check("route:\n  id: mine\n"))
                .containsExactly("mine.yaml:1: found a mapping (route), expected a list");
    }

    @ParameterizedTest
    @CsvSource({
        "ISO-8859-1, 'mine.yaml:2: found bytes that are no UTF-8, expected UTF-8: save it in this encoding'",
        "windows-1252, 'mine.yaml:2: found bytes that are no UTF-8, expected UTF-8: save it in this encoding'",
        "UTF-16, 'mine.yaml:1: found UTF-16, expected UTF-8: save it in this encoding'",
        "UTF-16LE, 'mine.yaml:1: found UTF-16, expected UTF-8: save it in this encoding'",
        "UTF-16BE, 'mine.yaml:1: found UTF-16, expected UTF-8: save it in this encoding'",
    })
    void aFileThatIsNoUtf8IsToldWithItsLine(String encoding, String told) {
        RouteFile file = RouteFile.decoded("mine.yaml", "# Ventas\n# Atención\n".getBytes(Charset.forName(encoding)));

        assertThat(check(file)).extracting(RouteFinding::toString).containsExactly(told);
        assertThat(RouteCheck.beforeLoading(List.of(file)))
                .extracting(RouteFinding::toString)
                .containsExactly(told);
    }

    @Test
    void aFileInUtf8IsReadAsItIs() {
        byte[] bytes = "# Atención 𝄞 €\n".getBytes(StandardCharsets.UTF_8);

        assertThat(RouteFile.decoded("mine.yaml", bytes))
                .isEqualTo(new RouteFile("mine.yaml", "# Atención 𝄞 €\n", null));
        assertThat(RouteFile.decoded("mine.yaml", new byte[0]).encodingFault()).isNull();
    }

    /** As half a character is, when the file ends with it. */
    @Test
    void aFileThatEndsInTheMiddleOfACharacterIsNoUtf8() {
        byte[] bytes = "# Atenció".getBytes(StandardCharsets.UTF_8);

        assertThat(RouteFile.decoded("mine.yaml", Arrays.copyOf(bytes, bytes.length - 1))
                        .encodingFault())
                .isNotNull();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "- to: {{data}}",
                "- to: {{data}}/json",
                "- to: {{data}}?a={{b}}",
                "- removeHeaders: {pattern: {{data}}}",
                "- to: [{{data}}]"
            })
    void aPlaceholderWithoutQuotesIsToldWithItsLine(String step) {
        assertThat(checkStep("- stop: {}\n" + step + "\n- stop: {}"))
                .containsExactly(
                        "mine.yaml:10: found {{ without quotes, expected a value that begins with {{ in quotes,"
                                + " such as \"{{agentcall.data}}/json\"");
    }

    @Test
    void aMappingAsAKeyIsNoYamlOfRoutes() {
        assertThat(checkStep("- {[a]: b}")).singleElement().asString().startsWith("mine.yaml: found no YAML: ");
    }

    @Test
    void aPlaceholderWithoutAValueIsTold() {
        assertThat(checkStep("- log: \"{{data}}{{empty}}{{?optional}}{{other:default}}{{env:HOME}}\""))
                .isEmpty();
        assertThat(checkStep("- log: \"{{dta}} {{channel.x}}\""))
                .containsExactly(
                        "mine.yaml:9: found {{channel.x}} in the route mine, expected a key that has a value in"
                                + " config/application.properties",
                        "mine.yaml:9: found {{dta}} in the route mine, expected a key that has a value in"
                                + " config/application.properties");
    }

    @Test
    void aRouteThatIsSwitchedOffNeedsNoValues() {
        String route = "- route:\n    id: mine\n    precondition: \"'{{?%s}}' != ''\"\n    from:\n      uri: timer:x\n"
                + "      steps:\n        - log: \"{{dta}}\"\n";

        assertThat(check(route.formatted("dta"))).isEmpty();
        assertThat(check(route.formatted("data"))).hasSize(1);
    }

    @Test
    void anEndpointOptionThatDoesNotExistIsToldWithItsRoute() {
        assertThat(checkStep("- to:\n    uri: seda:x?siz=5\n    parameters:\n      blockWhenFul: true"))
                .containsExactly(
                        "mine.yaml:10: found the option siz of seda: in the route mine, expected size",
                        "mine.yaml:12: found the option blockWhenFul of seda: in the route mine, expected blockWhenFull");
    }

    @Test
    void theOptionsOfAComponentThatIsABeanAreKnown() {
        assertThat(checkStep("- to: agentcall-jms:queue:x?concurrentConsumers=1&jmsMessageType=Text"))
                .isEmpty();
        assertThat(checkStep("- to:\n    uri: agentcall-jms:queue:x?concurrentConsumerz=1\n    parameters:\n"
                        + "      timeToLve: 5"))
                .containsExactly(
                        "mine.yaml:10: found the option concurrentConsumerz of agentcall-jms: in the route mine, expected"
                                + " concurrentConsumers",
                        "mine.yaml:12: found the option timeToLve of agentcall-jms: in the route mine, expected"
                                + " timeToLive");
        assertThat(checkStep("- to: my-servlet:x?muteExcepton=true")).hasSize(1);
    }

    @Test
    void anOptionThatHttpWouldTakeForAQueryIsAWarningWhenItIsNearlyOne() {
        assertThat(checkStep("- to: https://example.com?throwExceptionOnFailur=false&page=2"))
                .containsExactly(
                        "warning: mine.yaml:9: found the option throwExceptionOnFailur of https: in the route mine,"
                                + " expected throwExceptionOnFailure; it goes into the address as it is");
        assertThat(checkStep("- to: my-http:example.com?htpMethod=POST")).hasSize(1);
    }

    @Test
    void anEndpointOfNoComponentIsTold() {
        assertThat(checkStep("- to: nosuch:x"))
                .containsExactly("mine.yaml:9: found the endpoint nosuch: in the route mine, expected a component whose"
                        + " jar is in lib, with those that it needs, or a bean of that name");
    }

    @Test
    void aDirectEndpointThatNobodyServesIsTold() {
        assertThat(checkStep("- to: direct:plce-call"))
                .containsExactly(
                        "mine.yaml:9: found direct:plce-call in the route mine, expected a route from there, or"
                                + " direct:place-call");
        assertThat(checkStep("- recipientList:\n    constant: direct:place-call,direct:nobody"))
                .hasSize(1);
        assertThat(checkStep("- enrich:\n    expression:\n      constant:\n        expression: direct:nobody"))
                .hasSize(1);
        assertThat(checkStep("- toD: direct:${header.any}")).isEmpty();
        assertThat(checkStep("- setBody:\n    constant: direct:nobody")).isEmpty();
    }

    @Test
    void anAddressInASettingThatABeanIsMadeOfCounts() {
        assertThat(
                        check(
                                "- beans:\n    - name: mine\n      type: java.lang.Object\n      constructors:\n        0: \"{{channel}}\"\n"))
                .containsExactly(
                        "mine.yaml:5: found direct:chanel in {{channel}}, expected a route from there: no file has one");
    }

    @Test
    void aRouteThatNobodyCallsIsAWarning() {
        String route = "- route:\n    id: mine\n    from:\n      uri: direct:mine\n      steps:\n        - stop: {}\n";

        assertThat(check(route))
                .containsExactly(
                        "warning: mine.yaml:4: found a route from direct:mine, expected something that calls it:"
                                + " nothing does");
        assertThat(check(
                        new RouteFile("mine.yaml", route),
                        new RouteFile(
                                "other.yaml",
                                route.replace("mine", "other")
                                        .replace("stop: {}", "setBody: {constant: 'perhaps direct:mine'}"))))
                .extracting(RouteFinding::file)
                .containsExactly("other.yaml");
    }

    @Test
    void theRoutesThatTheProgramCallsAreMissed() {
        assertThat(new RouteCheck(context).check(List.of()))
                .extracting(RouteFinding::toString)
                .contains("routes: found no route from direct:call-rows, expected one: the program calls it");
    }

    @Test
    void anIdAndADirectEndpointAreGivenOnce() {
        assertThat(
                        check(
                                "- route:\n    id: place-call\n    from:\n      uri: direct:place-call\n      steps:\n        - stop: {}\n"))
                .anySatisfy(
                        finding -> assertThat(finding).contains("the route id place-call a second time", "mine.yaml:2"))
                .anySatisfy(
                        finding -> assertThat(finding).contains("a second route from direct:place-call", "mine.yaml:4"))
                .hasSize(2);
    }

    @Test
    void aBeanIsDeclaredOnce() {
        assertThat(check("- beans:\n    - name: calls\n      type: java.util.HashMap\n"))
                .containsExactly(
                        "shipped.yaml:2: found the bean calls a second time, expected another name: mine.yaml:2"
                                + " has it");
    }

    @Test
    void twoRoutesDoNotTakeFilesFromOnePlace() {
        String route =
                "- route:\n    id: %s\n    precondition: \"%s\"\n    from:\n      uri: file:in\n      parameters:\n"
                        + "        delay: %s\n      steps:\n        - stop: {}\n";

        assertThat(check(route.formatted("one", "true", 5) + route.formatted("two", "true", 5)))
                .containsExactly(
                        "mine.yaml:14: found a second route from file:in, expected another address: the one in mine.yaml:5"
                                + " has it");
        assertThat(check(route.formatted("one", "true", 5) + route.formatted("two", "true", "6\n        include: a")))
                .singleElement()
                .asString()
                .contains("a second route from file:in");
        assertThat(check(route.formatted("one", "true", "5\n        include: a")
                        + route.formatted("two", "true", "5\n        include: b")))
                .isEmpty();
        assertThat(check(route.formatted("one", "true", 5) + route.formatted("two", "'' != ''", 5)))
                .isEmpty();
    }

    @Test
    void aSimpleExpressionThatCannotBeReadIsTold() {
        assertThat(checkStep("- setBody:\n    expression:\n      simple:\n        expression: \"${bdy} {{data}}\""))
                .singleElement()
                .asString()
                .startsWith(
                        "mine.yaml:12: found ${bdy} there in the route mine, expected Simple: Unknown function: bdy");
        assertThat(checkStep("- setBody:\n    simple: \"${body\"")).hasSize(1);
        assertThat(checkStep("- filter:\n    simple: \"${header.a} == 'b' && ${body} != null\"\n    steps: []"))
                .isEmpty();
        assertThat(check("- route:\n    id: mine\n    precondition: \"${properties:x == true\"\n    from:\n"
                        + "      uri: timer:x\n      steps:\n        - stop: {}\n"))
                .singleElement()
                .asString()
                .startsWith("mine.yaml:3: found ${properties:x == true in the route mine, expected Simple: ");
    }

    @Test
    void aBeanThatDoesNotExistIsToldWithTheOneThatWasProbablyMeant() {
        assertThat(checkStep("- bean:\n    ref: calls\n- bean:\n    ref: calss"))
                .containsExactly("mine.yaml:12: found the bean calss in the route mine, expected calls");
        assertThat(checkStep("- to: bean:nobody?method=x")).hasSize(1);
        assertThat(checkStep("- log: \"${bean:nobody.x}\"")).hasSize(1);
        assertThat(checkStep("- split:\n    method: {ref: nobody}\n    executorService: \"#nobody\"\n    steps: []"))
                .hasSize(2);
        assertThat(checkStep("- bean:\n    ref: java.lang.Object")).isEmpty();
        assertThat(checkStep("- log: \"${bean:calls.x} ${bean:java.lang.Object} ${bean:type:java.lang.Object}\""))
                .isEmpty();
    }

    @Test
    void aRouteConfigurationThatDoesNotExistIsTold() {
        assertThat(check(
                        "- route:\n    id: mine\n    routeConfigurationId: chanel-errors\n    from:\n      uri: timer:x\n"
                                + "      steps:\n        - stop: {}\n"))
                .containsExactly("mine.yaml:3: found the routeConfigurationId chanel-errors in the route mine, expected"
                        + " channel-errors");
    }

    private static final String TEMPLATE = """
            - routeTemplate:
                id: post
                parameters:
                  - name: name
                  - name: path
                    defaultValue: /x
                beans:
                  - name: operation
                    type: java.lang.Object
                route:
                  from:
                    uri: direct:{{name}}
                    steps:
                      - bean:
                          ref: "{{operation}}"
                      - to: direct:{{path}}
            """;

    @Test
    void whatATemplateMakesIsLookedAtWithItsParameters() {
        String route = "- templatedRoute:\n    routeTemplateRef: post\n    routeId: mine\n    parameters:\n"
                + "      - name: name\n        value: mine\n      - name: path\n        value: %s\n";

        assertThat(check(new RouteFile("post.yaml", TEMPLATE), new RouteFile("mine.yaml", route.formatted("mine"))))
                .isEmpty();
        assertThat(check(new RouteFile("post.yaml", TEMPLATE), new RouteFile("mine.yaml", route.formatted("nobody"))))
                .extracting(RouteFinding::error, RouteFinding::file, RouteFinding::line)
                .containsExactly(tuple(false, "mine.yaml", 2), tuple(true, "post.yaml", 16));
    }

    @Test
    void aTemplateThatDoesNotExistAndAParameterThatIsMissingAreTold() {
        assertThat(check("- templatedRoute:\n    routeTemplateRef: pst\n    routeId: mine\n"))
                .containsExactly("mine.yaml:2: found the routeTemplateRef pst, expected a routeTemplate with this id");
        assertThat(check(
                        new RouteFile("post.yaml", TEMPLATE),
                        new RouteFile(
                                "mine.yaml", "- templatedRoute:\n    routeTemplateRef: post\n    routeId: mine\n")))
                .extracting(RouteFinding::toString)
                .containsExactly(
                        "mine.yaml:2: found no parameter name, expected it: the template post has no default for it");
    }

    @Test
    void allFindingsAreToldInTheOrderOfTheirLines() {
        assertThat(check("""
                        - route:
                            id: mine
                            from:
                              uri: seda:x?siz=5
                              steps:
                                - bean:
                                    ref: nobody
                                - setBoddy: {}
                                - to: direct:nobody
                        """))
                .hasSize(4)
                .extracting(finding -> finding.substring(0, "mine.yaml:0".length()))
                .containsExactly("mine.yaml:4", "mine.yaml:7", "mine.yaml:8", "mine.yaml:9");
    }
}
