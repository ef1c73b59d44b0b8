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


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """Somebody who writes or reads."""

    name: str
    group: str | None = None
    """The consumer group it reads with; None: it reads without one, or not as a part of Rater."""
    transactional_ids: str | None = None
    """What its transactional ids begin with; None: it writes without transactions, or not as a part of Rater."""

    def __str__(self) -> str:
        """Return the name."""
        return self.name


CALL_PLATFORM: Final = Role(name="call platforms")
CALL_CONTROL: Final = Role(name="call control")
BILLING: Final = Role(name="the platform's billing")
ADMINISTRATOR: Final = Role(name="administrators")
FINANCE: Final = Role(name="finance")
OPERATOR: Final = Role(name="operators")
CHARGING: Final = Role(name="charging", group=APP, transactional_ids=f"{APP}-")
RECHARGE: Final = Role(name="recharge", group=RECHARGE_APP, transactional_ids=f"{RECHARGE_APP}-")
GATEWAY: Final = Role(name="the payment gateway", group=GATEWAY_GROUP)
NOTIFIER: Final = Role(
    name="the notifier", group=NOTIFIER_GROUP, transactional_ids=f"{NOTIFIER_GROUP}-"
)
GATEKEEPER: Final = Role(name="the gatekeeper")
"""Reads for call control, without a group, and never writes."""
DECK_LOADER: Final = Role(
    name="rater deck load, rater deck retire", transactional_ids="rater-deck-load-"
)
CONFIG_LOADER_ID: Final = "rater-config-load"
CONFIG_LOADER: Final = Role(name="rater config load", transactional_ids=CONFIG_LOADER_ID)
PLAN_LOADER_ID: Final = "rater-plan-load"
PLAN_LOADER: Final = Role(name="rater plan load", transactional_ids=PLAN_LOADER_ID)
RECONCILER: Final = Role(name="the reconciler")
PRODUCE: Final = Role(name="rater produce", transactional_ids="rater-produce-")
"""Writes on behalf of others, to the topics that they write."""

ROLES: Final = (
    *(CALL_PLATFORM, CALL_CONTROL, BILLING, ADMINISTRATOR, FINANCE, OPERATOR),
    *(CHARGING, RECHARGE, GATEWAY, NOTIFIER, GATEKEEPER),
    *(DECK_LOADER, PLAN_LOADER, CONFIG_LOADER),
    *(RECONCILER, PRODUCE),
)


def named(roles: tuple[Role, ...]) -> str:
    """Return the names of some roles, as a text says them."""
    return ", ".join(role.name for role in roles)
