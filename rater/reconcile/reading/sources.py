"""Source records: CDRs and commands as others wrote them, read anew for comparison.

Only what a ledger entry can be held against is read; whether a record should have been taken is the charging agent's
business. What cannot be read comes back as None: then it must be a dead letter.
"""

from datetime import UTC, datetime
from zlib import crc32

import msgspec
from xxhash import xxh3_128_digest

from topics.manifests import cdr_key, command_key
from topics.records.charging_settings import CDR_BYTES_MOST

DAY_MS = 86_400_000
READ_BYTES_MAX = 65_536
"""A longer command is a dead letter, whatever it says; of a CDR the settings say how long it may be."""
PROJECTION_VERSION = 1
"""Of what is hashed of a CDR."""
_pack = msgspec.msgpack.Encoder().encode


class SourceCdr(msgspec.Struct, gc=False):
    """The fields of a CDR that its charge must agree with."""

    cdr_id: str
    tenant_id: str
    direction: str
    to: str
    started_at: datetime
    ended_at: datetime
    billsec: int
    version: int = 1
    kind: str = "final"
    call_type: str | None = None
    from_: str | None = msgspec.field(name="from", default=None)
    usage_country: str | None = None
    service_number_type: str | None = None
    answered_at: datetime | None = None
    disposition: str = "answered"
    user_id: str | None = None
    organizer_id: str | None = None
    routing_number: str | None = None

    @property
    def leads_to(self) -> str | None:
        """Return where the number dialled leads, if the call is priced by that instead."""
        is_other = self.direction == "out" and self.routing_number not in {None, "", self.to}
        return self.routing_number if is_other else None

    @property
    def consumer(self) -> str | None:
        """Return whose call it is: of a conference its organizer's, any other its user's; else the one who is named."""
        named = [self.user_id or None, self.organizer_id or None]
        if (self.call_type or "").lower().startswith("conf"):
            named.reverse()
        return named[0] or named[1]

    @property
    def answered_ms(self) -> int:
        """Return when the call was answered; where that is not said, when it started."""
        return millis(self.answered_at or self.started_at)

    @property
    def ended_ms(self) -> int:
        """Return when the call ended."""
        return millis(self.ended_at)

    def digest(self) -> bytes:
        """Return the hash of the CDR's identity, as batch manifests hold it."""
        return xxh3_128_digest(cdr_key(self.tenant_id, self.cdr_id, self.version))

    def content(self) -> int:
        """Return the hash of what decides the charge, as batch manifests hold it."""
        said = (
            PROJECTION_VERSION,
            self.tenant_id,
            self.cdr_id,
            self.version,
            self.kind,
            self.direction,
            self.to,
            self.from_ or None,
            self.call_type or None,
            self.service_number_type or None,
            self.usage_country or None,
            self.disposition,
            self.answered_ms,
            self.ended_ms,
            self.billsec,
        )
        last: tuple[str | None, ...] = (self.consumer, self.leads_to)
        while last and last[-1] is None:
            last = last[:-1]
        return crc32(_pack(said + last))


class SourceThreshold(msgspec.Struct, gc=False):
    """A threshold that a command sets, in micros or in hours."""

    threshold_id: str
    amount_micros: int | None = None
    hours: int | None = None
    label: str | None = None


class SourceMethod(msgspec.Struct, gc=False):
    """A payment method as a command names it; what is refused may be a number."""

    reference: str | int
    customer: str | int | None = None
    label: str | int | None = None


class SourceEntitlement(msgspec.Struct, gc=False):
    """Licences of a plan as a command sets them."""

    plan_id: str
    usage_country: str
    licences: int


class SourceCommand(msgspec.Struct, gc=False):
    """Any account command: its head, and the fields of all kinds, None where a kind has none."""

    type: str
    command_id: str
    tenant_id: str
    currency: str | None = None
    decks: list[str] | None = None
    time_zone: str = "UTC"
    lot_id: str | None = None
    amount_micros: int | None = None
    purchased_at: datetime | None = None
    thresholds: list[SourceThreshold] | None = None
    reason: str | None = None
    recharge_seq: int | None = None
    payment_command_id: str | None = None
    payment_id: str | None = None
    reversed_micros: int | None = None
    reversal_id: str | None = None
    reversal: str | None = None
    enabled: bool | None = None
    trigger_micros: int | None = None
    trigger_h: int | None = None
    mode: str = "fixed"
    target_micros: int | None = None
    count_cap: int | None = None
    money_cap_micros: int | None = None
    methods: list[SourceMethod] | None = None
    emails: list[str] | None = None
    language: str = "en"
    webhook: str | None = None
    statements: bool = False
    spend_per_hour_micros: int | None = None
    cost_per_call_micros: int = 0
    high_rate_micros: int = 0
    new_high_rate_destinations_max: int = 0
    actor: str | None = None
    actor_role: str | None = None
    due_ms: int | None = None
    cdr_id: str | None = None
    version: int | None = None
    suspense_id: str | None = None
    entry_id: str | None = None
    job_id: str | None = None
    by: str | None = None
    why: str | None = None
    seen_ms: int | None = None
    entitlements: list[SourceEntitlement] | None = None
    valid_from: datetime | None = None
    user_id: str | None = None
    usage_country: str | None = None
    plan_ids: list[str] | None = None
    credits_licence: bool = False
    monthly_spend_limit_micros: int | None = None
    credit_limit_micros: int | None = None
    outbound_calls: str = "any"
    conference_dial_out: str = "any"
    calls: str | None = None
    category: str = "paid"
    expires_at: datetime | None = None

    def digest(self, topic: str) -> bytes:
        """Return the hash of the command's identity on a topic, as batch manifests hold it."""
        return xxh3_128_digest(command_key(topic, self.tenant_id, self.command_id))


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_read_cdr = msgspec.json.Decoder(SourceCdr).decode
_read_command = msgspec.json.Decoder(SourceCommand).decode


def millis(at: datetime) -> int:
    """Return an aware instant in milliseconds since 1970 UTC, rounded: half a millisecond up."""
    since = at - _EPOCH
    return since.days * DAY_MS + since.seconds * 1_000 + (since.microseconds + 500) // 1_000


def read_cdr(value: bytes | None) -> SourceCdr | None:
    """Read a CDR; None: it cannot be read."""
    if value is not None and len(value) > CDR_BYTES_MOST:
        return None
    try:
        cdr = _read_cdr(value or b"")
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    moments = (cdr.started_at, cdr.ended_at, cdr.answered_at or cdr.ended_at)
    return cdr if all(moment.tzinfo for moment in moments) else None


def read_command(value: bytes | None) -> SourceCommand | None:
    """Read a command; None: it cannot be read."""
    if value is not None and len(value) > READ_BYTES_MAX:
        return None
    try:
        command = _read_command(value or b"")
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    moments = (command.purchased_at, command.valid_from, command.expires_at)
    return command if all(each is None or each.tzinfo for each in moments) else None
