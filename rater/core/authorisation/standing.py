"""Standing: what is known of a tenant, and of the user who calls, when a call is to be authorised."""

from collections.abc import Mapping
from typing import Final, final

from rater.core.account.account import Account
from rater.core.account.user import User
from rater.core.value import Value

Block = tuple[str, int | None]
"""Why a class of calls is blocked, and its code for call control, where it has one."""
Blocked = Mapping[str, Block]
"""By class of calls (`call_classes`)."""


@final
class Standing(Value):
    """A tenant: an account with its lots, debt and contract, what is blocked, and the user where one is known."""

    __match_args__ = ("account", "blocked", "pays_later", "user", "credit_left")
    __slots__ = __match_args__

    def __init__(
        self,
        account: Account,
        blocked: Blocked,
        pays_later: bool,  # noqa: FBT001
        user: User | None = None,
        credit_left: int | None = None,
    ) -> None:
        self.account: Final = account
        self.blocked: Final = blocked
        self.pays_later: Final = pays_later
        """Post-paid: what the balance does not pay is owed."""
        self.user: Final = user
        """Whose call it is, where it is known: its terms, what is counted of it."""
        self.credit_left: Final = credit_left
        """Post-paid: what may still be owed of the month, in micros; None: there is no limit."""


OfBoth = tuple[int, int]
"""Micros of the tenant, and what of them is the user's."""


@final
class Claim(Value):
    """What a call may take at most."""

    __match_args__ = ("micros", "most_micros", "pools", "contested")
    __slots__ = __match_args__

    def __init__(
        self,
        micros: int,
        most_micros: int,
        pools: Mapping[str, int],
        contested: frozenset[str] = frozenset(),
    ) -> None:
        self.micros: Final = micros
        """Of money, as long as no call beside it takes seconds that it may draw."""
        self.most_micros: Final = most_micros
        """Of money, whatever others take of pools."""
        self.pools: Final = pools
        """Seconds, by pool: what it might draw on each of them, were it the first."""
        self.contested: Final = contested
        """The pools that have less left than it and others might draw."""


@final
class Held(Value):
    """What other calls in flight hold."""

    __match_args__ = ("micros", "user_micros", "pools", "more")
    __slots__ = __match_args__

    def __init__(
        self,
        micros: int,
        user_micros: int,
        pools: Mapping[str, int],
        more: Mapping[frozenset[str], OfBoth] | None = None,
    ) -> None:
        self.micros: Final = micros
        """Money of the tenant."""
        self.user_micros: Final = user_micros
        """Money of the user."""
        self.pools: Final = pools
        """Seconds by pool: what they might draw on each."""
        self.more: Final[Mapping[frozenset[str], OfBoth]] = {} if more is None else more
        """What they cost more, should they find less in any of these pools than they might draw."""


NOTHING_HELD: Final = Held(0, 0, {})
