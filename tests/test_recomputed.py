"""A charge is worked out again from its entry and the deck that it names alone, as long as the ledger is kept (R4).

Of an incoming call the plan catalog of its time decides whether it costs anything: a chain for its type (A56).
"""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from rater.core.account.journal import Journal
from rater.core.cdr import Cdr
from rater.core.engine import charge
from rater.core.limits import SECOND_MS
from rater.core.pricing.decks import Deck, DeckBook
from rater.core.pricing.plans.book import NO_BOOK, PlanBook
from rater.core.pricing.price import price_call
from rater.core.pricing.rating import Rated, Refusal
from rater.core.pricing.rest import rate_rest
from rater.core.pricing.rules import Rules
from rater.core.times import to_millis
from rater.wire.outputs import encode
from rater.wire.pricing.numbering import load_numbers
from rater.wire.settings.currencies import shipped_book
from tests.build import account, lot, source
from tests.decimal_rater import Asked, Texts
from tests.story import Story
from tests.test_rating_differential import calls, compiled, decks
from tests.test_scenarios import STORIES

SETTINGS = shipped_book()
Entry = dict[str, Any]


def cdr_of(entry: Entry) -> Cdr:
    """Return the CDR that an entry was charged for, as far as its price was decided by it."""
    call = entry["call"]
    return Cdr(
        tenant_id=entry["tenant_id"],
        cdr_id=entry["cdr_id"],
        version=entry.get("version", 1),
        kind="final",
        direction=call["direction"],
        to=call.get("routing_number", call["to"]),
        dialled=call["to"] if "routing_number" in call else None,
        from_=call.get("from"),
        call_type=call.get("call_type"),
        service_number_type=call.get("service_number_type"),
        usage_country=call.get("usage_country"),
        disposition=call.get("disposition", "answered"),
        answered_ms=call["answered_ms"],
        ended_ms=call["ended_ms"],
        billsec=call["duration_s"],
        is_answer_named="started_ms" in call,
        started_ms=call.get("started_ms", call["answered_ms"]),
        user_id=call.get("user_id"),
        organizer_id=call.get("organizer_id"),
    )


def recomputed(entry: Entry, versions: list[Deck], plans: PlanBook = NO_BOOK) -> Entry:
    """Return what the price of an entry's call comes to by the version that it names."""
    named = entry.get("deck_id"), entry.get("deck_version")
    book = DeckBook.of([deck for deck in versions if (deck.deck_id, deck.version) == named])
    names = () if entry.get("deck_id") is None else (entry["deck_id"],)
    rules = Rules(book, load_numbers(), SETTINGS).with_plans(plans)
    priced = price_call(cdr_of(entry), names, entry["currency"], rules, SETTINGS.at(entry["at_ms"]))
    if entry.get("reason") == "voided":
        # A void that found nothing to take back: its own call is not priced.
        return {"outcome": "free", "reason": "voided", "charge_micros": 0}
    if isinstance(priced, str):
        return {"outcome": "free", "reason": priced, "charge_micros": 0}
    if entry.get("reason") == "freecall":
        # What has no price is free after days; that it has none is all there is to recompute.
        assert isinstance(priced, Refusal), priced
        return {"outcome": "free", "reason": "freecall", "charge_micros": 0}
    # What pools have paid is an input, with the plan's price of it: the account that had them is not on the entry.
    pools = [line for line in entry.get("lines", []) if line["kind"].startswith("pool")]
    paid_s = sum(line.get("quantity", 1) for line in pools if line["kind"] == "pool")
    asked = sum(line["amount_micros"] for line in pools)
    if "deck_id" not in entry and paid_s >= entry["call"]["duration_s"]:
        # Without credits no deck is asked.
        return {"outcome": "rated", "charge_micros": 0, "lines": pools}
    assert isinstance(priced, Rated), priced
    if pools:
        left = rate_rest(book, rules.numbering, priced, cdr_of(entry), paid_s)
        assert isinstance(left, Rated), left
        priced = left
    why = {"reason": priced.reason, "grace_s": priced.grace_s}
    return {name: said for name, said in why.items() if said is not None} | {
        "outcome": priced.outcome,
        "charge_micros": priced.charge_micros + asked,
        "prefix": priced.prefix,
        "destination": priced.destination,
        **({"lines": [*json.loads(encode(priced.lines)), *pools]} if priced.lines or pools else {}),
    }


def priced(entry: Entry) -> Entry:
    """Return what an entry says of the price."""
    names = ("outcome", "reason", "grace_s", "charge_micros", "prefix", "destination", "lines")
    return {name: entry[name] for name in names if name in entry}


class Told(Story):
    """A story whose ledger is kept."""

    def __init__(self) -> None:
        super().__init__()
        self.charges: list[Entry] = []
        self.versions: list[Deck] = []
        self.plans = NO_BOOK

    def conserve(self, entry: Entry) -> None:
        super().conserve(entry)
        if entry["kind"] == "charge":
            self.charges.append(entry)
            versions = self.simulator.rules.book.versions()
            self.versions = [deck for deck in versions if isinstance(deck, Deck)]
            self.plans = self.simulator.rules.plans


def test_every_charge_of_every_story_is_recomputed() -> None:
    count = 0
    for path in STORIES:
        story = Told()
        for line in path.read_text().splitlines():
            if line.strip() and not line.startswith("#") and not line.strip().startswith("->"):
                list(story.take(line.split()))
        for entry in story.charges:
            assert recomputed(entry, story.versions, story.plans) == priced(entry), (
                path.stem,
                entry,
            )
        count += len(story.charges)

    assert count > 100


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(decks(), calls(), st.sampled_from(["split", "start"]), st.booleans())
def test_any_charge_by_any_deck_is_recomputed(
    rows: list[Texts],
    asked: tuple[str, Asked],
    policy: str,
    is_named: bool,  # noqa: FBT001
) -> None:
    zone, call = asked
    deck = compiled(rows, zone, policy)
    if not isinstance(deck, Deck):
        return
    answered_ms = to_millis(call.answered)
    ended_ms = answered_ms + call.duration * SECOND_MS
    started_ms = answered_ms - 5_000 if is_named else answered_ms
    cdr = Cdr(
        "acme", "c1", 1, "final", call.direction, call.to, call.caller or None, "user_out",
        "service", "FR", "answered", answered_ms, ended_ms, call.duration, is_named, started_ms,
        "u1", "u2",
    )  # fmt: skip
    journal = Journal()
    rules = Rules(DeckBook.of([deck]), load_numbers(), SETTINGS)
    outcome = charge(account(lot("a", 9), decks=("d",)), cdr, source(ended_ms), rules, journal)
    event(outcome if isinstance(outcome, str) else "waits")
    if not isinstance(outcome, str):
        return

    entry = json.loads(encode(journal.entries[0]))

    assert recomputed(entry, [deck]) == priced(entry)
    assert cdr_of(entry) == cdr


@pytest.mark.parametrize(
    ("named", "started"), [(True, 5_000), (False, None)], ids=["an answer named", "none"]
)
def test_an_entry_says_when_it_rang_where_an_answer_is_named(
    named: bool,  # noqa: FBT001
    started: int | None,
) -> None:
    cdr = Cdr(
        *("acme", "c1", 1, "final", "out", "112", None, None, None, None, "answered"),
        *(9_000, 10_000, 1, named, 5_000 if named else 9_000, None, None),
    )
    journal = Journal()
    charge(
        account(lot()), cdr, source(10_000), Rules(DeckBook(), load_numbers(), SETTINGS), journal
    )

    assert json.loads(encode(journal.entries[0]))["call"].get("started_ms") == started
