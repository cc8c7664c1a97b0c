package dev.agentcall.jms;

import dev.agentcall.call.CallRequest;
import dev.agentcall.call.ExpiredException;
import dev.agentcall.call.Gate;
import dev.agentcall.call.Incoming;
import dev.agentcall.call.OnceAMinute;
import dev.agentcall.call.RequestReader;
import dev.agentcall.call.Source;
import dev.agentcall.call.StoppingException;
import dev.agentcall.call.Submission;
import dev.agentcall.config.Settings;
import dev.agentcall.ledger.LedgerException;
import jakarta.jms.BytesMessage;
import jakarta.jms.JMSException;
import jakarta.jms.MapMessage;
import jakarta.jms.Message;
import jakarta.jms.ObjectMessage;
import jakarta.jms.StreamMessage;
import jakarta.jms.TextMessage;
import java.time.Duration;
import java.time.Instant;
import java.util.regex.Pattern;
import org.apache.activemq.artemis.jms.client.ActiveMQMessage;
import org.apache.camel.Exchange;
import org.apache.camel.RuntimeCamelException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.util.ErrorHandler;

/** The steps of the route receive-jms: a message becomes a request, and what went wrong is told. */
public final class Requests implements ErrorHandler {

    /** Exchange variable: the {@link Submission} that the message is. */
    public static final String SUBMISSION = "submission";
    /** Exchange variable: where the sender wants the outcome, a {@link jakarta.jms.Destination}; null for nowhere. */
    public static final String REPLY_TO = "replyTo";
    /** Exchange variable: what the sender knows the reply by. */
    public static final String CORRELATION_ID = "correlationId";

    private static final Logger LOG = LoggerFactory.getLogger(Requests.class);
    /** About what may come over REST. */
    private static final int MOST_CHARACTERS = 64 * 1024;

    private static final Duration PAUSE = Duration.ofSeconds(1);
    /** What may be a request's id; other message ids, which senders may choose freely, are not. */
    private static final Pattern ID = Pattern.compile("[!-.0-~]{1,200}");

    private final Gate gate;
    private final Source source;
    private final OnceAMinute told = new OnceAMinute();

    public Requests(Settings settings, Gate gate) {
        this.gate = gate;
        this.source =
                settings.jms() == null ? null : new Source("jms", settings.jms().requests(), null);
    }

    /**
     * Reads the message in the body, and leaves what is wanted of it as variables; nothing else of it goes on.
     *
     * @throws JMSException if it cannot be read
     */
    public void read(Exchange exchange) throws JMSException {
        Message message = exchange.getMessage().getBody(Message.class);
        Incoming incoming = incoming(message);
        String messageId = messageId(message);
        CallRequest request = incoming.request();
        if (request.requestId() == null) {
            incoming = new Incoming(request.withRequestId(messageId), incoming.faults());
        }
        long expires = message.getJMSExpiration();
        exchange.setVariable(
                SUBMISSION,
                Submission.ofMessage(incoming, messageId, expires == 0 ? null : Instant.ofEpochMilli(expires)));
        exchange.setVariable(REPLY_TO, message.getJMSReplyTo());
        String correlationId = message.getJMSCorrelationID();
        exchange.setVariable(CORRELATION_ID, correlationId != null ? correlationId : message.getJMSMessageID());
        exchange.getMessage().setBody(null);
    }

    private Incoming incoming(Message message) throws JMSException {
        if (message instanceof TextMessage text) {
            String json = text.getText();
            if (json == null) {
                return RequestReader.malformed("expected a JSON object, found an empty message", source);
            }
            return json.length() > MOST_CHARACTERS
                    ? RequestReader.malformed(
                            "expected a message of at most " + MOST_CHARACTERS + " characters, found " + json.length(),
                            source)
                    : RequestReader.readJson(json, source);
        }
        // What is in it is not looked at: an object in it would be made into one of our classes.
        return RequestReader.malformed("expected a text message with a JSON object, found " + kind(message), source);
    }

    private static String kind(Message message) {
        if (message instanceof ObjectMessage) {
            return "an object message";
        } else if (message instanceof BytesMessage) {
            return "a bytes message";
        } else if (message instanceof MapMessage) {
            return "a map message";
        } else if (message instanceof StreamMessage) {
            return "a stream message";
        }
        return "a message without a body";
    }

    /**
     * What the message is known by, if it comes again: its id; without one (STOMP), or with one that can be no request's
     * id, the broker's own number and time of it. Null with a broker that gives neither.
     */
    private static String messageId(Message message) throws JMSException {
        String id = message.getJMSMessageID();
        if (id != null && ID.matcher(id).matches()) {
            return id;
        }
        return message instanceof ActiveMQMessage artemis
                ? "artemis-" + artemis.getCoreMessage().getMessageID() + "-" + message.getJMSTimestamp()
                : null;
    }

    /**
     * After a try without an outcome: the message is tried again, after a pause if something of our own is broken.
     *
     * @throws StoppingException if the process stops: then the message goes back to the broker
     */
    public void undecided(Exchange exchange) throws InterruptedException {
        Exception failure = exchange.getProperty(Exchange.EXCEPTION_CAUGHT, Exception.class);
        if (failure instanceof LedgerException) {
            if (told.isDue()) {
                LOG.error("messages wait and are tried again every {} s: {}", PAUSE.toSeconds(), failure.getMessage());
            }
            gate.pause(PAUSE);
        }
        if (gate.isStopping()) {
            throw new StoppingException();
        }
    }

    /** The sender's queue did not take the reply. The outcome is in the ledger and in its channel. */
    public void replyFailed(Exchange exchange) {
        LOG.warn(
                "no reply could be sent to {}: {}",
                exchange.getVariable(REPLY_TO),
                String.valueOf(exchange.getProperty(Exchange.EXCEPTION_CAUGHT)));
    }

    /** Tells why a message is handed back to the broker; not at a stop, nor when the broker itself is the reason. */
    @Override
    public void handleError(Throwable failure) {
        Throwable cause =
                failure instanceof RuntimeCamelException && failure.getCause() != null ? failure.getCause() : failure;
        if (cause instanceof ExpiredException) {
            LOG.warn("{}; it goes back to the broker, which puts expired messages aside", cause.getMessage());
        } else if (!(cause instanceof StoppingException) && !(cause instanceof JMSException)) {
            LOG.error("a message goes back to the broker: {}", cause.toString(), failure);
        }
    }
}
