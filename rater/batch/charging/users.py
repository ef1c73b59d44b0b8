"""Users: rows of their own, beside the accounts. A tenant of 20,000 users has the same account as one of none.

Kept as bytes, and read when a user is touched. A user that was never set is not there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, final

from rater.core.account.user import User, Users
from rater.core.account.user_status import status_of_user
from rater.core.account.user_terms import terms_of, with_terms
from rater.core.rejections import Refusal, Rejected
from rater.core.times import to_millis
from rater.wire.account.user_rows import check_user, decode_user, is_owed
from topics import records as r
from topics.keys import user_key
from topics.records import UserSet, UserTerms
from topics.records.users import USER_TERMS_MAX

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rater.core.account.account import Account
    from rater.core.pricing.rules import Rules
    from topics.records import CommandRejected, MoneyEntry, UserStatus
    from topics.records.recycling import CallDropped


@final
class UsersShard:
    """The users of one partition as bytes: a table's state."""

    def __init__(self) -> None:
        self._values: dict[bytes, bytes] = {}
        self._owed: set[bytes] = set()
        self.get = self._values.get

    def __len__(self) -> int:
        """Return the number of users."""
        return len(self._values)

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """Iterate over keys and values."""
        return iter(self._values.items())

    def load(self, records: Sequence[tuple[bytes | None, bytes | None]]) -> None:
        """Take a fetch of the changelog, in its order; a record without a value removes its user."""
        for key, value in records:
            if key is None:
                message = f"users changelog: a record without a key, value {value!r}"
                raise ValueError(message)
            if value is None:
                self._values.pop(key, None)
                self._owed.discard(key)
                continue
            check_user(value)
            self._values[key] = value
            if is_owed(value):
                self._owed.add(key)
            else:
                self._owed.discard(key)

    def owed(self) -> list[bytes]:
        """Return the users whose status is owed."""
        return list(self._owed)

    def put(self, changes: Mapping[bytes, bytes | None]) -> None:
        """Take what a batch has committed."""
        if changes:
            self.load(list(changes.items()))

    def of_batch(self, changed: dict[tuple[str, str], User]) -> Users | None:
        """Return the users for a batch of CDRs, which sets none; None, so that no CDR asks: none is kept."""
        return Users(self.user, changed) if self._values else None

    def user(self, tenant_id: str, user_id: str) -> User | None:
        """Return a working copy of a user; None: it was never set."""
        value = self.get(user_key(tenant_id, user_id))
        return None if value is None else decode_user(value)


@final
class UsersBatch:
    """The users as one batch of commands sees them: those that are kept, and what it changes."""

    def __init__(self, shard: UsersShard, changed: dict[tuple[str, str], User]) -> None:
        """Begin with nothing changed; `changed` are those of the batch's decision, and are filled here."""
        self.users = Users(shard.user, changed)

    def refuse(self, order: r.Command, at_ms: int) -> Refusal | None:
        """Refuse a change of a user beyond those that are kept."""
        if not isinstance(order, r.SetUser):
            return None
        from_ms = at_ms if order.valid_from is None else to_millis(order.valid_from)
        kept = with_terms(self._terms(order), terms_of(order, from_ms, 0), at_ms)
        if len(kept) <= USER_TERMS_MAX:
            return None
        detail = f"user_id: {len(kept)} changes of {order.user_id} would be kept, the limit is {USER_TERMS_MAX}"
        return Refusal(Rejected.TOO_MANY_CHANGES, detail)

    def remember(
        self,
        entry: MoneyEntry | CommandRejected | CallDropped,
        account: Account | None,
        rules: Rules,
    ) -> UserStatus | None:
        """Keep what an entry of an account says of a user; return what is told of it."""
        if not isinstance(entry, UserSet) or account is None:
            return None
        user = self.users.find(entry.tenant_id, entry.user_id)
        if user is None:
            user = User(entry.tenant_id, entry.user_id, since_seq=entry.seq)
        new = terms_of(entry, entry.valid_from_ms, entry.seq)
        user.terms = with_terms(user.terms, new, entry.at_ms)
        self.users.change(user)
        return status_of_user(user, account, rules, entry.at_ms)

    def _terms(self, said: r.SetUser) -> tuple[UserTerms, ...]:
        user = self.users.find(said.tenant_id, said.user_id)
        return () if user is None else user.terms
