"""Charges: a CDR is charged at most once (I3), by a deck that was in force (I6)."""

from collections.abc import Iterator

from rater.reconcile.difference import Complaint, Difference
from rater.reconcile.folds.deck_versions import DeckVersion
from rater.reconcile.inputs import Inputs
from topics import catalog
from topics import records as r

PROOF = "charges"

LATE_MS = 3_600_000
"""A charge is held against a retirement that was published so long before its CDR: decks and CDRs have no common
order, and producers' clocks are not the broker's."""

_UNPRICED = frozenset(("unanswered", "zero_duration", "emergency", "inbound"))
"""Why a call is free before any deck is asked."""


def prove(evidence: Inputs) -> Iterator[Difference]:
    """Prove it for every charge of the ledger."""
    seen: dict[tuple[str, str, int], int] = {}
    for offset, entry in evidence.books.ledger.items():
        if entry.kind != "charge":
            continue
        identity = (entry.tenant_id, entry.cdr_id, entry.version)
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
    if entry.deck_id is None or entry.deck_version is None or entry.prefix is None:
        if entry.reason not in _UNPRICED:
            yield Complaint("deck_id, deck_version, prefix", "the deck that priced it", "nothing")
        return
    deck = evidence.shelf.versions.get((entry.deck_id, entry.deck_version))
    named = f"{entry.deck_id}/{entry.deck_version}"
    if deck is None:
        yield Complaint("deck_id, deck_version", "a whole version on rate.decks.v1", named)
    else:
        yield from _hold_deck(deck, entry)
        retired = evidence.shelf.retired_between(
            (entry.deck_id, entry.deck_version), entry.answered_ms
        )
        if retired is not None and retired.told_ms + LATE_MS < entry.at_ms:
            since = f"none from {retired.valid_from_ms} on, retired by version {retired.version}"
            yield Complaint("deck_version", since, named)
    yield from _hold_spans(entry)


def _hold_deck(deck: DeckVersion, entry: r.Charge) -> Iterator[Complaint]:
    if deck.currency != entry.currency:
        yield Complaint("currency of the deck", entry.currency, deck.currency)
    if deck.valid_from_ms > entry.answered_ms:
        since = f"a deck in force at {entry.answered_ms}"
        yield Complaint("deck_version", since, f"one from {deck.valid_from_ms}")
    prefix = (entry.prefix or "").removeprefix("+")
    named = deck.destinations.get((entry.direction, prefix))
    if named is None:
        yield Complaint("prefix", f"a prefix of the deck, {entry.direction}", entry.prefix)
    elif (entry.destination or "") not in named:
        yield Complaint("destination", sorted(named), entry.destination)
    if not entry.to.removeprefix("+").startswith(prefix):
        yield Complaint("prefix", f"the beginning of {entry.to}", entry.prefix)


def _hold_spans(entry: r.Charge) -> Iterator[Complaint]:
    """Hold the spans of a call against its length; what they cost is the rating's business."""
    billed = sum(span.billed_s for span in entry.spans)
    if billed != entry.billed_s:
        yield Complaint("billed_s", f"{billed}, the sum of the spans", entry.billed_s)
    if entry.spans and entry.spans[0].start_ms != entry.answered_ms:
        yield Complaint(
            "spans", f"beginning at the answer, {entry.answered_ms}", entry.spans[0].start_ms
        )
