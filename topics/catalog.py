"""The catalog: every topic once, with all that an operator or a client must know of it."""

from typing import get_args

from topics import keys, roles
from topics import records as r
from topics.account_topics import (
    ACCOUNT_COMMANDS,
    ACCOUNT_REQUESTS,
    ACCOUNT_SOURCES,
    ACCOUNT_TIMERS,
    BOUNDED_TIME,
    COMMANDS,
    REQUESTS,
)
from topics.recharge_topics import (
    NOTIFICATIONS,
    NOTIFICATIONS_DEAD,
    NOTIFIER_SENT,
    PAYMENT_COMMANDS,
    PAYMENT_QUARANTINE,
    PAYMENT_RESULTS,
    RECHARGE_BATCHES,
    RECHARGE_COMMANDS,
    RECHARGE_DEAD,
    RECHARGE_TIMERS,
    RECHARGES_CHANGELOG,
)
from topics.records.balance import AnyEvent
from topics.records.record import kinds_of
from topics.reject_topics import DEAD, DEAD_ENDED, SUSPENSE
from topics.roles import APP, GATEWAY_GROUP, NOTIFIER_GROUP, RECHARGE_APP
from topics.topic import DAY_MS, LARGE, MONTH_MS, PARTITIONS, Topic

__all__ = [
    "ACCOUNTS_CHANGELOG",
    "ACCOUNT_COMMANDS",
    "ACCOUNT_REQUESTS",
    "ACCOUNT_SOURCES",
    "ACCOUNT_STATUS",
    "ACCOUNT_TIMERS",
    "APP",
    "BALANCE_EVENTS",
    "BATCHES_CHANGELOG",
    "BY_NAME",
    "CATALOG",
    "CDR_RAW",
    "CHARGING_SETTINGS",
    "COMMANDS",
    "DEAD",
    "DEAD_ENDED",
    "ENTRIES",
    "EVENTS",
    "GATEWAY_GROUP",
    "LEDGER",
    "LOTS_CHANGELOG",
    "NOTIFICATIONS",
    "NOTIFICATIONS_DEAD",
    "NOTIFIER_GROUP",
    "NOTIFIER_SENT",
    "PARTITIONS",
    "PAYMENT_COMMANDS",
    "PAYMENT_QUARANTINE",
    "PAYMENT_RESULTS",
    "RATE_DECKS",
    "RATE_PLANS",
    "RECHARGES_CHANGELOG",
    "RECHARGE_APP",
    "RECHARGE_BATCHES",
    "RECHARGE_COMMANDS",
    "RECHARGE_DEAD",
    "RECHARGE_TIMERS",
    "REQUESTS",
    "SUSPENSE",
    "SUSPENSE_CHANGELOG",
    "USERS_CHANGELOG",
    "USER_STATUS",
    "Topic",
]

ENTRIES = kinds_of(r.Entry)
"""Whatever is declared as one."""
EVENTS = get_args(AnyEvent)

