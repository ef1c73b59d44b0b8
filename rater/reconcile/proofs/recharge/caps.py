"""Caps: when a recharge begins, what was captured before is below the caps that were set (I10).

At the first attempt of each recharge: the recharges of the 24 hours before that were captured are fewer than the count
cap, and the money captured of the recharges of the 30 days before, with this one's amount, is within the money cap; and
auto-recharge is on. The settings are those of the last `auto_recharge_changed` event that recharge had heard (what it
says stands in the ledger); where several were heard in the very step that began the recharge, one of them must allow
it. A recharge counts from its beginning, by what was captured of it until then: a capture that
comes later may pass a cap, since the money has been taken already, and only what begins after it is held back.

Not proven for recharges that began before the oldest manifest that is left: what had been heard by then is not known;
nor where the settings are older than what is left of the ledger.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, Final

from rater.reconcile.difference import Complaint, Difference
from rater.reconcile.folds.recharge_books import EVENTS, PAYMENTS
from rater.reconcile.inputs import Inputs
from rater.reconcile.recharge_inputs import BEFORE, UNREAD, Capture, Sent, read_name
from topics import catalog

PROOF = "caps"
LEDGER = catalog.LEDGER.name

COUNT_CAP: Final = 5
MONEY_CAP_TIMES: Final = 20
DAY_MS: Final = 86_400_000
COUNT_WINDOW_MS: Final = DAY_MS
MONEY_WINDOW_MS: Final = 30 * DAY_MS

UNSURE: Final = BEFORE - 1
"""Heard of at some time: the event is deleted."""

Set = tuple[int, Any]
"""The step that heard of settings, and their ledger entry."""


def prove(evidence: Inputs) -> Iterator[Difference]:
    """Prove it for every recharge of which it is known what had been heard when it began."""
    if not evidence.recharge.sent:
        return
    settings = _settings(evidence)
    captures: dict[str, list[Capture]] = defaultdict(list)
    for (tenant_id, _), capture in evidence.recharge.captures.items():
        captures[tenant_id].append(capture)
    last: dict[str, int] = {}
    for (tenant_id, command_id), sent in evidence.recharge.sent.items():
        if sent.command.attempt == 1 and sent.step not in (None, BEFORE):
            ended = last.get(tenant_id, -1)
            before = [c for c in captures[tenant_id] if c.step < sent.step or c.offset <= ended]
            wrong = _hold(evidence, sent, before, settings.get(tenant_id, ()))
            if wrong is not None:
                yield evidence.differ(PROOF, PAYMENTS, sent.offset, tenant_id, wrong)
        last[tenant_id] = evidence.recharge.finals.get((tenant_id, command_id), -1)


def _settings(evidence: Inputs) -> dict[str, list[Set]]:
    """Return every tenant's settings in their order, and the step in which recharge heard of each."""
    told = {
        (event.tenant_id, event.seq): offset
        for offset, event in evidence.books.events
        if event.kind == "auto_recharge_changed"
    }
    is_whole = evidence.books.is_whole(EVENTS)
    found: dict[str, list[Set]] = defaultdict(list)
    for entry in evidence.books.ledger.values():
        if entry.kind == "auto_recharge_set":
            offset = told.get((entry.tenant_id, entry.seq))
            step = UNREAD if is_whole else UNSURE
            if offset is not None:
                step = evidence.recharge.step(EVENTS, offset)
            found[entry.tenant_id].append((step, entry))
    return found


def _hold(
    evidence: Inputs, sent: Sent, before: Sequence[Capture], settings: Sequence[Set]
) -> Complaint | None:
    """Hold the beginning of a recharge against the settings that may have been in force."""
    assert sent.step is not None, sent
    heard = [each for each in settings if each[0] <= sent.step]
    if not heard:
        is_known = evidence.books.is_whole(LEDGER)
        return Complaint("command_id", "auto-recharge set before", None) if is_known else None
    certain = max((n for n, (step, _) in enumerate(heard) if UNSURE < step < sent.step), default=0)
    complaint = None
    for _, entry in heard[certain:]:
        complaint = _pass(sent, before, entry)
        if complaint is None:
            return None
    return complaint


def _pass(sent: Sent, before: Sequence[Capture], settings: Any) -> Complaint | None:
    """Say which cap of these settings a recharge passes; None: none."""
    if not settings.enabled:
        return Complaint("enabled", "auto-recharge on", "off")
    now_ms = sent.command.requested_ms
    begun = [(_begun_ms(capture), capture) for capture in before]
    recent = {c.command.recharge_id for at_ms, c in begun if at_ms > now_ms - COUNT_WINDOW_MS}
    count = settings.count_cap or COUNT_CAP
    if len(recent) >= count:
        return Complaint("count cap", f"at most {count} in 24 hours", f"{len(recent) + 1}")
    month = [c.result.amount_micros for at_ms, c in begun if at_ms > now_ms - MONEY_WINDOW_MS]
    total, limit = sum(month) + sent.command.amount_micros, _money_cap(settings)
    if total > limit:
        return Complaint("money cap", f"at most {limit} micros in 30 days", total)
    return None


def _begun_ms(capture: Capture) -> int:
    named = read_name(capture.command.tenant_id, capture.command.command_id)
    return 0 if named is None else named.started_ms


def _money_cap(settings: Any) -> int:
    """Return the cap on money, which is a multiple of the amount or target where it is not set."""
    if settings.money_cap_micros is not None:
        return int(settings.money_cap_micros)
    is_target = settings.mode == "target"
    each = settings.target_micros if is_target else settings.recharge_micros
    return MONEY_CAP_TIMES * (each or 0)
