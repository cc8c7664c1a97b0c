package dev.agentcall.jms;

import dev.agentcall.call.Text;
import dev.agentcall.config.JmsSettings;
import dev.agentcall.config.Settings;
import dev.agentcall.config.SettingsException;
import dev.agentcall.rest.ReadinessCheck;
import jakarta.jms.Connection;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.IllegalStateException;
import jakarta.jms.JMSException;
import jakarta.jms.JMSSecurityException;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.camel.CamelContext;
import org.apache.camel.CamelContextAware;
import org.messaginghub.pooled.jms.JmsPoolConnectionFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The message broker: where connections to it come from, and how receiving from it goes. Tells once when it is lost and
 * once when it is back.
 *
 * <p>It is a pool over Artemis' client, or the {@link ConnectionFactory} of the application where
 * {@code agentcall.jms.url} names it. Nothing connects, and there is no pool, while that is not set.
 */
public final class Broker implements ReadinessCheck, CamelContextAware, AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Broker.class);

    /** After a try to connect that failed. */
    private static final long REST_NANOS = Duration.ofSeconds(1).toNanos();

    private final JmsSettings settings;
    /** The name of the application's ConnectionFactory, null for none. */
    private final String hosts;

    private final JmsPoolConnectionFactory pool;
    private CamelContext context;

    private final ReentrantLock connecting = new ReentrantLock();
    /** Why the last try to connect failed, null if it did not. */
    private volatile Refused refused;

    private volatile long restsUntil;

    private volatile Trouble trouble = Trouble.NOT_YET;
    private volatile int losses;
    private String detail = "not connected yet";
    private Instant since = Instant.now();

    /** What there is to tell apart; a change of it is worth a line in the log. */
    private enum Trouble {
        NONE,
        NOT_YET,
        AWAY,
        LOGIN,
        QUEUE
    }

    /**
     * Makes the pool if JMS is on; does not connect.
     *
     * @throws SettingsException if {@code agentcall.jms.url} is no URL of a broker
     */
    public Broker(Settings settings) {
        this.settings = settings.jms();
        this.hosts = this.settings == null ? null : Settings.beanOf(this.settings.url());
        this.pool = this.settings == null || hosts != null ? null : ArtemisPool.of(this.settings);
    }

    // --- Connections ---

    /**
     * A connection, with the user and password of the settings. A try that fails takes seconds, and each outcome of all
     * sources would wait for one of its own: while one is made, and for a second after it, others fail as it did.
     *
     * @throws JMSException that names the setting to look at
     */
    Connection createConnection() throws JMSException {
        ConnectionFactory factory = hosts == null ? pool : hosts();
        if (factory == null) {
            throw new JMSException(
                    "agentcall.jms.url: not set, expected the broker that an endpoint agentcall-jms: is at");
        }
        Refused before = refused;
        if (before == null) {
            connecting.lock();
        } else if (!connecting.tryLock()) {
            throw before.again();
        }
        try {
            before = refused;
            if (before != null && System.nanoTime() - restsUntil < 0) {
                throw before.again();
            }
            return connect(factory);
        } finally {
            connecting.unlock();
        }
    }

    private Connection connect(ConnectionFactory factory) throws Refused {
        try {
            Connection connection = factory.createConnection();
            refused = null;
            return connection;
        } catch (JMSSecurityException e) {
            throw rests(new Refused(
                    Trouble.LOGIN,
                    "agentcall.jms.user, agentcall.jms.password: the broker at " + settings.urlShown()
                            + " does not let the user '" + settings.user() + "' in",
                    e));
        } catch (JMSException e) {
            throw rests(new Refused(Trouble.AWAY, "agentcall.jms.url: no broker answers at " + settings.urlShown(), e));
        }
    }

    private Refused rests(Refused failure) {
        restsUntil = System.nanoTime() + REST_NANOS;
        refused = failure;
        return failure;
    }

    private ConnectionFactory hosts() throws JMSException {
        ConnectionFactory factory = context.getRegistry().lookupByNameAndType(hosts, ConnectionFactory.class);
        if (factory == null) {
            throw new JMSException("agentcall.jms.url: found " + settings.url()
                    + ", expected the name of a jakarta.jms.ConnectionFactory in Camel's registry");
        }
        return factory;
    }

    /**
     * The same for JMS clients. This bean itself is no {@link ConnectionFactory}: it would stand beside the application's
     * own, and components that look for the only one would find none.
     */
    public ConnectionFactory connectionFactory() {
        return new BrokerConnections(this);
    }

    // --- How it goes ---

    @Override
    public String name() {
        return "jms";
    }

    /** Why nothing is received from the queue, for people; null while it is, and where JMS is off. */
    @Override
    public synchronized String notReady() {
        return settings == null || trouble == Trouble.NONE ? null : detail;
    }

    /** How often it was lost so far, for {@link #receiving}. */
    int losses() {
        return losses;
    }

    /**
     * A consumer has received, or waited to.
     *
     * @param since the losses when it began; with another one since then nothing is proved
     */
    void receiving(int since) {
        if (trouble != Trouble.NONE) {
            back(since);
        }
    }

    private synchronized void back(int before) {
        if (losses != before) {
            return;
        }
        if (trouble == Trouble.NOT_YET) {
            LOG.info("receiving from queue {} at {}", settings.requests(), settings.urlShown());
        } else if (trouble != Trouble.NONE) {
            LOG.info(
                    "receiving from queue {} again after {} s",
                    settings.requests(),
                    Duration.between(since, Instant.now()).toSeconds());
        }
        trouble = Trouble.NONE;
    }

    /**
     * Returns if the broker lets the user in. Nothing is received.
     *
     * @throws JMSException that names the setting to look at
     */
    public void check() throws JMSException {
        createConnection().close();
    }

    /** The connection broke, or there is none to be had, or no consumer on it. */
    synchronized void lost(Throwable failure) {
        losses++;
        Refused refused = failure instanceof Refused known
                ? known
                : new Refused(
                        Trouble.AWAY, "agentcall.jms.url: the broker at " + settings.urlShown() + " is gone", failure);
        if (trouble == Trouble.NONE || trouble == Trouble.NOT_YET) {
            since = Instant.now();
        }
        detail = refused.getMessage();
        if (trouble != refused.trouble) {
            trouble = refused.trouble;
            LOG.error("no messages are received, it is tried again until they are: {}", detail);
        }
    }

    /** There is no consumer to be had on the queue. */
    JMSException noConsumer(JMSException e) {
        String queue = "agentcall.jms.requests: ";
        if (e instanceof JMSSecurityException) {
            queue += "the user '" + settings.user() + "' may not receive from queue " + settings.requests()
                    + ", or not make it";
        } else if (e instanceof IllegalStateException || e.getCause() != null) {
            return e; // the connection broke
        } else {
            queue += "there is no queue " + settings.requests() + ", and the broker does not make it by itself";
        }
        return new Refused(Trouble.QUEUE, queue, e);
    }

    /** A fault with the setting to look at in its message. */
    private static final class Refused extends JMSException {
        private static final long serialVersionUID = 1L;

        private final Trouble trouble;

        private Refused(Trouble trouble, String message, Throwable cause) {
            super(message + " (" + why(Text.root(cause)) + ")");
            this.trouble = trouble;
            initCause(cause);
        }

        /** What the last try was told, for one that is not made. */
        private Refused(Refused last) {
            super(last.getMessage());
            this.trouble = last.trouble;
            initCause(last.getCause());
        }

        private Refused again() {
            return new Refused(this);
        }

        private static String why(Throwable root) {
            return root.getMessage() == null ? root.getClass().getSimpleName() : root.getMessage();
        }
    }

    /** Closes the pool's connections. */
    @Override
    public void close() {
        if (pool != null) {
            pool.stop();
        }
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
