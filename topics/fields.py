"""Field types: what a value in a record may be, said once. msgspec checks it, and JSON Schema is made of it.

What msgspec cannot say is said here, too: `MOMENT_PATTERN` stands in the schemas and is checked by whoever reads the
time; that no card number stands where a reference belongs is checked by the core (`core/account/cards`).
"""

from datetime import datetime
from typing import Annotated, Final, Literal

from msgspec import Meta


def whole(pattern: str) -> str:
    """Return the pattern so that it must match a value as a whole: `$` would let a last line feed pass."""
    return rf"^(?:{pattern})\Z"


def in_schema(pattern: str) -> dict[str, str]:
    """Return what puts a pattern into the schema alone; whoever reads the field checks it, or nobody needs to."""
    return {"pattern": f"^(?:{pattern})$"}


MOMENT_PATTERN = (
    r"^(?:(20[0-9]{2}|2100)-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
    r"T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?"
    r"(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9]))$"
)
"""An RFC 3339 date-time with an offset; years 2000 to 2100."""
AMOUNT_MICROS_MAX = 9 * 10**15
"""Largest absolute amount anywhere: a thousand million units of a currency."""

NO_CURRENCY: Final = "XXX"
"""ISO 4217: no currency. Entries and events of an account without credits say it; no command and no deck may."""
TEST_CURRENCY: Final = "XTS"
"""Which ISO 4217 keeps for tests: nobody's money."""

VERSION_MAX = 2**31 - 1
"""Of what is published in versions: decks, plan catalogs, charging settings."""
NOTE_MAX = 1_000
RUNWAY_H_MAX = 87_600
"""Ten years."""

TENANT_PATTERN = r"[A-Za-z0-9._:@-]+"
ID_PATTERN = r"[\x21-\x7e]+"
COUNTRY_PATTERN = r"[A-Z]{2}"
NUMBER_PATTERN = r"\+[1-9][0-9]{0,14}\*{0,8}|[0-9*#]{1,15}"
EMAIL_PATTERN = (
    r"[A-Za-z0-9!#$%&'*+/=^_`{|}~-]{1,64}(?:\.[A-Za-z0-9!#$%&'*+/=^_`{|}~-]{1,64}){0,31}"
    r"@[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
    r"(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?){0,31}"
)
"""Dot-atoms without `?`: what could be an encoded word (RFC 2047) would be another address to whoever decodes it."""
DURATION_S_MAX = 2_678_400
"""31 days."""
TENANT = "The tenant who prepays; the key of the record."
NUMBER = (
    "E.164 with +, its tail masked with * where the platform hides it; or a short number as dialled, "
    "which is fewer than 7 digits even with a + before it."
)

ADMINISTRATOR_ROLES: Final = ("billing_admin", "global_admin")
"""Who may change settings; without a role the writer is trusted: the topic's access rules have let him in."""

LATEST_MS: Final = 4_133_980_800_000
"""2101-01-01: later is a sentinel, not a time."""

TENANT_ID = Meta(min_length=1, max_length=64, pattern=whole(TENANT_PATTERN))
ENTITY_ID = Meta(min_length=1, max_length=128, pattern=whole(ID_PATTERN))
CURRENCY = Meta(min_length=3, max_length=3, pattern=whole(r"[A-Z]{3}"))
COUNTRY = Meta(min_length=2, max_length=2, pattern=whole(COUNTRY_PATTERN))
OFFSET = Meta(ge=0, le=2**63 - 1)
MILLIS = Meta(ge=0, le=LATEST_MS)
AMOUNT = Meta(ge=-AMOUNT_MICROS_MAX, le=AMOUNT_MICROS_MAX)
POSITIVE = Meta(ge=1, le=AMOUNT_MICROS_MAX)
NOT_NEGATIVE = Meta(ge=0, le=AMOUNT_MICROS_MAX)

TenantId = Annotated[str, TENANT_ID, Meta(description=TENANT)]
Id = Annotated[str, ENTITY_ID]
Currency = Annotated[str, CURRENCY, Meta(description="ISO 4217.")]
AccountCurrency = Annotated[
    str,
    CURRENCY,
    Meta(description=f"ISO 4217; {NO_CURRENCY}, no currency: the account has no credits."),
]
Instant = Annotated[datetime, Meta(tz=True, extra_json_schema={"pattern": MOMENT_PATTERN})]
Moment = Annotated[str, Meta(extra_json_schema={"format": "date-time", "pattern": MOMENT_PATTERN})]
Micros = Annotated[int, AMOUNT, Meta(description="Millionths of the account's currency.")]
Offset = Annotated[int, OFFSET]
Millis = Annotated[int, MILLIS, Meta(description="Stream time, milliseconds since 1970 UTC.")]
Count = Annotated[int, Meta(ge=0, le=2**53 - 1)]
Month = Annotated[
    str,
    Meta(min_length=7, max_length=7, pattern=whole(r"[0-9]{4}-(?:0[1-9]|1[0-2])")),
    Meta(description="In the account's time zone, as 2026-12."),
]

