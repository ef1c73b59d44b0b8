package rater.reference;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;

/**
 * The fields of a CDR that decide a charge. One object takes one record after another. A field that
 * is there twice counts as it stands last; what is not listed here is passed over unseen.
 */
final class Cdr {
    private static final JsonFactory JSON = new JsonFactory();

    String id;
    String to;
    String direction;
    String disposition;
    long seconds;

    /** Reads a record; false: its JSON is broken, or a field that is needed is not in it. */
    boolean read(byte[] value) {
        id = to = direction = null;
        disposition = "answered";
        seconds = -1;
        if (value == null) {
            return false;
        }
        try (JsonParser parser = JSON.createParser(value)) {
            return fields(parser) && id != null && to != null && isDirection() && seconds >= 0;
        } catch (IOException broken) {
            return false;
        }
    }

    boolean outgoing() {
        return direction.equals("out");
    }

    /** Whether there is anything to pay for: an answered call to a number in E.164. */
    boolean billable() {
        return seconds > 0 && disposition.equals("answered") && to.startsWith("+");
    }

    private boolean isDirection() {
        return "out".equals(direction) || "in".equals(direction);
    }

    private boolean fields(JsonParser parser) throws IOException {
        if (parser.nextToken() != JsonToken.START_OBJECT) {
            return false;
        }
        String name;
        while ((name = parser.nextFieldName()) != null) {
            JsonToken token = parser.nextToken();
            switch (name) {
                case "cdr_id" -> id = text(parser, token);
                case "to" -> to = text(parser, token);
                case "direction" -> direction = text(parser, token);
                case "disposition" -> disposition = text(parser, token);
                case "billsec" ->
                        seconds = token == JsonToken.VALUE_NUMBER_INT ? parser.getLongValue() : -1;
                default -> parser.skipChildren();
            }
        }
        return parser.currentToken() == JsonToken.END_OBJECT && disposition != null;
    }

    private static String text(JsonParser parser, JsonToken token) throws IOException {
        if (token == JsonToken.VALUE_STRING) {
            return parser.getText();
        }
        parser.skipChildren();
        return null;
    }
}
