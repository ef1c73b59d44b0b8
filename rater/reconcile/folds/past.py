"""Past: what is known of a partition from before its log begins, where an earlier log ended at a cut.

It grows with accounts, lots, users and calls that wait, and not with CDRs. Each proof keeps in it what it needs of
before; of a log that is read alone, from its beginning, there is nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from rater.reconcile.folds.books import Books
from rater.reconcile.folds.folded import Folded
from rater.reconcile.folds.published import Published
from topics import catalog

T = TypeVar("T")


@dataclass(slots=True)
class Past:
    """What the logs before came to."""

    accounts: dict[str, Folded] = field(default_factory=dict)
    firsts: dict[str, int] = field(default_factory=dict)
    """The first number of each tenant that was left."""
    is_whole: bool = True
    """Whether the ledger was read from its first entry on."""
    _memory: dict[str, Any] = field(default_factory=dict)

    def of(self, proof: str, make: Callable[[], T]) -> T:
        """Return what a proof remembers, made where it remembers nothing yet."""
        if proof not in self._memory:
            self._memory[proof] = make()
        kept: T = self._memory[proof]
        return kept

    def touched(self, books: Books, published: Published) -> dict[str, Folded]:
        """Return the known accounts of the tenants of whom a log says anything, by what is published now."""
        if not books.log.is_continued:
            self.is_whole = books.is_whole(catalog.LEDGER.name)
        known = self.accounts
        touched = {tenant: known[tenant] for tenant in _tenants(books) if tenant in known}
        for account in touched.values():
            account.breaker.settings = published.settings
        return touched

    def rest(self, accounts: dict[str, Folded], asked: Callable[[str], int | None]) -> None:
        """Keep accounts, without what they were after entries that are asked for no more.

        `asked`: the number of the entry that a tenant's last status names.
        """
        for tenant, account in accounts.items():
            seq = asked(tenant)
            account.rest(account.seq if seq is None else seq)
        self.accounts.update(accounts)


def _tenants(books: Books) -> set[str]:
    said = (s for listed in (books.statuses, books.user_statuses, books.events) for _, s in listed)
    named = {each.tenant_id for each in (*books.ledger.values(), *said)}
    named.update(each.tenant_id for _, each in books.suspense)
    return named.union(books.accounts)
