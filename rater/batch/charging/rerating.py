"""Rerating: the charges that are rated again in a batch of commands, each once for each job.

Which charge stands is asked of the charge index, as corrections ask it; its entry is fetched from the ledger. What
comes of it is the id's head from then on (R22), moved in the transaction of the entries. So a charge that was taken
back, by whatever, is not taken back again.

Of a call that the index remembers no more, the order's own word is taken, where it can be held to: the entry lies where
it says, and the ledger was read, not longer ago than the index remembers, and a day less, without finding that
something takes it back. What has taken it back since has moved its head, which would be remembered.
"""

from collections.abc import Mapping, Sequence
from typing import Final, final

from xxhash import xxh3_128_digest

from rater.batch.charging.decision import Decision
from rater.batch.charging.heads import head_of
from rater.batch.charging.originals import Originals
from rater.batch.charging.record import Record
from rater.core import engine
from rater.core.account.account import Account
from rater.core.account.rejecting import reject
from rater.core.account.rerating import not_standing
from rater.core.account.user import Users
from rater.core.cdr import Source
from rater.core.limits import DAY_MS
from rater.core.pricing.rules import Rules
from rater.wire.account.commands import decode_command
from rater.wire.account.entries import decode_entry
from topics.manifests import IdState
from topics.records import Charge
from topics.records.rerating import RerateCall

RERATED_MAX: Final = 256
"""Orders whose charges are fetched at once."""
_NAMED: Final = b"rerate_call"
_ESCAPE: Final = b"\\"
"""One of the two stands in each order, and is found without reading it: JSON may write any letter as an escape."""


@final
class ReratingBatch:
    """The charges that are rated again, as one batch of commands sees them."""

    def __init__(
        self, originals: Originals, decision: Decision, users: Users, rules: Rules
    ) -> None:
        """Take the batch's decision, which goes on."""
        self._originals = originals
        self._decision = decision
        self._users = users
        self._rules = rules
        self._asked: list[RerateCall] = []
        self._needed: set[int] = set()
        self._named: set[int] = set()
        """Where entries lie, as orders say it."""
        self._given: dict[int, bytes] = {}
        self._posted: dict[tuple[str, str], Charge] = {}
        """What this batch has posted, by tenant and CDR."""

    def look(self, records: Sequence[Record]) -> int:
        """Look for orders among records; return how many records are read at once: up to so many orders."""
        for number, record in enumerate(records):
            value = record.value
            if value is None or (_NAMED not in value and _ESCAPE not in value):
                continue
            order = decode_command(value)
            if isinstance(order, RerateCall):
                self._asked.append(order)
                if len(self._asked) == RERATED_MAX:
                    return number + 1
        return len(records)

    def needs(self) -> list[int]:
        """Return the offsets of the ledger entries that stand, of the calls that orders among what was read name."""
        asked, self._asked = self._asked, []
        if not asked or not self._rules.settings.corrects:
            return []
        needed = self._originals.needs(asked)
        self._needed.update(needed)
        self._named = {order.offset for order in asked} - self._needed - self._given.keys()
        return needed

    def named(self) -> list[int]:
        """Return the other offsets that these orders name; there may be nothing."""
        named, self._named = self._named, set()
        return sorted(named)

    def give(self, entries: Mapping[int, bytes]) -> None:
        """Take these entries by their offsets, before they are decided."""
        self._originals.give(entries)
        self._given.update(entries)

    def obey(self, order: RerateCall, account: Account, source: Source, oldest_ms: int) -> None:
        """Rate a charge again, or refuse to on the ledger; `oldest_ms`: what is older is not remembered."""
        decision = self._decision
        stands = self._stands(order, oldest_ms)
        refusal = not_standing(order, stands)
        if refusal is not None:
            reject(account, order, source, refusal, decision.journal)
            decision.sums.rerated[refusal.reason] += 1
            return
        assert stands is not None, order
        seq, users = account.seq, self._users
        first = len(decision.journal.entries)
        refusal = engine.rerate(
            account, order, stands, source, self._rules, decision.journal, users
        )
        if refusal is not None:
            decision.sums.rerated[refusal.reason] += 1
            return
        posted = [e for e in decision.journal.entries[first:] if isinstance(e, Charge)]
        decision.sums.rerated["posted" if posted else "unchanged"] += 1
        if posted:
            assert account.seq > seq, order
            self._move(order, posted[0], first)

    def _stands(self, order: RerateCall, oldest_ms: int) -> Charge | None:
        """Return the charge of a call that stands; None: it is not known, or no correction is taken."""
        if not self._rules.settings.corrects:
            return None
        if (order.tenant_id, order.cdr_id) in self._posted:
            return self._posted[order.tenant_id, order.cdr_id]
        if self._originals.is_known(order, oldest_ms):
            return self._originals.of(order, oldest_ms).charge
        # Nobody has read a ledger of tomorrow; a day is for clocks that differ.
        is_seen = oldest_ms + DAY_MS <= order.seen_ms <= self._decision.stream_ms + DAY_MS
        if not is_seen or order.offset not in self._given:
            return None
        said = decode_entry(self._given[order.offset])
        if not isinstance(said, Charge):
            return None
        is_it = (said.tenant_id, said.cdr_id) == (order.tenant_id, order.cdr_id)
        return said if is_it else None

    def _move(self, order: RerateCall, entry: Charge, first: int) -> None:
        """Remember that this charge stands now, for a window from now on."""
        decision = self._decision
        entries = decision.journal.entries
        place = decision.entry_place() - (len(entries) - 1 - entries.index(entry, first))
        known_ms = self._originals.until_ms(order)
        until_ms = max(decision.stream_ms, entry.call.ended_ms, known_ms)
        head = xxh3_128_digest(head_of(order)), entry.version, IdState.HEAD, place, until_ms
        decision.remembered.append(head)
        self._posted[order.tenant_id, order.cdr_id] = entry