Name = Annotated[str, Meta(min_length=1, max_length=64)]
CallClass = Annotated[
    Name,
    Meta(
        description="A class of calls, not the `call_type` of a CDR. Free: `emergency`; `inbound`, to an ordinary "
        "number of the tenant, unless a chain of the plan catalog names such calls; `in_bundle`, paid by pools to the "
        "last second. Of the others, of which money pays a part, the first that fits: `toll_free`, all incoming ones; "
        "`conference_dial_out`, outgoing with a `call_type` that begins with `conf`, in any letter case, whatever "
        "number it comes from; `overage`, to the country in which it is made; `international`, all others, unknown "
        "countries included. Where it is made the CDR's `usage_country` says, else its user's, else that of the "
        "account's licences if all are for one."
    ),
]
CallClasses = Annotated[
    tuple[CallClass, ...],
    Meta(
        max_length=16,
        description="Classes of calls: free `emergency`, `inbound` and `in_bundle`; paid `toll_free`, "
        "`conference_dial_out`, `overage` (in the country) and `international`.",
    ),
]
TimeZone = Annotated[str, Meta(min_length=1, max_length=64, description="IANA name.")]
ThresholdId = Annotated[str, Meta(min_length=1, max_length=64, pattern=whole(r"[\x21-\x7e]+"))]
ThresholdLabel = Annotated[
    str,
    Meta(min_length=1, max_length=64),
    Meta(
        description="What people know a threshold by: it stands in their letters, the id never does."
    ),
]
EventId = Annotated[
    str,
    Meta(min_length=1, max_length=320),
    Meta(description="Tenant, sequence number, what happened, and to which."),
]
Note = Annotated[str, Meta(max_length=NOTE_MAX)]
Version = Annotated[int, Meta(ge=1, le=VERSION_MAX)]
PlanId = Annotated[
    str,
    Meta(min_length=1, max_length=64, pattern=whole(r"[A-Za-z0-9._-]+")),
    Meta(description="Of the plan catalog; entitlements name plans by it."),
]
Country = Annotated[str, COUNTRY, Meta(description="ISO 3166-1 alpha-2.")]
Number = Annotated[
    str,
    Meta(min_length=1, max_length=32, pattern=whole(NUMBER_PATTERN)),
    Meta(description=NUMBER),
]
NotNegative = Annotated[int, NOT_NEGATIVE]
LotCategory = Annotated[
    Literal["promotional"],
    Meta(description="Credit that was given; none: money that was paid for."),
]
CdrVersion = Annotated[int, Meta(ge=1, le=1_000_000)]
SettingsVersion = Annotated[
    int,
    Meta(ge=0, le=VERSION_MAX),
    Meta(
        description="Of the charging settings, where they decided it; 0 is what ships. A version that was dated back "
        "is named by all that it decided before every worker knew it."
    ),
]
Positive = Annotated[int, POSITIVE]
Partition = Annotated[int, Meta(ge=0, le=100_000)]
Seconds = Annotated[
    int, Meta(ge=0, le=DURATION_S_MAX), Meta(description="Seconds, at most 31 days.")
]

Hours = Annotated[
    int, Meta(ge=1, le=RUNWAY_H_MAX), Meta(description="Whole hours, at most ten years.")
]
HoursRemaining = Annotated[
    int,
    Meta(ge=0, le=RUNWAY_H_MAX),
    Meta(
        description="Whole hours that the balance lasts at the present burn; none: nothing is spent, or the account "
        "pays later."
    ),
]
Email = Annotated[
    str,
    Meta(
        min_length=3,
        max_length=254,
        pattern=whole(EMAIL_PATTERN),
    ),
    Meta(
        description="Dot-atoms without ?, so that no reader can take it for an encoded word and decode it."
    ),
]
WebhookUrl = Annotated[
    str, Meta(min_length=1, max_length=2_000, pattern=whole(r"https?://[\x21-\x7e]+"))
]
Language = Literal["de", "en", "fr"]
CallDirection = Literal["out", "in"]
MethodReference = Annotated[
    str,
    Meta(min_length=1, max_length=255, pattern=whole(r"[\x21-\x7e]+")),
    Meta(description="The provider's reference to a stored payment method; never a card number."),
]
CustomerReference = Annotated[
    str, Meta(min_length=1, max_length=255, pattern=whole(r"[\x21-\x7e]+"))
]
Actor = Annotated[Id, Meta(description="Who asked for it, for the audit.")]
