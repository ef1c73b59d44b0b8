package rater.reference;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;

/** Prices each CDR, takes the amount off its tenant's balance, and writes one charge. */
final class Charger implements Processor<byte[], byte[], byte[], byte[]> {
    private static final JsonFactory JSON = new JsonFactory();
    private static final int CHARGE_BYTES = 256;

    private final Deck deck;
    private final Cdr cdr = new Cdr();
    private final ByteArrayOutputStream charge = new ByteArrayOutputStream(CHARGE_BYTES);
    private ProcessorContext<byte[], byte[]> context;
    private KeyValueStore<Bytes, Long> balances;

    Charger(Deck deck) {
        this.deck = deck;
    }

    @Override
    public void init(ProcessorContext<byte[], byte[]> context) {
        this.context = context;
        balances = context.getStateStore(Reference.BALANCES);
    }

    @Override
    public void process(Record<byte[], byte[]> record) {
        if (record.key() == null || !cdr.read(record.value())) {
            return;
        }
        Bytes tenant = Bytes.wrap(record.key());
        Long before = balances.get(tenant);
        if (before == null) {
            return;
        }
        Deck.Rate rate = cdr.billable() ? deck.find(cdr.outgoing(), cdr.to) : null;
        long billed = rate == null ? 0 : Deck.billedSeconds(cdr.seconds);
        long amount = rate == null ? 0 : rate.chargeMicros(billed);
        long balance = Math.subtractExact(before, amount);
        if (amount != 0) {
            balances.put(tenant, balance);
        }
        context.forward(record.withValue(encode(rate, billed, amount, balance)));
    }

    private byte[] encode(Deck.Rate rate, long billed, long amount, long balance) {
        charge.reset();
        try (JsonGenerator json = JSON.createGenerator(charge)) {
            json.writeStartObject();
            json.writeStringField("cdr_id", cdr.id);
            json.writeStringField("to", cdr.to);
            json.writeStringField("prefix", rate == null ? "" : rate.prefix());
            json.writeNumberField("billed_seconds", billed);
            json.writeNumberField("amount_micros", amount);
            json.writeNumberField("balance_micros", balance);
            json.writeEndObject();
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        return charge.toByteArray();
    }
}
