"""User counts: each row of the users table has counted what the ledger says, and so do the statuses of users; and calls
of users are paid as they may.

Where the oldest entries of an account are gone, months that had begun by then are believed, and who might spend and
what statuses say is not proven.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import msgspec

from rater.reconcile.difference import Complaint, Difference
from rater.reconcile.folds.books import UNNUMBERED
from rater.reconcile.folds.folded import Folded
from rater.reconcile.folds.user_counts import UserCounts
from rater.reconcile.folds.user_state import StoredUser, read_user
from rater.reconcile.folds.user_statuses import hold_status
from rater.reconcile.folds.users_fold import User, UsersFold, clocks_of
from rater.reconcile.inputs import Inputs
from topics import catalog
from topics import records as r
from topics.keys import user_key

PROOF = "user counts"
TOPIC = catalog.USERS_CHANGELOG.name
LEDGER = catalog.LEDGER.name
SUSPENSE = catalog.SUSPENSE.name
STATUSES = catalog.USER_STATUS.name

Rows = dict[User, tuple[int, bool, StoredUser]]
"""The last row of each user, with its offset, and whether a status is owed."""
Placed = tuple[int, r.UserStatus]


def prove(evidence: Inputs) -> Iterator[Difference]:
    """Prove it for every charge, for every status that is left, and for the last row of every user."""
    rows = _rows(evidence)
    fold = evidence.past.of(PROOF, UsersFold)
    fold.ledger = evidence.ledger
    for user, counts in _of_before(evidence, rows).items():
        fold.counts.setdefault(user, counts)
    statuses = _statuses(evidence)
    yield from _hold_at_rest(evidence, fold, statuses)
    for offset, entry in evidence.books.ledger.items():
        account = evidence.ledger.accounts.get(entry.tenant_id)
        if account is None or evidence.is_before_beginning(entry.tenant_id, entry.seq):
            continue
        for wrong in fold.take(account, entry):
            yield evidence.differ(PROOF, LEDGER, offset, entry.tenant_id, wrong)
        if entry.kind in UNNUMBERED:
            continue
        for placed in statuses.pop((entry.tenant_id, entry.seq), ()):
            yield from _hold_status(evidence, fold, account, placed, entry.at_ms)
    for left in statuses.values():
        for placed in left:
            yield from _hold_stray(evidence, placed)
    yield from _hold_rows(evidence, fold, rows)
    yield from _hold_waiting(evidence, fold)
    # It is of this log, and would go into the checkpoint with all its decks.
    fold.ledger = None


def _hold_at_rest(
    evidence: Inputs, fold: UsersFold, statuses: dict[tuple[str, int], list[Placed]]
) -> Iterator[Difference]:
    """Hold the statuses that name the last entry of before, and take them out."""
    for tenant, account in evidence.ledger.accounts.items():
        for placed in statuses.pop((tenant, account.rest_seq), ()) if account.rest_seq else ():
            yield from _hold_status(evidence, fold, account, placed, 0)


def _rows(evidence: Inputs) -> Rows:
    """Return the last row of each user; what cannot be read, `users` complains of."""
    rows: Rows = {}
    for record in evidence.books.log.slice(TOPIC).records:
        try:
            owed, row = read_user(record.value or b"")
        except (msgspec.MsgspecError, ValueError):
            continue
        rows[row.tenant_id, row.user_id] = record.offset, owed, row
    return rows


def _of_before(evidence: Inputs, rows: Rows) -> dict[User, UserCounts]:
    """Return the users that were there before the beginning of their accounts, as the table has them."""
    accounts = evidence.ledger.accounts
    return {
        user: UserCounts(row.since_seq)
        for user, (_, _, row) in rows.items()
        if user[0] in accounts and row.since_seq < accounts[user[0]].first
    }


def _statuses(evidence: Inputs) -> dict[tuple[str, int], list[Placed]]:
    """Return the statuses by tenant and the entry that they name."""
    found: dict[tuple[str, int], list[Placed]] = {}
    for offset, status in evidence.books.user_statuses:
        found.setdefault((status.tenant_id, status.seq), []).append((offset, status))
    return found


def _hold_status(
    evidence: Inputs, fold: UsersFold, account: Folded, placed: Placed, at_ms: int
) -> Iterator[Difference]:
    """Hold a status against what the ledger says up to the entry that it names."""
    offset, status = placed
    user = (status.tenant_id, status.user_id)
    if account.first > 1 or account.has_gaps or status.tenant_id in fold.unknown:
        return
    if user not in fold.counts or user not in fold.terms:
        found = [Complaint("user_id", "a user that was set by then", status.user_id)]
    else:
        found = list(hold_status(status, fold.counts[user], fold.terms[user], clocks_of(account)))
    if status.at_ms < at_ms:
        found.append(Complaint("at_ms", f"not before {at_ms}", status.at_ms))
    for wrong in found:
        yield evidence.differ(PROOF, STATUSES, offset, user_key(*user), wrong)


def _hold_stray(evidence: Inputs, placed: Placed) -> Iterator[Difference]:
    """Complain of a status that names no entry, where all entries of the time are there."""
    offset, status = placed
    account = evidence.ledger.accounts.get(status.tenant_id)
    if account is None and not evidence.ledger.is_whole:
        return
    if account is None or (not account.has_gaps and status.seq >= account.first):
        key = user_key(status.tenant_id, status.user_id)
        wrong = Complaint("seq", "that of an entry", status.seq)
        yield evidence.differ(PROOF, STATUSES, offset, key, wrong)


def _hold_rows(evidence: Inputs, fold: UsersFold, rows: Rows) -> Iterator[Difference]:
    """Hold the last row of each user, and its last status, against the end of the ledger."""
    last: dict[User, Placed] = evidence.past.of(STATUSES, dict)
    last |= {(s.tenant_id, s.user_id): (offset, s) for offset, s in evidence.books.user_statuses}
    for user, (offset, owed, row) in sorted(rows.items()):
        account, counts = evidence.ledger.accounts.get(user[0]), fold.counts.get(user)
        if account is None or account.has_gaps or counts is None:
            # That it should not be there, `users` says.
            continue
        if user[0] in fold.unknown:
            counts.spent = dict(row.spent)
        for wrong in _hold(account, counts, row):
            yield evidence.differ(PROOF, TOPIC, offset, user[0], wrong)
        place, status = last.get(user, (None, None))
        for wrong in _hold_last(account, counts, (owed, row), status):
            yield evidence.differ(PROOF, STATUSES, place, user_key(*user), wrong)
    fold.unknown.clear()


def _hold(account: Folded, counts: UserCounts, row: StoredUser) -> Iterator[Complaint]:
    """Hold a row against what was counted, from the first month on of which all is there."""
    if counts.since_seq != row.since_seq:
        yield Complaint("since_seq", counts.since_seq, row.since_seq)
    since = "" if account.first == 1 else _month_after(account.opened.at_ms)
    for name, right, found in (
        ("spent", counts.spent, row.spent),
        ("used_s", counts.used_s, row.used_s),
    ):
        if _from(right, since) != _from(found, since):
            yield Complaint(f"{name} of user {row.user_id}", right, found)
    alerts = account.contract.alerts.own_told_s
    told = {each: alerts[each] for each in counts.used_s if each in alerts}
    if account.first == 1 and told != row.told_s:
        yield Complaint(f"told_s of user {row.user_id}", told, row.told_s)


def _hold_last(
    account: Folded,
    counts: UserCounts,
    stored: tuple[bool, StoredUser],
    status: r.UserStatus | None,
) -> Iterator[Complaint]:
    """Hold the last status of a user: it is there, and says what is counted unless one is owed."""
    owed, row = stored
    if status is None:
        yield Complaint("record", f"a status of user {row.user_id}", "nothing")
        return
    if row.told_ms != status.at_ms:
        yield Complaint(f"told_ms of user {row.user_id}", status.at_ms, row.told_ms)
    spent = counts.spent.get(status.month, 0)
    if account.first == 1 and not owed and status.spent_micros != spent:
        yield Complaint(f"spent_micros of {row.user_id}, none owed", spent, status.spent_micros)


def _hold_waiting(evidence: Inputs, fold: UsersFold) -> Iterator[Difference]:
    """Hold what waits for a licence against that the account was ever told to let it wait."""
    for record, waiting in evidence.books.suspense:
        tenant = waiting.tenant_id
        account = evidence.ledger.accounts.get(tenant)
        is_whole = account is None or account.first == 1
        if waiting.reason == "no_user_capability" and is_whole and tenant not in fold.suspends:
            wrong = Complaint("reason", "none that the account was told", waiting.reason)
            yield evidence.differ(PROOF, SUSPENSE, record.offset, record.key, wrong)


def _from(counted: dict[str, int], since: str) -> dict[str, int]:
    return {name: number for name, number in counted.items() if name >= since}


def _month_after(at_ms: int) -> str:
    """Return the first month of which every call starts after an instant, wherever its clocks are."""
    later = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=at_ms, days=1)
    return f"{(later.replace(day=1) + timedelta(days=32)):%Y-%m}"
