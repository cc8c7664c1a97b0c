package dev.agentcall.app;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.camel.component.kafka.KafkaClientFactory;
import org.apache.camel.component.kafka.KafkaConfiguration;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.TopicPartition;

/** Kafka's own client without a broker behind it: there is none to be had in a test. Handed to Camel as a bean. */
@SuppressWarnings("rawtypes")
public final class KafkaStandIn implements KafkaClientFactory {

    static final String SETTING = "camel.beans.kafkaStandIn";
    static final String TOPIC = "agentcall.requests";

    private static final TopicPartition PARTITION = new TopicPartition(TOPIC, 0);
    private static volatile KafkaStandIn last;

    private final MockConsumer<String, String> consumer = new MockConsumer<>("earliest");
    private volatile Properties settings;

    public KafkaStandIn() {
        last = this;
        // Before any record: Camel asks for the consumer on a thread of its own, at a time of its own.
        consumer.schedulePollTask(() -> {
            consumer.rebalance(List.of(PARTITION));
            consumer.updateBeginningOffsets(Map.of(PARTITION, 0L));
        });
    }

    static KafkaStandIn ofLastStart() {
        return last;
    }

    /** What Camel gave Kafka's client. */
    Properties settings() {
        return settings;
    }

    void deliver(long offset, String value) {
        ConsumerRecord<String, String> record = new ConsumerRecord<>(TOPIC, 0, offset, null, value);
        record.headers().add("CamelKafkaOffset", "77".getBytes(UTF_8));
        consumer.schedulePollTask(() -> {
            if (offset < consumer.position(PARTITION)) {
                consumer.seek(PARTITION, offset);
            }
            consumer.addRecord(record);
        });
    }

    @Override
    public Consumer getConsumer(Properties properties) {
        settings = properties;
        return consumer;
    }

    @Override
    public Producer getProducer(Properties properties) {
        throw new UnsupportedOperationException("no example sends to Kafka");
    }

    @Override
    public String getBrokers(KafkaConfiguration configuration) {
        return configuration.getBrokers();
    }
}
