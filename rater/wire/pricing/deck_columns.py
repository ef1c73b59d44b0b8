"""Deck columns: every column that a rate deck may have: what it says, how it is read, its default.

This is the only place that says so: decks are read by it, and `docs/reference/deck-columns.md` is made of it
(`deck_handbook`). Only `prefix` and `rate` are required. An absent column and an empty cell both
mean the default.
"""

from collections.abc import Callable, Mapping
from functools import partial

from msgspec import Struct

from rater.core.limits import DURATION_S_MAX
from rater.core.money import MICROS_DECIMALS, NANOS_DECIMALS, Rounding
from rater.core.pricing.rates import DAY_S, UNKNOWN_ORIGIN, Action, Direction
from rater.wire.pricing import deck_cells as cell


class Column(Struct, frozen=True):
    """How one column is read, and what whoever writes a deck must know of it."""

    read: Callable[[str], object]
    meaning: str
    allowed: str
    examples: tuple[str, ...]
    unit: str = ""
    """Empty: it has none."""
    default: str = ""
    """The text that an empty cell stands for."""
    default_means: str = ""
    """What the default comes to, where it does not say so itself."""


REQUIRED = ("prefix", "rate")

_AMOUNT = "units of the deck's currency"
_WHOLE_DAY_S = f"a whole number from 1 to {DAY_S}"
_PRICE = f"a number from 0 to {cell.PRICE_MAX} with a decimal point, at most {{}} decimals"
_PREFIX = f"1 to {cell.PREFIX_DIGITS_MAX} digits, the first not 0; a plus sign may stand before"

