package rater.reference;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.state.Stores;

/**
 * The Kafka Streams reference: CDRs in, priced by the longest prefix, a balance for each tenant,
 * one charge out; exactly once, with the balances in memory and on a changelog.
 *
 * <p>It does less than Rater, on purpose: it is what charging costs in Kafka Streams at the least.
 * It does not find duplicates and conflicts (it charges them), has no lots and draws, thresholds,
 * events and statuses, spend limits, suspense and dead letters (it drops what it cannot charge),
 * no versions of decks, bands, tiers, increments but 60/60, call classes, checks of numbers and
 * times, expiry, and writes nothing by which a batch can be proven. Its charge has six fields.
 *
 * <p>It stops on SIGTERM, exit code 0; a stream thread that fails ends it, exit code 1.
 */
public final class Reference {
    static final String BALANCES = "balances";
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(20);
    private static final int KIB = 1_024;
    private static final int MIB = 1_024 * KIB;

    private Reference() { }

    public static void main(String[] arguments) throws IOException {
        Map<String, String> options = new HashMap<>();
        for (int at = 0; at + 1 < arguments.length; at += 2) {
            options.put(arguments[at].substring("--".length()), arguments[at + 1]);
        }
        Deck deck = Deck.read(Path.of(options.get("deck")));
        KafkaStreams streams = new KafkaStreams(topology(options, deck), settings(options));
        streams.setUncaughtExceptionHandler(
                error -> {
                    error.printStackTrace();
                    Runtime.getRuntime().halt(1);
                    return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
                });
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(streams)));
        streams.start();
    }

    private static void stop(KafkaStreams streams) {
        // An exit by signal would be code 143.
        Runtime.getRuntime().halt(streams.close(CLOSE_TIMEOUT) ? 0 : 1);
    }

    private static Topology topology(Map<String, String> options, Deck deck) {
        Topology topology = new Topology();
        ByteArrayDeserializer bytes = new ByteArrayDeserializer();
        topology.addSource("cdrs", bytes, bytes, options.get("cdrs"));
        topology.addSource("commands", bytes, bytes, options.get("commands"));
        topology.addProcessor("charge", () -> new Charger(deck), "cdrs");
        topology.addProcessor("fund", Funder::new, "commands");
        var store =
                Stores.keyValueStoreBuilder(
                        Stores.inMemoryKeyValueStore(BALANCES), Serdes.Bytes(), Serdes.Long());
        boolean cached = Boolean.parseBoolean(options.getOrDefault("cache", "true"));
        topology.addStateStore(
                cached ? store.withCachingEnabled() : store.withCachingDisabled(), "charge", "fund");
        ByteArraySerializer out = new ByteArraySerializer();
        topology.addSink("charges", options.get("charges"), out, out, "charge");
        return topology;
    }

    private static Properties settings(Map<String, String> options) {
        Properties settings = new Properties();
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, options.get("application"));
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, options.get("broker"));
        settings.put(StreamsConfig.STATE_DIR_CONFIG, options.get("state"));
        settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, options.getOrDefault("threads", "1"));
        settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        settings.put(
                StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, options.getOrDefault("commit-ms", "100"));
        settings.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 64 * MIB);
        settings.put(StreamsConfig.BUFFERED_RECORDS_PER_PARTITION_CONFIG, 10_000);
        consume(settings, ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        consume(settings, ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 5_000);
        consume(settings, ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG, MIB);
        produce(settings, ProducerConfig.LINGER_MS_CONFIG, 20);
        produce(settings, ProducerConfig.BATCH_SIZE_CONFIG, 256 * KIB);
        produce(settings, ProducerConfig.BUFFER_MEMORY_CONFIG, 128 * MIB);
        options.forEach(
                (name, value) -> {
                    if (name.startsWith("set.")) {
                        settings.put(name.substring("set.".length()), value);
                    }
                });
        return settings;
    }

    private static void consume(Properties settings, String name, Object value) {
        settings.put(StreamsConfig.mainConsumerPrefix(name), value);
    }

    private static void produce(Properties settings, String name, Object value) {
        settings.put(StreamsConfig.producerPrefix(name), value);
    }
}
