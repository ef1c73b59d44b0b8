"""The topics of recharge, payments and notifications."""

from typing import get_args

from topics import keys, roles
from topics import records as r
from topics.records.payments import AnyResult
from topics.roles import NOTIFIER_GROUP, RECHARGE_APP
from topics.topic import DAY_MS, LARGE, Topic

RESULTS = get_args(AnyResult)

_BOUNDED_TIME = {"message.timestamp.after.max.ms": str(8 * DAY_MS)}

RECHARGE_COMMANDS = Topic(
    name="recharge.commands.v1",
    purpose="What administrators ask of a tenant's recharge.",
    key=keys.TENANT,
    records=(r.ResumeRecharge,),
    writers=(roles.ADMINISTRATOR, roles.PRODUCE, roles.DEAD_LETTERS),
    readers=(roles.RECHARGE, roles.WATCH, roles.RECONCILER, roles.DEAD_LETTERS),
    taken_by=(roles.RECHARGE,),
    retention_ms=30 * DAY_MS,
    tag="type",
    external=True,
    by_hand=True,
    settings=_BOUNDED_TIME,
)
RECHARGE_TIMERS = Topic(
    name="recharge.timers.v1",
    purpose="Time as commands: a recharge has waited long enough.",
    key=keys.TENANT,
    records=(r.RechargeDue,),
    writers=(roles.RECHARGE,),
    readers=(roles.RECHARGE, roles.WATCH, roles.RECONCILER),
    taken_by=(roles.RECHARGE,),
    retention_ms=30 * DAY_MS,
    tag="type",
    external=True,
    settings=_BOUNDED_TIME,
)
PAYMENT_COMMANDS = Topic(
    name="payment.commands.v1",
    purpose="Payments to be made, or not to be made after all; sent again, each is the same bytes.",
    key=keys.TENANT,
    records=(r.PaymentCommand, r.PaymentCancel),
    writers=(roles.RECHARGE,),
    readers=(roles.GATEWAY, roles.WATCH, roles.CANARY, roles.RECONCILER, roles.ENQUIRER),
    taken_by=(roles.GATEWAY,),
    retention_ms=400 * DAY_MS,
    tag="type",
)
PAYMENT_RESULTS = Topic(
    name="payment.results.v1",
    purpose="What became of payments, as the gateway learnt it; a result may come twice, or late.",
    key=keys.TENANT,
    records=RESULTS,
    writers=(roles.GATEWAY,),
    readers=(roles.RECHARGE, roles.WATCH, roles.CANARY, roles.RECONCILER, roles.ENQUIRER),
    taken_by=(roles.RECHARGE,),
    retention_ms=400 * DAY_MS,
    tag="outcome",
    external=True,
)
PAYMENT_QUARANTINE = Topic(
    name="payment.quarantine.v1",
    purpose="Results that must not be credited: a human looks at each.",
    key=keys.TENANT,
    records=(r.QuarantinedResult,),
    writers=(roles.RECHARGE,),
    readers=(roles.OPERATOR, roles.RECONCILER),
    max_message_bytes=LARGE,
)
NOTIFICATIONS = Topic(
    name="notifications.v1",
    purpose="Requests that a tenant's people be told, on transitions only.",
    key=keys.TENANT,
    records=get_args(r.AnyNotification),
    writers=(roles.RECHARGE,),
    readers=(roles.NOTIFIER, roles.WATCH, roles.RECONCILER, roles.ENQUIRER),
    taken_by=(roles.NOTIFIER,),
    retention_ms=30 * DAY_MS,
    tag="kind",
)
NOTIFICATIONS_DEAD = Topic(
    name="notifications.dead.v1",
    purpose="Notifications that could not be sent, whole, with the reason.",
    key=keys.TENANT,
    records=(r.UndeliveredNotification,),
    writers=(roles.NOTIFIER,),
    readers=(roles.OPERATOR,),
    retention_ms=90 * DAY_MS,
    max_message_bytes=LARGE,
)
RECHARGE_DEAD = Topic(
    name="recharge.dead.v1",
    purpose="What recharge, gateway or notifier could not read: 64 KiB, and the digest of the whole.",
    key=keys.OWN,
    records=(r.Dead,),
    writers=(roles.RECHARGE, roles.GATEWAY, roles.NOTIFIER),
    readers=(roles.OPERATOR, roles.RECONCILER, roles.DEAD_LETTERS, roles.WATCH),
    retention_ms=90 * DAY_MS,
    max_message_bytes=LARGE,
)
RECHARGES_CHANGELOG = Topic(
    name=f"{RECHARGE_APP}-recharges-changelog",
    purpose="The recharges table: one tenant's recharge a key, in the rater's own layout.",
    key=keys.TENANT,
    records=(),
    writers=(roles.RECHARGE,),
    readers=(roles.RECHARGE, roles.ENQUIRER),
    cleanup="compact",
    internal=True,
)
RECHARGE_BATCHES = Topic(
    name=f"{RECHARGE_APP}-batches",
    purpose="Batch manifests of recharge: offsets and outcomes of every step.",
    key=keys.SOURCE,
    records=(r.BatchManifest,),
    writers=(roles.RECHARGE,),
    readers=(roles.RECONCILER,),
    retention_ms=30 * DAY_MS,
    internal=True,
)
NOTIFIER_SENT = Topic(
    name=f"{NOTIFIER_GROUP}-sent",
    purpose="What the notifier has sent or begun to send; its memory.",
    key=keys.TENANT,
    records=(r.SentMark,),
    writers=(roles.NOTIFIER,),
    readers=(roles.NOTIFIER, roles.ENQUIRER),
    retention_ms=60 * DAY_MS,
    internal=True,
)