COLUMNS: Mapping[str, Column] = {
    "prefix": Column(
        cell.read_prefix,
        "The digits with which the number called begins, in international form. The longest prefix "
        "of the deck that matches prices the call.",
        _PREFIX,
        ("336", "+336"),
        "digits",
    ),
    "direction": Column(
        partial(cell.read_choice, kinds=Direction),
        "Whether calls to the prefix are priced, or calls that come in on a service number of ours "
        "that begins with it (toll-free, conference).",
        ", ".join(Direction),
        ("out", "in"),
        default="out",
    ),
    "destination": Column(
        partial(cell.read_text, length_max=200),
        "The name of the destination, for people; ledger entries carry it.",
        "up to 200 characters",
        ("France mobile",),
        default_means="no name",
    ),
    "country": Column(
        cell.read_country,
        "The country of the destination.",
        "ISO 3166-1: two capital letters",
        ("FR",),
        default_means="not said",
    ),
    "number_type": Column(
        partial(cell.read_text, length_max=32),
        "The kind of number. `rater deck lint` knows landline, mobile, mixed, premium and "
        "shared_cost; any other text is taken as it is.",
        "up to 32 characters",
        ("mobile", "premium"),
        default_means="not said",
    ),
    "action": Column(
        partial(cell.read_choice, kinds=Action),
        "What the row does with a call: price it; let it be free, which charges nothing at all, "
        "connection fee included; or deny it, whatever longer prefixes of the deck say.",
        ", ".join(Action),
        ("rate", "free", "deny"),
        default="rate",
    ),
    "rate": Column(
        partial(cell.read_price, decimals=NANOS_DECIMALS),
        "The price of `per_seconds` seconds. May be empty in a row that is free or denies.",
        _PRICE.format(NANOS_DECIMALS),
        ("0.0316", "0"),
        _AMOUNT,
    ),
    "per_seconds": Column(
        partial(cell.read_whole, low=1, high=DAY_S),
        "The seconds that `rate` is the price of: 60 for a price a minute, 1 for one a second.",
        _WHOLE_DAY_S,
        ("60", "1"),
        "seconds",
        "60",
    ),
    "increment": Column(
        cell.read_increment,
        "What the length of a call is rounded up to: the initial increment, which is the least that "
        "is billed, then every further one. A further one of 0 is one price per call: the initial "
        "increment at the row's rate, however long the call is, and whatever hours or tiers it runs "
        "into. A call that began under another row pays nothing for the hours of such a row.",
        f"two numbers with a slash between: from 1 to {DAY_S}, and from 0 to {DAY_S}",
        ("60/60", "30/6", "1/1", "60/0"),
        "seconds/seconds",
        "60/60",
    ),
    "connection_fee": Column(
        partial(cell.read_price, decimals=MICROS_DECIMALS),
        "A fixed amount on top of the rate for every call of at least one second of which money pays a "
        "second: none within `grace_s`, and none where pools of plans pay the call to its end. That of the "
        "row in force at the answer counts, inside `max_charge`. Not in a free row: write action rate and "
        "rate 0 for calls that cost their fee alone.",
        _PRICE.format(MICROS_DECIMALS),
        ("0.05",),
        _AMOUNT,
        "0",
    ),
    "regulatory_fee": Column(
        partial(cell.read_price, decimals=MICROS_DECIMALS),
        "What a country's regulator asks of a call: a fixed amount, once, of every call of at least one "
        "second that the row prices, a line of its own on the ledger. The row alone decides: no other is "
        "asked, nor `country`, nor where the caller is, so each row of the country has to say it "
        "(`rater deck lint` warns where rows differ). That of the row in force at the answer counts, inside "
        "`max_charge` and as part of `min_charge`. Owed also where pools of plans pay some or all of the usage; "
        "never within `grace_s`, nor by calls that are free whatever the deck says (emergency, unanswered, to an "
        "ordinary number), nor where no deck is asked (an account without credits whose pools pay it all). Not "
        "in a free row.",
        _PRICE.format(MICROS_DECIMALS),
        ("0.02",),
        _AMOUNT,
        "0",
    ),
    "surcharge": Column(
        partial(cell.read_price, decimals=MICROS_DECIMALS),
        "A fixed amount on top of the price of a call, for payphones, satellite networks and the "
        "like: owed once by every call of which money pays a second, a line of its own on the ledger; none "
        "within `grace_s`, and none where pools of plans pay the call to its end. That of the row in "
        "force at the answer counts, inside `max_charge`. Not in a free row.",
        _PRICE.format(MICROS_DECIMALS),
        ("0.35",),
        _AMOUNT,
        "0",
    ),
    "grace_s": Column(
        partial(cell.read_whole, low=0, high=DAY_S),
        "The grace: calls that are shorter are free, with no fee and no surcharge, and their entry "
        "says so; all others are charged from their first second on. That of the row in force at "
        "the answer counts.",
        f"a whole number from 0 to {DAY_S}",
        ("6",),
        "seconds",
        "0",
        "none",
    ),
    "from_second": Column(
        partial(cell.read_whole, low=0, high=DURATION_S_MAX),
        "The second of the call from which on the row holds (a tier): 0, 600 for all after ten "
        "minutes. Not in a row that denies. Each tier rounds up to its own increment: the "
        "increment of the tier before should divide its length.",
        f"a whole number from 0 to {DURATION_S_MAX}",
        ("0", "600"),
        "seconds",
        "0",
    ),
    "days": Column(
        cell.read_days,
        "The days of the week on which the row's hours begin, in the deck's time zone.",
        f"names and ranges of {', '.join(cell.DAY_NAMES)}, with blanks or commas between",
        ("mon-fri", "sat sun", "fri-mon"),
        default_means="every day",
    ),
    "start": Column(
        cell.read_time,
        "The local time from which on the row holds, in the deck's time zone.",
        "00:00 to 23:59:59",
        ("08:00", "17:30:00"),
        "hh:mm or hh:mm:ss",
        "00:00",
    ),
    "end": Column(
        cell.read_time,
        "The local time at which the row ends. Before `start`: on the next day.",
        "00:00 to 24:00, not the same as `start`",
        ("20:00", "24:00"),
        "hh:mm or hh:mm:ss",
        "24:00",
    ),
    "calendar": Column(
        cell.read_calendar,
        "The calendar of the deck on whose dates the row holds, such as public holidays: from midnight "
        "to midnight in the deck's time zone, instead of the rows of the same prefix and callers that "
        "name none. Its dates come in a file of their own and are part of the version.",
        "the name of a calendar of the deck: 1 to 64 letters, digits, dots, dashes or underscores",
        ("holidays",),
        default_means="every date that is in no calendar of the prefix's rows",
    ),
    "rounding": Column(
        partial(cell.read_choice, kinds=Rounding),
        "How the whole charge of a call, fee included, is rounded to `decimals`; once.",
        ", ".join(Rounding),
        ("up", "half_even"),
        default="up",
    ),
    "decimals": Column(
        partial(cell.read_whole, low=0, high=MICROS_DECIMALS),
        "The decimals that a charge is rounded to.",
        f"a whole number from 0 to {MICROS_DECIMALS}",
        ("6", "2"),
        "decimals",
        str(MICROS_DECIMALS),
    ),
    "max_charge": Column(
        cell.read_cap,
        "The most that one call costs, fee included; that of the row in force at the answer counts.",
        _PRICE.format(MICROS_DECIMALS),
        ("5.00",),
        _AMOUNT,
        default_means="no cap",
    ),
    "min_charge": Column(
        partial(cell.read_price, decimals=MICROS_DECIMALS),
        "The least that one charged call costs, usage and fees together, after rounding; that of the "
        "row in force at the answer counts. What is missing to it is a line of its own on the "
        "ledger. Calls of no seconds, within `grace_s` and of free rows cost nothing all the same, and "
        "what pools of plans pay to its end has no minimum. "
        "Not more than `max_charge`, and not in a free row.",
        _PRICE.format(MICROS_DECIMALS),
        ("0.10",),
        _AMOUNT,
        "0",
    ),
    "origin_prefix": Column(
        cell.read_origin,
        "The digits with which the caller's number begins. The longest that matches wins; rows "
        f"without one are for all other callers. Rows of `{UNKNOWN_ORIGIN}` are for callers whose "
        "number is missing, not E.164, or masked where it matters: without such a row their calls "
        "wait in suspense wherever the prefix has rows by origin.",
        f"{_PREFIX}; or {UNKNOWN_ORIGIN}",
        ("32", "+33", UNKNOWN_ORIGIN),
        "digits",
        default_means="any caller",
    ),
}
"""By name, in the order in which they are written."""
