"""Standing: when an account was closed, and which decks it had, folded from its ledger.

A call is priced by the decks that the account had at the answer, and is not charged where the account was closed then;
both as the ledger said when the call came to its turn. A call for help is free all the same.
What ended 432 days before a change is forgotten with that change: the accounts' changelog keeps no more.
"""

from bisect import bisect_right
from collections.abc import Iterator
from typing import Any

from rater.reconcile.difference import Complaint
from rater.reconcile.folds.account_state import NEVER_MS, StoredPast
from rater.reconcile.folds.calls import may_be_emergency
from rater.reconcile.folds.turns import forget

KEPT_MS = 432 * 86_400_000
CHANGES_MAX = 32

GIVEN_UP = ("freecall", "voided")
"""Why a call is free that has waited: the account was asked when it began to wait, and not again."""
WARNED = ("account_opened", "account_reopened", "credits_opened", "decks_set")
"""The kinds of entry that a deck warning may follow."""


class Standing:
    """One account, as far as the ledger has been folded."""

    def __init__(self) -> None:
        """Begin before its first entry."""
        self.decks: list[str] = []
        self.closed_ms = NEVER_MS
        self.past: StoredPast | None = None
        self.turns: list[tuple[int, bool]] = []
        """From which entry on the account was closed, or open again."""
        self.deck_turns: list[tuple[int, list[str]]] = []
        """From which entry on it had which decks."""
        self._before: Any = None

    def decks_after(self, seq: int) -> list[str]:
        """Return the decks that the account had after an entry."""
        index = bisect_right(self.deck_turns, seq, key=lambda turn: turn[0])
        return self.deck_turns[index - 1][1] if index else []

    def forget(self, seq: int) -> None:
        """Forget how it stood before an entry."""
        forget(self.turns, seq)
        forget(self.deck_turns, seq)
        if self._before is not None and self._before.kind not in WARNED:
            self._before = None

    @property
    def is_closed(self) -> bool:
        """Say whether the account is closed."""
        return self.closed_ms != NEVER_MS

    def was_closed_after(self, seq: int) -> bool:
        """Say whether the account was closed after an entry."""
        index = bisect_right(self.turns, seq, key=lambda turn: turn[0])
        return index > 0 and self.turns[index - 1][1]

    def take(self, entry: Any) -> Iterator[Complaint]:
        """Fold one entry; complain of what it could not have been."""
        match entry.kind:
            case "account_opened":
                self.decks = list(entry.decks)
                self.deck_turns.append((entry.seq, self.decks))
            case "account_closed":
                self.closed_ms = entry.at_ms
                self.turns.append((entry.seq, True))
            case "account_reopened":
                yield from self._reopen(entry)
            case "decks_set":
                yield from self._set_decks(entry)
            case "credits_opened":
                self._replace_decks(self._kept(entry.at_ms), entry)
            case "deck_warning":
                yield from self._warn(entry)
            case "charge":
                yield from self._charge(entry)
        self._before = entry

    def _reopen(self, entry: Any) -> Iterator[Complaint]:
        if entry.closed_ms != self.closed_ms:
            yield Complaint("closed_ms", self.closed_ms, entry.closed_ms)
        kept = self._kept(entry.at_ms)
        if len(kept.closures) >= CHANGES_MAX:
            yield Complaint("kind", f"at most {CHANGES_MAX} closures", entry.kind)
        if entry.at_ms > self.closed_ms:
            kept.closures.append((self.closed_ms, entry.at_ms))
            self._settle(kept, entry.at_ms)
        self.closed_ms = NEVER_MS
        self.turns.append((entry.seq, False))

    def _set_decks(self, entry: Any) -> Iterator[Complaint]:
        kept = self._kept(entry.at_ms)
        if len(kept.decks) >= CHANGES_MAX:
            yield Complaint("kind", f"at most {CHANGES_MAX} changes of decks", entry.kind)
        self._replace_decks(kept, entry)

    def _replace_decks(self, kept: StoredPast, entry: Any) -> None:
        decks = list(entry.decks)
        is_later = not kept.decks or kept.decks[-1][0] < entry.at_ms
        if is_later and decks != self.decks:
            kept.decks.append((entry.at_ms, self.decks))
            self._settle(kept, entry.at_ms)
        self.decks = decks
        self.deck_turns.append((entry.seq, decks))

    def _settle(self, past: StoredPast, at_ms: int) -> None:
        past.settled_ms = max(past.settled_ms, at_ms)
        self.past = past

    def _kept(self, at_ms: int) -> StoredPast:
        """Return what is over and not forgotten at an instant."""
        past, oldest_ms = self.past or StoredPast(0, [], []), at_ms - KEPT_MS
        return StoredPast(
            past.settled_ms,
            [each for each in past.closures if each[1] > oldest_ms],
            [each for each in past.decks if each[0] > oldest_ms],
        )

    def _warn(self, entry: Any) -> Iterator[Complaint]:
        before = self._before
        if before is None or before.kind not in WARNED:
            yield Complaint("kind", f"a deck warning only after {', '.join(WARNED)}", entry.kind)
            return
        for name in ("source_offset", "at_ms", "command_id"):
            if getattr(before, name) != getattr(entry, name):
                yield Complaint(name, getattr(before, name), getattr(entry, name))
        named = [each.deck_id for each in entry.decks]
        rest = iter(self.decks)
        if not all(deck in rest for deck in named):
            yield Complaint("decks", f"some of {self.decks}, in their order", named)

    def _charge(self, entry: Any) -> Iterator[Complaint]:
        at_ms = entry.call.answered_ms
        past = self.past or StoredPast(0, [], [])
        if entry.reason in GIVEN_UP:
            return
        is_shut = at_ms >= self.closed_ms or any(
            start <= at_ms < end for start, end in past.closures
        )
        is_for_help = (
            entry.outcome == "free" and entry.deck_id is None and may_be_emergency(entry.call)
        )
        if is_shut and not is_for_help:
            yield Complaint("answered_ms", "a time at which the account was open", at_ms)
        decks = next((decks for until, decks in past.decks if at_ms < until), self.decks)
        if entry.deck_id is not None and entry.deck_id not in decks:
            yield Complaint("deck_id", f"one of the account's then, {decks}", entry.deck_id)
        if entry.deck_id is None and entry.outcome == "rated" and decks:
            yield Complaint("deck_id", f"one of {decks}: the account had credits", entry.deck_id)
