"""Verdict: whether a call may start, for how long at most, and by what that was decided."""

from enum import StrEnum
from typing import Final, final

from rater.core.authorisation.standing import Claim
from rater.core.pricing.rated import Rated
from rater.core.value import Value


class Refused(StrEnum):
    """Why a call may not start, besides what the status blocks it for and what rating says of it."""

    NOT_READY = "not_ready"
    """Topics are not read to their end yet: nothing is known that can be relied on."""
    STALE = "stale"
    """What is known is older than allowed."""
    UNKNOWN_TENANT = "unknown_tenant"
    """No status of the tenant has been seen."""
    BLOCKED = "blocked"
    """By the status, which says no reason."""
    BALANCE_TOO_LOW = "balance_too_low"
    """The balance is above zero, and does not pay the least that the call costs."""
    CREDIT_LIMIT_TOO_LOW = "credit_limit_too_low"
    """Balance and what is left of the month's credit limit do not pay the least that the call costs."""
    USER_LIMIT_TOO_LOW = "user_limit_too_low"
    """What is left of the user's monthly limit does not pay the least that the call costs."""
    HELD = "held"
    """Calls side by side hold what would have paid it."""
    TOO_MANY_CALLS = "too_many_calls"
    """The tenant, or the user, holds as many calls as may be at once."""
    UNKNOWN_HOLD = "unknown_hold"
    """The call is to be held for longer, and no hold of the tenant has that name, or none has it any more."""


@final
class Verdict(Value):
    """The answer. `longest_s` is None where nothing bounds the call, 0 where it may not start."""

    __match_args__ = (
        "allowed",
        "longest_s",
        "reason",
        "code",
        "detail",
        "rated",
        "settings_version",
        "claim",
    )
    __slots__ = __match_args__

    def __init__(  # noqa: PLR0913, PLR0917
        self,
        allowed: bool,  # noqa: FBT001
        longest_s: int | None,
        reason: str | None = None,
        code: int | None = None,
        detail: str | None = None,
        rated: Rated | None = None,
        settings_version: int | None = None,
        claim: Claim | None = None,
    ) -> None:
        self.allowed: Final = allowed
        self.longest_s: Final = longest_s
        self.reason: Final = reason
        """Why it is refused; of a call that is free by its number or type, why it is."""
        self.code: Final = code
        self.detail: Final = detail
        self.rated: Final = rated
        """What the longest call costs, and what pools pay of it; None where it has no price."""
        self.settings_version: Final = settings_version
        self.claim: Final = claim
        """What the longest call takes at most; None where nothing is taken."""


def refused(reason: str, detail: str | None = None, code: int | None = None) -> Verdict:
    """Return the verdict of a call that may not start."""
    return Verdict(False, 0, str(reason), code, detail)


def free(reason: str) -> Verdict:
    """Return the verdict of a call that nobody pays, whatever is known of the tenant."""
    return Verdict(True, None, reason)
