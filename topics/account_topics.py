"""The topics of account commands, one for each authority: brokers grant topics, not types (R30)."""

from topics import keys, roles
from topics import records as r
from topics.records.recycling import DropCall, ReleaseCall
from topics.records.rerating import RerateCall
from topics.topic import DAY_MS, Topic

BOUNDED_TIME = {"message.timestamp.after.max.ms": "3600000"}
"""A record may lie an hour in the future, not more: stream time would run ahead."""

COMMANDS = (
    r.OpenAccount,
    r.OpenCredits,
    r.AddFunds,
    r.Adjust,
    r.ReversePayment,
    r.RestorePayment,
    r.CloseAccount,
    r.ReopenAccount,
    r.SetDecks,
    r.SetEntitlements,
    r.SetBillingMode,
    r.SetUser,
    r.SetUnlicensedCalls,
)
REQUESTS = (
    r.SetThresholds,
    r.SetAutoRecharge,
    r.SetPaymentMethods,
    r.SetRecipients,
    r.SetSpendLimits,
    r.SetTimeZone,
    r.ResumeRecharge,
)
ACCOUNT_COMMANDS = Topic(
    name="account.commands.v1",
    purpose="Money and the life of an account: opened, credited, adjusted, reversed, entitled, closed.",
    key=keys.TENANT,
    records=COMMANDS,
    writers=(roles.BILLING, roles.RECHARGE, roles.PRODUCE, roles.DEAD_LETTERS),
    readers=(roles.CHARGING, roles.WATCH, roles.RECONCILER, roles.DEAD_LETTERS),
    taken_by=(roles.CHARGING,),
    retention_ms=30 * DAY_MS,
    tag="type",
    external=True,
    by_hand=True,
    settings=BOUNDED_TIME,
)
ACCOUNT_REQUESTS = Topic(
    name="account.requests.v1",
    purpose="What an administrator may ask for: thresholds, recharge, methods, recipients, limits, time zone.",
    key=keys.TENANT,
    records=REQUESTS,
    writers=(roles.ADMINISTRATOR, roles.CANARY, roles.PRODUCE, roles.DEAD_LETTERS),
    readers=(roles.CHARGING, roles.WATCH, roles.RECONCILER, roles.DEAD_LETTERS),
    taken_by=(roles.CHARGING,),
    retention_ms=30 * DAY_MS,
    tag="type",
    external=True,
    by_hand=True,
    settings=BOUNDED_TIME,
)
ACCOUNT_TIMERS = Topic(
    name="account.timers.v1",
    purpose="Time as commands: lots of an account are due, a month has begun, a call waited long enough; what "
    "becomes of calls in suspense; and charges that are to be rated again.",
    key=keys.TENANT,
    records=(r.ExpireLots, r.CarryForward, r.FreeCall, ReleaseCall, DropCall, RerateCall),
    writers=(roles.CHARGING, roles.RECYCLER),
    readers=(roles.CHARGING, roles.WATCH, roles.RECONCILER, roles.ENQUIRER),
    taken_by=(roles.CHARGING,),
    retention_ms=30 * DAY_MS,
    tag="type",
    external=True,
    settings=BOUNDED_TIME,
)
ACCOUNT_SOURCES = (ACCOUNT_COMMANDS, ACCOUNT_REQUESTS, ACCOUNT_TIMERS)
"""Where account commands come from, in the order in which charging takes what has been fetched."""
