"""Folded: an account and its users as the entries up to one leave them.

An entry has decided (D4): here it is only applied, by the code that the worker applies it with. What an entry says is
read of those before the one that is explained, never of that one itself.
"""

from collections.abc import Iterable

from rater.core.account.account import Account
from rater.core.account.applying import apply, apply_charge
from rater.core.account.cause import Cause
from rater.core.account.counting import count, count_back
from rater.core.account.journal import Journal
from rater.core.account.posting import posting_of
from rater.core.account.user import User, Users
from rater.core.account.user_terms import terms_of, with_terms
from rater.core.pricing.rules import Rules
from rater.views.explanation.beginning import account_before
from rater.views.explanation.differences import Difference
from rater.views.explanation.evidence import Posted
from topics import records as r
from topics.records.recycling import CallDropped

Entry = r.MoneyEntry | r.CommandRejected | CallDropped


class DoesNotAddUpError(ValueError):
    """An entry does not follow from those before it."""


class Folded:
    """One account, from an entry on that it may begin with."""

    def __init__(self, known: tuple[User, ...] = ()) -> None:
        """Know nothing yet but what users may do who were set before the first entry that is taken."""
        self.account: Account | None = None
        self._known = known
        self.rows: dict[str, User] = {}
        """The users, by their ids."""
        self.users = Users(self._row)
        self._charges: dict[str, r.Charge] = {}
        """Charges of users, by entry, for what takes them back."""
        self._before: int | None = None
        """The balance before what a correction takes back, until its own charge comes."""

    def take_all(self, posted: Iterable[Posted], rules: Rules) -> Difference | None:
        """Apply the next entries; return the first that does not follow from those before it, if there is one."""
        for each in posted:
            try:
                self.take(each.entry, rules)
            except DoesNotAddUpError as error:
                wanted = "entries before it that add up"
                return Difference(each.entry.entry_id, "entries", wanted, str(error))
        return None

    def take(self, entry: Entry, rules: Rules) -> None:
        """Apply the next entry; DoesNotAddUpError where it cannot be the next."""
        if isinstance(entry, (r.CommandRejected, CallDropped)):
            return
        if self.account is None:
            self._begin(entry)
        account = self.account
        assert account is not None, entry
        if entry.seq != account.seq + 1:
            detail = f"entry {entry.entry_id} comes after number {account.seq}"
            raise DoesNotAddUpError(detail)
        try:
            self._apply(account, entry, rules)
        except (AssertionError, StopIteration, KeyError, ValueError) as error:
            raise DoesNotAddUpError(f"entry {entry.entry_id} does not add up") from error

    def _begin(self, entry: r.MoneyEntry) -> None:
        if not isinstance(entry, (r.AccountOpened, r.BalanceCarriedForward)):
            detail = f"entry {entry.entry_id} is none that an account begins with"
            raise DoesNotAddUpError(detail)
        self.account = account_before(entry)
        for user in self._known:
            terms = tuple(each for each in user.terms if each.seq < entry.seq)
            if terms and user.since_seq < entry.seq:
                row = User(user.tenant_id, user.user_id, terms, since_seq=user.since_seq)
                self.rows[user.user_id] = row

    def _apply(self, account: Account, entry: r.MoneyEntry, rules: Rules) -> None:
        journal = Journal(rules.plans)
        if isinstance(entry, r.Charge):
            posting = posting_of(account, entry)
            before = account.balance if self._before is None else self._before
            self._before = None
            apply_charge(account, posting)
            journal.look(account, posting, before, entry.cdr_id)
            count(account, entry, rules, self.users, journal)
            if entry.draws and account.contract is not None:
                self._charges[entry.entry_id] = entry
            return
        if isinstance(entry, r.ChargeReversed):
            self._take_back(account, entry, rules, journal)
            return
        journal.settle(account, entry, Cause("settings", "-", entry.at_ms), None)
        if isinstance(entry, r.UserSet):
            self._set_user(entry)

    def _take_back(
        self, account: Account, entry: r.ChargeReversed, rules: Rules, journal: Journal
    ) -> None:
        if entry.by != "void":
            # What both cross is seen once, with the charge that comes next.
            self._before = account.balance
            apply(account, entry)
        else:
            journal.settle(account, entry, Cause("charge", entry.cdr_id, entry.at_ms), None)
        original = self._charges.pop(entry.reverses, None)
        if original is not None:
            count_back(account, entry, original, rules, self.users)

    def _set_user(self, entry: r.UserSet) -> None:
        user = self.users.find(entry.tenant_id, entry.user_id)
        if user is None:
            user = User(entry.tenant_id, entry.user_id, since_seq=entry.seq)
            self.rows[entry.user_id] = user
        new = terms_of(entry, entry.valid_from_ms, entry.seq)
        user.terms = with_terms(user.terms, new, entry.at_ms)
        self.users.change(user)

    def _row(self, _tenant_id: str, user_id: str) -> User | None:
        return self.rows.get(user_id)
