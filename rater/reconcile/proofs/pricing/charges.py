"""Charges: a CDR is charged at most once (I3), by a deck that was in force (I6)."""

from collections.abc import Iterator, Sequence

from rater.reconcile.difference import Complaint, Difference
from rater.reconcile.folds.calls import is_no_number
from rater.reconcile.folds.deck_prices import FEES, Price
from rater.reconcile.folds.deck_versions import DeckVersion
from rater.reconcile.folds.pool_prices import OF_POOLS, money_of_pools
from rater.reconcile.inputs import Inputs
from rater.reconcile.proofs.pricing.usage import hold_grace, hold_usage, paid_by_pools_s
from topics import catalog
from topics import records as r

PROOF = "charges"

LATE_MS = 3_600_000
"""A charge is held against a retirement that was published so long before its CDR: decks and CDRs have no common
order, and producers' clocks are not the broker's."""

_UNPRICED = frozenset(("unanswered", "zero_duration", "emergency", "inbound", "freecall", "voided"))
"""Why a call is free though no deck prices it."""


def prove(evidence: Inputs) -> Iterator[Difference]:
    """Prove it for every charge of the ledger."""
    seen: dict[tuple[str, str, int, int], int] = {}
    for offset, entry in evidence.books.ledger.items():
        if entry.kind != "charge":
            continue
        identity = (entry.tenant_id, entry.cdr_id, entry.version, entry.generation)
        first = seen.setdefault(identity, offset)
        complaints = list(_hold_price(evidence, entry))
        if first != offset:
            once = f"one charge of {entry.cdr_id} version {entry.version}, at offset {first}"
            complaints.append(Complaint("cdr_id, version", once, "another one"))
        for wrong in complaints:
            yield evidence.differ(PROOF, catalog.LEDGER.name, offset, entry.tenant_id, wrong)


def _hold_price(evidence: Inputs, entry: r.Charge) -> Iterator[Complaint]:
    """Hold a charge against the deck that it names."""
    if entry.outcome == "free" and entry.charge_micros:
        yield Complaint("charge_micros", 0, entry.charge_micros)
    yield from _hold_reason(entry)
    if entry.reason not in _UNPRICED:
        yield from _hold_dialled(entry.call)
    if entry.deck_id is None or entry.deck_version is None or entry.prefix is None:
        if entry.outcome == "rated":
            yield from _hold_bundle(entry)
        elif entry.reason not in _UNPRICED:
            yield Complaint("deck_id, deck_version, prefix", "the deck that priced it", "nothing")
        return
    deck = evidence.shelf.versions.get((entry.deck_id, entry.deck_version))
    named = f"{entry.deck_id}/{entry.deck_version}"
    if deck is None:
        yield Complaint("deck_id, deck_version", "a whole version on rate.decks.v1", named)
    else:
        yield from _hold_deck(deck, entry)
        retired = evidence.shelf.retired_between(
            (entry.deck_id, entry.deck_version), entry.call.answered_ms
        )
        if retired is not None and retired.told_ms + LATE_MS < entry.at_ms:
            since = f"none from {retired.valid_from_ms} on, retired by version {retired.version}"
            yield Complaint("deck_version", since, named)
    asked: tuple[str, str] = (entry.call.direction, entry.prefix.removeprefix("+"))
    prices = [] if deck is None else deck.prices.get(asked, [])
    if prices:
        yield from hold_grace(entry, prices)
        yield from hold_usage(entry, prices, None if deck is None else deck.slots.get(asked))
    yield from _hold_lines(entry, prices)


def _hold_dialled(call: r.ChargedCall) -> Iterator[Complaint]:
    """Hold that a call with a price was dialled by a number of which can be told what is denied."""
    if call.routing_number is not None and is_no_number(call.to):
        yield Complaint("call.to", "E.164, or a short number, where it leads elsewhere", call.to)


def _hold_bundle(entry: r.Charge) -> Iterator[Complaint]:
    """Hold a charge that no deck has priced: pools pay its every second, and nothing else is of it."""
    said = (entry.deck_id, entry.deck_version, entry.prefix, entry.destination, entry.charge_micros)
    if said != (None, None, None, None, 0):
        yield Complaint("deck_id, deck_version, prefix", "the deck that priced it", said)
    if paid_by_pools_s(entry) < entry.call.duration_s or not entry.call.duration_s:
        all_of_it = f"pools for {entry.call.duration_s} s, for no deck priced the call"
        yield Complaint("lines", all_of_it, entry.lines)
    if any(each.source != "pool" for each in entry.draws) or any(
        each.kind != "pool" for each in entry.lines
    ):
        yield Complaint("draws", "on pools alone, for no deck priced the call", entry.draws)


