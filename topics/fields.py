"""Field constraints: what a value in a record may be, said once and rendered into JSON Schema.

A record field is annotated `Annotated[int, Range(0, 10)]`, `Annotated[str, Text(64)]` and so on.
"""

from dataclasses import dataclass
from typing import Annotated, Literal


@dataclass(frozen=True, slots=True)
class Range:
    """Inclusive bounds of an integer."""

    minimum: int
    maximum: int


@dataclass(frozen=True, slots=True)
class Text:
    """Bounds of a string in characters, and the pattern that it must match as a whole."""

    max_length: int
    min_length: int = 1
    pattern: str | None = None


@dataclass(frozen=True, slots=True)
class Items:
    """Bounds of a list's length."""

    max_items: int
    min_items: int = 0


@dataclass(frozen=True, slots=True)
class About:
    """One sentence on a field: its meaning, unit or owner, as its type does not tell."""

    text: str


@dataclass(frozen=True, slots=True)
class Timestamp:
    """An RFC 3339 date-time with an offset; years 2000 to 2100."""


@dataclass(frozen=True, slots=True)
class Wire:
    """The field's name on the wire, where it cannot be a Python name."""

    name: str


AMOUNT_MICROS_MAX = 9 * 10**15
"""Largest absolute amount anywhere: a thousand million units of a currency."""

TENANT_ID = Text(64, pattern=r"[A-Za-z0-9._:@-]+")
ENTITY_ID = Text(128, pattern=r"[\x21-\x7e]+")
CURRENCY = Text(3, 3, r"[A-Z]{3}")
COUNTRY = Text(2, 2, r"[A-Z]{2}")
OFFSET = Range(0, 2**63 - 1)
MILLIS = Range(0, 4_133_980_800_000)
AMOUNT = Range(-AMOUNT_MICROS_MAX, AMOUNT_MICROS_MAX)
POSITIVE = Range(1, AMOUNT_MICROS_MAX)
NOT_NEGATIVE = Range(0, AMOUNT_MICROS_MAX)

TenantId = Annotated[str, TENANT_ID, About("The tenant who prepays; the key of the record.")]
Id = Annotated[str, ENTITY_ID]
Currency = Annotated[str, CURRENCY, About("ISO 4217.")]
Moment = Annotated[str, Timestamp()]
Micros = Annotated[int, AMOUNT, About("Millionths of the account's currency.")]
Offset = Annotated[int, OFFSET]
Millis = Annotated[int, MILLIS, About("Stream time, milliseconds since 1970 UTC.")]
Count = Annotated[int, Range(0, 2**53 - 1)]

Name = Annotated[str, Text(64)]
ThresholdId = Annotated[str, Text(64, pattern=r"[\x21-\x7e]+")]
ThresholdLabel = Annotated[
    str,
    Text(64),
    About("What people know a threshold by: it stands in their letters, the id never does."),
]
EventId = Annotated[str, Text(320), About("Tenant, sequence number, what happened, and to which.")]
Note = Annotated[str, Text(1000, 0)]
Country = Annotated[str, COUNTRY, About("ISO 3166-1 alpha-2.")]
Number = Annotated[
    str,
    Text(32, pattern=r"\+[1-9][0-9]{0,14}\*{0,8}|[0-9*#]{1,15}"),
    About(
        "E.164 with +, its tail masked with * where the platform hides it; or a short number as dialled, "
        "which is fewer than 7 digits even with a + before it."
    ),
]
NotNegative = Annotated[int, NOT_NEGATIVE]
SettingsVersion = Annotated[
    int,
    Range(0, 2**31 - 1),
    About("Of the charging settings, where they decided it; 0 is what ships."),
]
Positive = Annotated[int, POSITIVE]
Partition = Annotated[int, Range(0, 100_000)]
Seconds = Annotated[int, Range(0, 2_678_400), About("Seconds, at most 31 days.")]

Hours = Annotated[int, Range(1, 87_600), About("Whole hours, at most ten years.")]
RunwayHours = Annotated[
    int,
    Range(0, 87_600),
    About("Whole hours that the balance lasts at the present burn; none: nothing is spent."),
]
Email = Annotated[
    str,
    Text(
        254,
        3,
        r"[A-Za-z0-9!#$%&'*+/=^_`{|}~-]{1,64}(?:\.[A-Za-z0-9!#$%&'*+/=^_`{|}~-]{1,64}){0,31}"
        r"@[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
        r"(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?){0,31}",
    ),
    About("Dot-atoms without ?, so that no reader can take it for an encoded word and decode it."),
]
WebhookUrl = Annotated[str, Text(2_000, pattern=r"https?://[\x21-\x7e]+")]
Language = Literal["de", "en", "fr"]
MethodReference = Annotated[
    str,
    Text(255, pattern=r"[\x21-\x7e]+"),
    About("The provider's reference to a stored payment method; never a card number."),
]
CustomerReference = Annotated[str, Text(255, pattern=r"[\x21-\x7e]+")]
Actor = Annotated[Id, About("Who asked for it, for the audit.")]