CDR_RAW = Topic(
    name="cdr.raw.v1",
    purpose="Call-detail records as call platforms write them.",
    key=keys.TENANT,
    records=(r.Cdr,),
    writers=(roles.CALL_PLATFORM, roles.CANARY, roles.PRODUCE, roles.DEAD_LETTERS),
    readers=(
        roles.CHARGING,
        roles.WATCH,
        roles.ENQUIRER,
        roles.RECONCILER,
        roles.DEAD_LETTERS,
    ),
    taken_by=(roles.CHARGING,),
    retention_ms=14 * DAY_MS,
    max_message_bytes=LARGE // 2,
    external=True,
    by_hand=True,
    settings=BOUNDED_TIME,
)
RATE_DECKS = Topic(
    name="rate.decks.v1",
    purpose="Immutable versions of rate decks, packed in chunks; a manifest makes one whole, a retirement ends a deck.",
    key=keys.DECK,
    records=(r.DeckManifest, r.DeckChunk, r.DeckRetirement),
    writers=(roles.DECK_LOADER,),
    readers=(roles.CHARGING, roles.GATEKEEPER, roles.DECK_LOADER, *roles.BOOKKEEPERS),
    partitions=1,
    cleanup="compact",
    max_message_bytes=LARGE,
    made_by="rater deck load",
)
RATE_PLANS = Topic(
    name="rate.plans.v1",
    purpose="Immutable versions of the plan catalog: allowances of seconds, and who pays what after them.",
    key=keys.VERSION,
    records=(r.PlanCatalog,),
    writers=(roles.PLAN_LOADER,),
    readers=(
        roles.CHARGING,
        roles.GATEKEEPER,
        roles.PLAN_LOADER,
        roles.PRODUCE,
        *roles.BOOKKEEPERS,
    ),
    partitions=1,
    cleanup="compact",
    made_by="rater plan load",
)
CHARGING_SETTINGS = Topic(
    name="charging.settings.v1",
    purpose="Immutable versions of what decides about money besides decks and accounts.",
    key=keys.VERSION,
    records=(r.ChargingSettings,),
    writers=(roles.CONFIG_LOADER,),
    readers=(
        roles.CHARGING,
        roles.RECHARGE,
        roles.GATEWAY,
        roles.GATEKEEPER,
        roles.CANARY,
        roles.CONFIG_LOADER,
        roles.DEAD_LETTERS,
        *roles.BOOKKEEPERS,
    ),
    partitions=1,
    cleanup="compact",
    made_by="rater config load",
)
LEDGER = Topic(
    name="ledger.entries.v1",
    purpose="Every change of every account, with its reason.",
    key=keys.TENANT,
    records=ENTRIES,
    writers=(roles.CHARGING,),
    readers=(
        *(roles.CHARGING, roles.CANARY, roles.FINANCE, roles.PRODUCE, roles.NOTIFIER),
        *roles.BOOKKEEPERS,
    ),
    retention_ms=25 * MONTH_MS,
    # Each account is carried forward once a month: in two there is a beginning of every one, whenever they begin.
    retention_min_ms=2 * MONTH_MS,
    max_message_bytes=LARGE // 4,
    tag="kind",
)
ACCOUNT_STATUS = Topic(
    name="account.status.v1",
    purpose="The balance and what is allowed now.",
    key=keys.TENANT,
    records=(r.AccountStatus,),
    writers=(roles.CHARGING,),
    readers=(
        roles.GATEKEEPER,
        roles.CANARY,
        roles.CALL_CONTROL,
        roles.ADMINISTRATOR,
        roles.ENQUIRER,
        roles.RECONCILER,
    ),
    cleanup="compact",
)
USER_STATUS = Topic(
    name="user.status.v1",
    purpose="What a user of a tenant may do now, what its calls have cost this month, and its own pools.",
    key=keys.USER,
    records=(r.UserStatus,),
    writers=(roles.CHARGING,),
    readers=(roles.GATEKEEPER, roles.CALL_CONTROL, roles.ADMINISTRATOR, roles.RECONCILER),
    cleanup="compact",
)
BALANCE_EVENTS = Topic(
    name="balance.events.v1",
    purpose="Thresholds crossed and re-armed, balance exhausted and restored, credits, settings.",
    key=keys.TENANT,
    records=EVENTS,
    writers=(roles.CHARGING,),
    readers=(roles.RECHARGE, roles.WATCH, roles.CANARY, roles.ENQUIRER, roles.RECONCILER),
    taken_by=(roles.RECHARGE,),
    retention_ms=30 * DAY_MS,
    tag="kind",
)
ACCOUNTS_CHANGELOG = Topic(
    name=f"{APP}-accounts-changelog",
    purpose="The accounts table: one account a key, in the rater's own layout.",
    key=keys.TENANT,
    records=(),
    writers=(roles.CHARGING,),
    readers=(roles.CHARGING, *roles.BOOKKEEPERS, roles.NOTIFIER),
    cleanup="compact",
    internal=True,
)
LOTS_CHANGELOG = Topic(
    name=f"{APP}-lots-changelog",
    purpose="The lots table: ids of credits and adjustments by hand, and of reversals, none of which is taken twice.",
    key=keys.LOT,
    records=(r.RememberedLot, r.ForgottenLots),
    writers=(roles.CHARGING,),
    readers=(roles.CHARGING, roles.RECONCILER),
    cleanup="compact",
    tag="kind",
    internal=True,
)
USERS_CHANGELOG = Topic(
    name=f"{APP}-users-changelog",
    purpose="The users table: one user of a tenant a key, what may be done from when on, in the rater's own layout.",
    key=keys.USER,
    records=(),
    writers=(roles.CHARGING,),
    readers=(roles.CHARGING, *roles.BOOKKEEPERS),
    cleanup="compact",
    internal=True,
)
SUSPENSE_CHANGELOG = Topic(
    name=f"{APP}-suspense-changelog",
    purpose="The suspense table: calls that wait, until they are charged, freed, dropped or replaced.",
    key=keys.CALL,
    records=(r.OpenSuspense,),
    writers=(roles.CHARGING,),
    readers=(roles.CHARGING, *roles.BOOKKEEPERS),
    cleanup="compact",
    max_message_bytes=LARGE,
    internal=True,
)
BATCHES_CHANGELOG = Topic(
    name=f"{APP}-batches-changelog",
    purpose="Batch manifests: offsets, outcomes and remembered ids of every step (the charge index).",
    key=keys.SOURCE,
    records=(r.BatchManifest,),
    writers=(roles.CHARGING,),
    readers=(roles.CHARGING, roles.PRODUCE, *roles.BOOKKEEPERS),
    retention_ms=9 * DAY_MS,
    max_message_bytes=LARGE,
    internal=True,
)

CATALOG = (
    CDR_RAW,
    *ACCOUNT_SOURCES,
    RATE_DECKS,
    RATE_PLANS,
    CHARGING_SETTINGS,
    LEDGER,
    ACCOUNT_STATUS,
    USER_STATUS,
    BALANCE_EVENTS,
    SUSPENSE,
    DEAD,
    DEAD_ENDED,
    RECHARGE_COMMANDS,
    RECHARGE_TIMERS,
    PAYMENT_COMMANDS,
    PAYMENT_RESULTS,
    PAYMENT_QUARANTINE,
    NOTIFICATIONS,
    NOTIFICATIONS_DEAD,
    RECHARGE_DEAD,
    ACCOUNTS_CHANGELOG,
    LOTS_CHANGELOG,
    USERS_CHANGELOG,
    SUSPENSE_CHANGELOG,
    BATCHES_CHANGELOG,
    RECHARGES_CHANGELOG,
    RECHARGE_BATCHES,
    NOTIFIER_SENT,
)
BY_NAME = {topic.name: topic for topic in CATALOG}
