package rater.reference;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;

/** Opens accounts and adds funds to them; of account commands it knows these two. */
final class Funder implements Processor<byte[], byte[], Void, Void> {
    private static final ObjectMapper JSON = new ObjectMapper();

    private KeyValueStore<Bytes, Long> balances;

    @Override
    public void init(ProcessorContext<Void, Void> context) {
        balances = context.getStateStore(Reference.BALANCES);
    }

    @Override
    public void process(Record<byte[], byte[]> record) {
        JsonNode command = parsed(record.value());
        Bytes tenant = Bytes.wrap(record.key());
        switch (command.path("type").asText()) {
            case "open_account" -> balances.putIfAbsent(tenant, 0L);
            case "add_funds" -> add(tenant, command.path("amount_micros").longValue());
            default -> { }
        }
    }

    private void add(Bytes tenant, long amount) {
        Long before = balances.get(tenant);
        if (before != null) {
            balances.put(tenant, Math.addExact(before, amount));
        }
    }

    private static JsonNode parsed(byte[] value) {
        try {
            return JSON.readTree(value);
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }
}
