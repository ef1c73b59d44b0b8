"""Roles: who writes and who reads topics, under the names that a broker's access rules are made of.

A rule grants a topic to whoever plays the role, the consumer group that the role reads with, and every transactional id
that begins as the role's do.
"""

from dataclasses import dataclass
from typing import Final

APP: Final = "rater-charging"
"""Consumer group and prefix of transactional ids and changelogs of the charging app."""
RECHARGE_APP: Final = "rater-recharge"
"""Likewise, of the recharge app."""
GATEWAY_GROUP: Final = "rater-gateway"
NOTIFIER_GROUP: Final = "rater-notifier"
"""Consumer groups of the two services."""


PRODUCE_IDS: Final = "rater-produce-"
"""What the transactional ids of `rater produce` begin with; then comes for whom it writes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """Somebody who writes or reads."""

    name: str
    principal: str
    """The name that it logs in with, unless an operator has chosen another."""
    group: str | None = None
    """The consumer group it reads with; None: it reads without one, or not as a part of Rater."""
    transactional_ids: str | None = None
    """What its transactional ids begin with, or, where no dash is last, its only one; None: it has none."""
    makes_topics: bool = False
    """It makes the topics of the catalog and compares them with it."""
    sets_retention: bool = False
    """It says for how long topics keep records, which deletes what is older."""
    watches: bool = False
    """It looks at the consumer groups of all roles, and is a member of none."""

    def __str__(self) -> str:
        """Return the name."""
        return self.name

    @property
    def has_many_ids(self) -> bool:
        """Whether what is known of its transactional ids is a beginning."""
        return bool(self.transactional_ids) and str(self.transactional_ids).endswith("-")


def _by_hand(name: str, principal: str) -> Role:
    """Return a role that writes with `rater produce`, or with a producer of its own."""
    return Role(name=name, principal=principal, transactional_ids=f"{PRODUCE_IDS}{principal}-")


CALL_PLATFORM: Final = _by_hand("call platforms", "call-platform")
CALL_CONTROL: Final = Role(name="call control", principal="call-control")
BILLING: Final = _by_hand("the platform's billing", "billing")
ADMINISTRATOR: Final = _by_hand("administrators", "administrator")
FINANCE: Final = Role(name="finance", principal="finance")
OPERATOR: Final = Role(name="operators", principal="operator", makes_topics=True)
RETENTION: Final = Role(name="rater topics alter", principal="retention", sets_retention=True)
"""Apart from operators: what it shortens is deleted for good."""
CHARGING: Final = Role(
    name="charging", principal="charging", group=APP, transactional_ids=f"{APP}-"
)
RECHARGE: Final = Role(
    name="recharge", principal="recharge", group=RECHARGE_APP, transactional_ids=f"{RECHARGE_APP}-"
)
GATEWAY: Final = Role(name="the payment gateway", principal="gateway", group=GATEWAY_GROUP)
NOTIFIER: Final = Role(
    name="the notifier",
    principal="notifier",
    group=NOTIFIER_GROUP,
    transactional_ids=f"{NOTIFIER_GROUP}-",
)
GATEKEEPER: Final = Role(name="the gatekeeper", principal="gatekeeper")
"""Reads for call control, without a group, and never writes."""
WATCH: Final = Role(name="the watch", principal="watch", watches=True)
"""Sees from outside how far behind every group is; it never writes, and commits nothing."""
CANARY: Final = Role(name="the canary", principal="canary")
"""Calls, says how its account is refilled, and watches what comes of it, without a group. It may give no money, and so
not open an account: billing does, once."""
DECK_LOADER: Final = Role(
    name="rater deck load, rater deck retire",
    principal="deck-loader",
    transactional_ids="rater-deck-load-",
)
CONFIG_LOADER_ID: Final = "rater-config-load"
CONFIG_LOADER: Final = Role(
    name="rater config load", principal="config-loader", transactional_ids=CONFIG_LOADER_ID
)
PLAN_LOADER_ID: Final = "rater-plan-load"
PLAN_LOADER: Final = Role(
    name="rater plan load", principal="plan-loader", transactional_ids=PLAN_LOADER_ID
)
RECYCLER: Final = _by_hand("rater suspense, rater recycler, rater rerate", "recycler")
"""Looks at what waits in suspense, and asks charging to release or drop it; it says so under somebody's name. The
service of that name does so by itself. It asks to rate charges again, too: it may write to that topic, whatever lies on
it (A102)."""
DEAD_LETTERS_ID: Final = "rater-dead"
DEAD_LETTERS: Final = Role(
    name="rater dead", principal="dead-letters", transactional_ids=DEAD_LETTERS_ID
)
"""Writes records again that became dead letters, and CDRs in suspense that nothing here mends (A105), to the topics
that are written by hand, and says how they end. Its only transactional id lets one command at a time end any."""
ENQUIRER: Final = Role(
    name="rater account, ledger, calls, explain, statement, export", principal="enquirer"
)
"""Answers people what an account is and what became of it; reads alone, without a group."""
RECONCILER: Final = Role(name="the reconciler", principal="reconciler")
PRODUCE: Final = Role(name="rater produce", principal="produce", transactional_ids=PRODUCE_IDS)
"""Writes on behalf of others, to the topics that they write by hand, and reads what became of it."""

BOOKKEEPERS: Final = (ENQUIRER, RECONCILER, RECYCLER)
"""They look at what charging keeps."""
ROLES: Final = (
    *(CALL_PLATFORM, CALL_CONTROL, BILLING, ADMINISTRATOR, FINANCE, OPERATOR, RETENTION),
    *(CHARGING, RECHARGE, GATEWAY, NOTIFIER, GATEKEEPER, WATCH, CANARY),
    *(DECK_LOADER, PLAN_LOADER, CONFIG_LOADER, RECYCLER, DEAD_LETTERS, ENQUIRER),
    *(RECONCILER, PRODUCE),
)
GROUPS: Final = tuple(role.group for role in ROLES if role.group is not None)
"""The consumer groups of all roles."""


def produce_ids(writers: tuple[Role, ...]) -> str:
    """Return what the transactional ids of `rater produce` begin with, on a topic of these writers.

    They name the role that it writes for: whoever may open these may not open those of another role.
    """
    ids = [role.transactional_ids or "" for role in writers]
    return max((each for each in ids if each.startswith(PRODUCE_IDS)), key=len, default=PRODUCE_IDS)


def named(roles: tuple[Role, ...]) -> str:
    """Return the names of some roles, as a text says them."""
    return ", ".join(role.name for role in roles)
