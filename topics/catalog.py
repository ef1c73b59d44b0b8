"""The catalog: every topic once, with all that an operator or a client must know of it."""

from dataclasses import dataclass, field
from typing import Literal

from topics import records as r

PARTITIONS = 8
"""Of every topic keyed by tenant: equal counts keep all of a tenant in one worker (D2)."""

APP = "rater-charging"
"""Consumer group and prefix of transactional ids and changelogs of the charging app."""

_DAY_MS = 86_400_000
_FOREVER = -1
_LARGE = 8 * 1024 * 1024

Cleanup = Literal["delete", "compact"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One topic: what it carries, for whom, and for how long."""

    name: str
    purpose: str
    key: str
    records: tuple[type, ...]
    writers: str
    readers: str
    partitions: int = PARTITIONS
    cleanup: Cleanup = "delete"
    retention_ms: int = _FOREVER
    max_message_bytes: int = 1024 * 1024
    tag: str | None = None
    """The field that tells the record types apart, where there are several."""
    external: bool = False
    """Others write it: records may carry fields that we do not know."""
    internal: bool = False
    """Only the rater reads it; it may change without notice."""
    settings: dict[str, str] = field(default_factory=dict)

    def config(self) -> dict[str, str]:
        """Return the topic's settings as the broker names them."""
        return {
            "cleanup.policy": self.cleanup,
            "retention.ms": str(self.retention_ms),
            "max.message.bytes": str(self.max_message_bytes),
            **self.settings,
        }


ENTRIES = (
    r.Charge,
    r.AccountOpened,
    r.FundsAdded,
    r.ThresholdsSet,
    r.Adjusted,
    r.AccountClosed,
    r.LotExpired,
    r.LotForfeited,
    r.CommandRejected,
)
COMMANDS = (
    r.OpenAccount,
    r.AddFunds,
    r.SetThresholds,
    r.Adjust,
    r.CloseAccount,
    r.ExpireLots,
)
EVENTS = (
    r.ThresholdCrossed,
    r.ThresholdRearmed,
    r.BalanceExhausted,
    r.BalanceRestored,
    r.FundsCredited,
    r.FundsExpired,
    r.SettingsChanged,
)
_BOUNDED_TIME = {"message.timestamp.after.max.ms": "3600000"}

CDR_RAW = Topic(
    name="cdr.raw.v1",
    purpose="Call-detail records as call platforms write them.",
    key="tenant_id",
    records=(r.Cdr,),
    writers="call platforms",
    readers="charging",
    retention_ms=14 * _DAY_MS,
    max_message_bytes=_LARGE // 2,
    external=True,
    settings=_BOUNDED_TIME,
)
ACCOUNT_COMMANDS = Topic(
    name="account.commands.v1",
    purpose="What administrators, payments and timers ask of an account.",
    key="tenant_id",
    records=COMMANDS,
    writers="administrators, recharge, the charging timer",
    readers="charging",
    retention_ms=30 * _DAY_MS,
    tag="type",
    external=True,
    settings=_BOUNDED_TIME,
)
RATE_DECKS = Topic(
    name="rate.decks.v1",
    purpose="Immutable versions of rate decks, packed in chunks; a manifest makes a version whole.",
    key="deck_id/version/part",
    records=(r.DeckManifest, r.DeckChunk),
    writers="rater deck load",
    readers="every worker",
    partitions=1,
    cleanup="compact",
    max_message_bytes=_LARGE,
)
LEDGER = Topic(
    name="ledger.entries.v1",
    purpose="Every change of every account, with its reason.",
    key="tenant_id",
    records=ENTRIES,
    writers="charging",
    readers="finance, the reconciler, explain",
    tag="kind",
)
ACCOUNT_STATUS = Topic(
    name="account.status.v1",
    purpose="The balance and what is allowed now.",
    key="tenant_id",
    records=(r.AccountStatus,),
    writers="charging",
    readers="call control, administrators",
    cleanup="compact",
)
BALANCE_EVENTS = Topic(
    name="balance.events.v1",
    purpose="Thresholds crossed and re-armed, balance exhausted and restored, credits, settings.",
    key="tenant_id",
    records=EVENTS,
    writers="charging",
    readers="recharge, notifications",
    retention_ms=30 * _DAY_MS,
    tag="kind",
)
SUSPENSE = Topic(
    name="cdr.suspense.v1",
    purpose="Readable CDRs that cannot be charged yet.",
    key="tenant_id",
    records=(r.Suspended,),
    writers="charging",
    readers="operators, recycling",
    max_message_bytes=_LARGE,
)
DEAD = Topic(
    name="cdr.dead.v1",
    purpose="Bytes that could not be read, kept whole.",
    key="the record's own key",
    records=(r.Dead,),
    writers="charging",
    readers="operators",
    retention_ms=90 * _DAY_MS,
    max_message_bytes=_LARGE,
)
ACCOUNTS_CHANGELOG = Topic(
    name=f"{APP}-accounts-changelog",
    purpose="The accounts table: one account a key, in the rater's own layout.",
    key="tenant_id",
    records=(),
    writers="charging",
    readers="charging, the reconciler",
    cleanup="compact",
    internal=True,
)
BATCHES_CHANGELOG = Topic(
    name=f"{APP}-batches-changelog",
    purpose="Batch manifests: offsets, outcomes and remembered ids of every step (the charge index).",
    key="source topic",
    records=(r.BatchManifest,),
    writers="charging",
    readers="charging, the reconciler",
    retention_ms=9 * _DAY_MS,
    max_message_bytes=_LARGE,
    internal=True,
)

CATALOG = (
    CDR_RAW,
    ACCOUNT_COMMANDS,
    RATE_DECKS,
    LEDGER,
    ACCOUNT_STATUS,
    BALANCE_EVENTS,
    SUSPENSE,
    DEAD,
    ACCOUNTS_CHANGELOG,
    BATCHES_CHANGELOG,
)
BY_NAME = {topic.name: topic for topic in CATALOG}
