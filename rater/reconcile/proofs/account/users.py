"""Users: the users table has what the ledger says of each, and no other.

Folded from the entries that are left. What no call can ask for any more is let go with the next change of its user:
all but the last of what began 432 days before that. Where the oldest entries are gone, what the table has of before
them is believed.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from rater.reconcile.difference import Complaint, Difference
from rater.reconcile.folds.standing import KEPT_MS
from rater.reconcile.folds.user_state import TERMS_MAX, read_user
from rater.reconcile.inputs import Inputs
from rater.reconcile.reading.log import Record
from topics import catalog
from topics.keys import user_key
from topics.partitioner import partition_of

PROOF = "users"
TOPIC = catalog.USERS_CHANGELOG.name
LEDGER = catalog.LEDGER.name
_FIELDS = (
    *("usage_country", "outbound_calls", "conference_dial_out", "plan_ids"),
    *("credits_licence", "monthly_spend_limit_micros"),
)

User = tuple[str, str]
"""Tenant and user id."""
Terms = dict[int, tuple[object, ...]]
"""By instant: the number of the entry, and what it says."""


def prove(evidence: Inputs) -> Iterator[Difference]:
    """Prove it for every user on the ledger, and for every row of the table."""
    known: dict[User, Terms] = evidence.past.of(PROOF, dict)
    touched: set[User] = set()
    for offset, entry in evidence.books.ledger.items():
        if entry.kind != "user_set" or evidence.is_before_beginning(entry.tenant_id, entry.seq):
            continue
        user = entry.tenant_id, entry.user_id
        touched.add(user)
        terms = known.setdefault(user, {})
        for wrong in _take(terms, entry):
            yield evidence.differ(PROOF, LEDGER, offset, entry.tenant_id, wrong)
    table: dict[User, tuple[int, Terms]] = {}
    for record in evidence.books.log.slice(TOPIC).records:
        for wrong in _read(evidence, table, record):
            yield evidence.differ(PROOF, TOPIC, record.offset, record.key, wrong)
    expected = {user: known[user] for user in touched.union(table) if user in known}
    yield from _hold(evidence, expected, table)


def _take(terms: Terms, entry: Any) -> Iterator[Complaint]:
    """Fold an entry; complain of more than may be kept."""
    terms[entry.valid_from_ms] = (entry.seq, *(getattr(entry, name) for name in _FIELDS))
    old = sorted(at_ms for at_ms in terms if at_ms <= entry.at_ms - KEPT_MS)
    for at_ms in old[:-1]:
        del terms[at_ms]
    if len(terms) > TERMS_MAX:
        yield Complaint("user_id", f"at most {TERMS_MAX} changes that are kept", len(terms))


def _read(
    evidence: Inputs, table: dict[User, tuple[int, Terms]], record: Record
) -> Iterator[Complaint]:
    """Read one row of the table."""
    try:
        _, said = read_user(record.value or b"")
    except (msgspec.MsgspecError, ValueError) as error:
        yield Complaint("value", "a user", str(error))
        return
    user = said.tenant_id, said.user_id
    right = partition_of(said.tenant_id.encode(), evidence.books.log.partitions)
    expected = (user_key(*user), right)
    if (record.key, evidence.books.partition) != expected:
        yield Complaint("key, partition", expected, (record.key, evidence.books.partition))
    instants = [each.valid_from_ms for each in said.terms]
    if instants != sorted(set(instants)):
        yield Complaint("terms", "by instant, each once", instants)
    table[user] = (
        record.offset,
        {
            each.valid_from_ms: (each.seq, *(getattr(each, name) for name in _FIELDS))
            for each in said.terms
        },
    )


def _hold(
    evidence: Inputs, expected: dict[User, Terms], table: dict[User, tuple[int, Terms]]
) -> Iterator[Difference]:
    """Hold the last row of each user against the ledger."""
    for user in sorted({*expected, *table}):
        offset, found = table.get(user, (None, {}))
        account = evidence.ledger.accounts.get(user[0])
        if account is not None and account.has_gaps:
            continue
        first = 1 if account is None else account.first
        if account is None and not evidence.ledger.is_whole:
            continue
        right = expected.get(user, {})
        if first > 1:
            right, found = _since(right, found, first)
        if right != found:
            wrong = Complaint(f"terms of user {user[1]}", right, found)
            yield evidence.differ(PROOF, TOPIC, offset, user[0], wrong)


def _since(right: Terms, found: Terms, first: int) -> tuple[Terms, Terms]:
    """Return what there is of both since an account's beginning; of before, the table alone knows.

    What was set since may have been let go because of that; and it is not told from what is missing.
    """
    before = [at_ms for at_ms, said in found.items() if _seq(said) < first]
    latest = max(before, default=-1)
    known = {at_ms: said for at_ms, said in right.items() if at_ms in found or at_ms > latest}
    return known, {at_ms: said for at_ms, said in found.items() if at_ms not in before}


def _seq(said: tuple[object, ...]) -> int:
    seq = said[0]
    assert isinstance(seq, int), said
    return seq