def _hold_deck(deck: DeckVersion, entry: r.Charge) -> Iterator[Complaint]:
    if deck.currency != entry.currency:
        yield Complaint("currency of the deck", entry.currency, deck.currency)
    call = entry.call
    if deck.valid_from_ms > call.answered_ms:
        since = f"a deck in force at {call.answered_ms}"
        yield Complaint("deck_version", since, f"one from {deck.valid_from_ms}")
    prefix = (entry.prefix or "").removeprefix("+")
    named = deck.destinations.get((call.direction, prefix))
    if named is None:
        yield Complaint("prefix", f"a prefix of the deck, {call.direction}", entry.prefix)
    elif (entry.destination or "") not in named:
        yield Complaint("destination", sorted(named), entry.destination)
    number = call.routing_number or call.to
    if not _may_begin(number.removeprefix("+"), prefix):
        yield Complaint("prefix", f"the beginning of {number}", entry.prefix)


def _may_begin(number: str, prefix: str) -> bool:
    """Say whether a number begins with a prefix, or may, where its last digits are hidden."""
    seen = number.partition("*")[0]
    return len(prefix) <= len(number) and seen.startswith(prefix[: len(seen)])


def _hold_reason(entry: r.Charge) -> Iterator[Complaint]:
    """Hold why a call was free against what it is, and what nobody says of a charge yet against nothing."""
    reasons: tuple[str | None, ...] = (None,)
    if entry.outcome == "free":
        reasons = ("free_rate", "grace") if entry.deck_id is not None else (*sorted(_UNPRICED),)
    if entry.reason not in reasons:
        yield Complaint("reason", f"one of {reasons}", entry.reason)
    if entry.reason in _UNPRICED and entry.grace_s is not None:
        yield Complaint("grace_s", f"none of a call that is {entry.reason}", entry.grace_s)
    if entry.reason == "zero_duration" and entry.call.duration_s:
        yield Complaint("reason", "none of a call without seconds", entry.reason)
    waited = entry.waited
    if (waited is not None and waited.by is None) != (entry.reason == "freecall"):
        yield Complaint("waited", "what came of waiting; of a freecall alone asks nobody", waited)
    if entry.version == 1 and entry.reverses is not None and not entry.generation:
        yield Complaint("reverses", "nothing, for a first version replaces none", entry.reverses)
    is_asked = entry.generation > 0 or (waited is not None and waited.by is not None)
    if is_asked != (entry.job_id is not None):
        yield Complaint("job_id", "of a release or a re-rating, and no other charge", entry.job_id)
    if entry.generation and (waited is not None or entry.reverses is None):
        yield Complaint("generation", "0, for it replaces no charge", entry.generation)


def _hold_lines(entry: r.Charge, prices: Sequence[Price]) -> Iterator[Complaint]:
    """Hold the fees against the deck's columns, and all lines against the charge."""
    added = sum(line.amount_micros for line in entry.lines)
    if added != entry.charge_micros:
        yield Complaint("charge_micros", f"{added}, the sum of the lines", entry.charge_micros)
    if not prices:
        return
    found = [
        (line.kind, line.amount_micros, line.rate_nanos, line.quantity, line.per)
        for line in entry.lines
        if line.kind not in ("usage", *OF_POOLS)
    ]
    is_charged = entry.call.duration_s and entry.reason != "grace"
    if paid_by_pools_s(entry) >= entry.call.duration_s:
        prices = [each.beside_pools() for each in prices]
    asked = sorted({(each.fees, each.least_micros) for each in prices}) if is_charged else [((), 0)]
    raised = sum(line.amount_micros for line in entry.lines if line.kind == "min_charge")
    left = entry.charge_micros - raised - money_of_pools(entry)
    allowed = [_fee_lines(fees, left) + _least_line(least, left) for fees, least in asked]
    if found not in allowed:
        yield Complaint("lines", f"the fees of the deck: one of {allowed}", found)


def _least_line(least: int, charge: int) -> list[tuple[str, int, int, int, int]]:
    """Return the line of what a charge lacks to the least that a row asks."""
    return [("min_charge", least - charge, least * 1_000, 1, 1)] if charge < least else []


def _fee_lines(prices: tuple[int, ...], left: int) -> list[tuple[str, int, int, int, int]]:
    """Return the lines of the fees that a row asks: each takes of the charge what it is, as far as that goes."""
    lines = []
    for kind, micros in zip(FEES[: len(prices)], prices, strict=True):
        if micros:
            part = min(micros, left)
            lines.append((kind, part, micros * 1_000, 1, 1))
            left -= part
    return lines
