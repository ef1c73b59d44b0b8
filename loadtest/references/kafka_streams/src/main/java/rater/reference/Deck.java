package rater.reference;

import java.io.IOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A rate deck in two tries of digits, one for each direction: the longest prefix decides, unless a
 * denied one lies on the way. It knows plain decks alone: a rate a minute, every minute begun is
 * billed. Amounts are integers, a charge is rounded up to a whole micro, once.
 */
final class Deck {
    static final int BILLED_STEP_SECONDS = 60;
    private static final int NANOS_DIGITS = 9;
    private static final long NANOS_PER_MICRO = 1_000;
    private static final int DIGITS = 10;
    private static final int ROOT = 0;
    private static final Set<String> COLUMNS =
            Set.of("prefix", "direction", "destination", "country", "number_type", "action", "rate");

    /** What a prefix costs; nobody may call a denied one. */
    record Rate(String prefix, boolean denied, long nanosPerMinute) {
        long chargeMicros(long billedSeconds) {
            long divisor = BILLED_STEP_SECONDS * NANOS_PER_MICRO;
            return Math.floorDiv(
                    Math.addExact(Math.multiplyExact(nanosPerMinute, billedSeconds), divisor - 1),
                    divisor);
        }
    }

    private final Trie out = new Trie();
    private final Trie in = new Trie();

    static Deck read(Path file) throws IOException {
        List<String> lines = Files.readAllLines(file, StandardCharsets.UTF_8);
        List<String> header = cells(lines.get(0));
        if (!COLUMNS.containsAll(header)) {
            throw new IOException(file + ": plain decks only, not " + header);
        }
        Deck deck = new Deck();
        for (String line : lines.subList(1, lines.size())) {
            deck.add(header, cells(line));
        }
        return deck;
    }

    static long billedSeconds(long seconds) {
        long steps = Math.max(1, (seconds + BILLED_STEP_SECONDS - 1) / BILLED_STEP_SECONDS);
        return steps * BILLED_STEP_SECONDS;
    }

    /** Returns what decides an E.164 number, with or without its plus; null: nothing does. */
    Rate find(boolean outgoing, String number) {
        return (outgoing ? out : in).find(number);
    }

    private void add(List<String> header, List<String> cells) {
        Map<String, String> row = new HashMap<>();
        for (int column = 0; column < header.size(); column++) {
            row.put(header.get(column), cells.get(column));
        }
        boolean denied = row.get("action").equals("deny");
        BigDecimal rate = new BigDecimal(row.get("rate").isEmpty() ? "0" : row.get("rate"));
        long nanos = row.get("action").equals("rate") ? nanos(rate) : 0;
        Trie trie = row.get("direction").equals("in") ? in : out;
        trie.put(new Rate(row.get("prefix"), denied, nanos));
    }

    private static long nanos(BigDecimal rate) {
        return rate.movePointRight(NANOS_DIGITS).longValueExact();
    }

    /** Cuts a line of CSV; a quoted cell may hold commas and doubled quotes. */
    private static List<String> cells(String line) {
        List<String> cells = new ArrayList<>();
        StringBuilder cell = new StringBuilder();
        boolean quoted = false;
        for (int at = 0; at < line.length(); at++) {
            char each = line.charAt(at);
            if (each == '"') {
                boolean doubled = quoted && at + 1 < line.length() && line.charAt(at + 1) == '"';
                if (doubled) {
                    cell.append(each);
                    at++;
                } else {
                    quoted = !quoted;
                }
            } else if (each == ',' && !quoted) {
                cells.add(cell.toString());
                cell.setLength(0);
            } else {
                cell.append(each);
            }
        }
        cells.add(cell.toString());
        return cells;
    }

    /** Nodes are ten links each in one array of integers: a step of a walk is one look. */
    private static final class Trie {
        private int[] links = new int[DIGITS * 1_024];
        private Rate[] rates = new Rate[1_024];
        private int nodes = 1;

        void put(Rate rate) {
            int node = ROOT;
            for (int at = 0; at < rate.prefix().length(); at++) {
                int link = node * DIGITS + (rate.prefix().charAt(at) - '0');
                if (links[link] == ROOT) {
                    int grown = grow(); // Before links is looked at: it may be another array then.
                    links[link] = grown;
                }
                node = links[link];
            }
            rates[node] = rate;
        }

        Rate find(String number) {
            int node = ROOT;
            Rate found = null;
            for (int at = number.charAt(0) == '+' ? 1 : 0; at < number.length(); at++) {
                int digit = number.charAt(at) - '0';
                if (digit < 0 || digit >= DIGITS) {
                    return null;
                }
                node = links[node * DIGITS + digit];
                if (node == ROOT) {
                    break;
                }
                Rate rate = rates[node];
                if (rate != null) {
                    if (rate.denied()) {
                        return null;
                    }
                    found = rate;
                }
            }
            return found;
        }

        private int grow() {
            if (nodes == rates.length) {
                rates = Arrays.copyOf(rates, 2 * nodes);
                links = Arrays.copyOf(links, 2 * nodes * DIGITS);
            }
            return nodes++;
        }
    }
}
