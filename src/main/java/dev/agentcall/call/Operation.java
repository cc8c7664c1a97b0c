package dev.agentcall.call;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.agentcall.form.FormBody;
import dev.agentcall.http.UcontactHttp;
import java.util.Map;
import org.apache.camel.CamelContext;
import org.apache.camel.CamelContextAware;
import org.apache.camel.Exchange;
import org.apache.camel.InvalidPayloadException;
import org.apache.camel.Message;
import org.apache.camel.Predicate;

/**
 * One operation of uContact's API, as a use of the route template post-form: makes the form that is sent, and reads what
 * came back. An operation with a predicate for success is judged here; without one its caller judges, as place-call does.
 */
public final class Operation implements CamelContextAware {

    /** Exchange variable with the {@link Answer}, where the caller judges. */
    public static final String ANSWER = "answer";

    /** Exchange variable, where the operation has a predicate: accepted, rejected, unknown or unavailable. */
    public static final String RESULT = "result";

    private static final String ACCEPTED = "accepted";
    private static final String FORM = "application/x-www-form-urlencoded; charset=UTF-8";
    private static final JsonMapper JSON = new JsonMapper();

    private CamelContext context;
    private String name;
    private String success = "";
    private Predicate predicate;

    /** The route's id, for people and programs that read results. */
    public void setName(String name) {
        this.name = name;
    }

    /**
     * The predicate, in Camel's simple language, that the text of a 2xx answer meets if the operation was accepted; null or
     * blank if the caller judges.
     */
    public void setSuccess(String success) {
        this.success = success == null ? "" : success.strip();
    }

    /**
     * Reads the predicate.
     *
     * @throws org.apache.camel.RuntimeCamelException if it is none
     */
    public void open() {
        if (!success.isEmpty()) {
            predicate = context.resolveLanguage("simple").createPredicate(success);
        }
    }

    /**
     * Makes the body a form: of a map or a JSON object each member is a field; any other text is a form already, and no
     * body is one without fields.
     *
     * @throws IllegalArgumentException if the body begins as JSON and is none
     */
    public void form(Exchange exchange) throws InvalidPayloadException {
        Message message = exchange.getMessage();
        exchange.removeProperty(UcontactHttp.ANSWER); // of an earlier POST
        if (message.getBody() instanceof Map<?, ?> fields) {
            message.setBody(FormBody.encodeMap(fields));
        } else {
            String text = message.getBody() == null ? "" : message.getMandatoryBody(String.class);
            message.setBody(text.stripLeading().startsWith("{") ? FormBody.encodeJson(text) : text);
        }
        message.setHeader(Exchange.CONTENT_TYPE, FORM);
        exchange.setProperty(UcontactHttp.ASIDE, predicate != null);
    }

    /** After the POST: leaves the text of a 2xx answer as the body, null for any other; or the result, where one is judged. */
    public void answered(Exchange exchange) {
        Answer noted = exchange.getProperty(UcontactHttp.ANSWER, Answer.class);
        Integer status = exchange.getMessage().getHeader(Exchange.HTTP_RESPONSE_CODE, Integer.class);
        // Without a note the answer came from the proxy, which would not let the request through.
        answered(exchange, noted != null ? noted : Answer.notSent("the proxy answered HTTP " + status));
    }

    /** After a POST that failed. */
    public void failed(Exchange exchange) {
        Throwable failure = exchange.getProperty(Exchange.EXCEPTION_CAUGHT, Throwable.class);
        answered(exchange, UcontactHttp.failed(exchange, failure));
    }

    private void answered(Exchange exchange, Answer answer) {
        exchange.removeProperty(UcontactHttp.ASIDE);
        Message message = exchange.getMessage();
        message.removeHeaders("*");
        message.setBody(answer.okText());
        if (predicate != null) {
            judge(exchange, answer);
        } else {
            exchange.setVariable(ANSWER, answer);
        }
    }

    private void judge(Exchange exchange, Answer answer) {
        // What is accepted may be the beginning of something else, if its end was the end of the connection.
        boolean accepted = answer.okText() != null && !answer.openEnded() && predicate.matches(exchange);
        Verdict verdict = accepted
                ? null
                : OutcomeRules.notAccepted(
                        answer, "an answer that meets " + success, "uContact may have done what was asked");
        String result = accepted
                ? ACCEPTED
                : verdict.isUnavailable() ? "unavailable" : verdict.kind().word();
        ObjectNode json = JSON.createObjectNode()
                .put("operation", name)
                .put("result", result)
                .put("answer", accepted ? answer.text().strip() : null)
                .put("reason", accepted ? null : verdict.reason())
                .put("detail", accepted ? null : verdict.detail())
                .put("httpStatus", answer.status());
        exchange.setVariable(RESULT, result);
        exchange.getMessage().setBody(json.toString());
    }

    @Override
    public CamelContext getCamelContext() {
        return context;
    }

    @Override
    public void setCamelContext(CamelContext context) {
        this.context = context;
    }
}
