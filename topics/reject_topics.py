"""The topics of what is not charged: CDRs in suspense, dead letters, and how those ended."""

from topics import keys, roles
from topics import records as r
from topics.topic import DAY_MS, LARGE, MONTH_MS, Topic

SUSPENSE = Topic(
    name="cdr.suspense.v1",
    purpose="Readable CDRs that cannot be charged yet.",
    key=keys.TENANT,
    records=(r.Suspended,),
    writers=(roles.CHARGING,),
    readers=(
        *(roles.CANARY, roles.OPERATOR, roles.PRODUCE, roles.DEAD_LETTERS),
        *roles.BOOKKEEPERS,
    ),
    retention_ms=13 * MONTH_MS,
    max_message_bytes=LARGE,
)
DEAD = Topic(
    name="cdr.dead.v1",
    purpose="Records that could not be read: 64 KiB of each, and the digest of the whole.",
    key=keys.OWN,
    records=(r.Dead,),
    writers=(roles.CHARGING,),
    readers=(
        *(roles.OPERATOR, roles.PRODUCE, roles.DEAD_LETTERS, roles.WATCH),
        *roles.BOOKKEEPERS,
    ),
    retention_ms=90 * DAY_MS,
    max_message_bytes=LARGE,
)
DEAD_ENDED = Topic(
    name="dead.ended.v1",
    purpose="Which dead letters, and CDRs in suspense that nothing here mends, were ended, how, by whom and why: each "
    "is replayed or dropped once.",
    key=keys.LETTER,
    records=(r.DeadEnded,),
    writers=(roles.DEAD_LETTERS,),
    readers=(
        *(roles.DEAD_LETTERS, roles.OPERATOR, roles.WATCH, roles.ENQUIRER),
        roles.RECONCILER,
    ),
    cleanup="compact",
)
