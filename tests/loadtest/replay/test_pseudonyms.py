"""Pseudonyms: the same for the same, different for different ones, and no price changes."""

import pickle
import random
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.replay.faults import ReplayError
from loadtest.replay.prefixes import Prefixes, read_prefixes
from loadtest.replay.pseudonyms import Pseudonyms
from rater.pricing import Deck, load_deck, price

DATA = Path(__file__).parents[3] / "rater" / "data"
DECKS = (DATA / "sample_deck.csv", DATA / "example_bands.csv")
KEY = b"a key of the tests"
AT = "2026-11-02T09:00:00Z"


@pytest.fixture(scope="module")
def prefixes() -> Prefixes:
    return read_prefixes(DECKS)


@pytest.fixture(scope="module")
def pseudonyms(prefixes: Prefixes) -> Pseudonyms:
    return Pseudonyms(KEY, prefixes)


@pytest.fixture(scope="module")
def decks() -> list[Deck]:
    return [load_deck(each) for each in DECKS]


def drawn(seed: str, count: int) -> list[str]:
    """Draw numbers under prefixes of the decks and others, whole, masked, national, short, toll-free."""
    source = random.Random(seed)
    known = [line.split(",")[0] for deck in DECKS for line in deck.read_text().splitlines()[1:]]
    found = []
    for _ in range(count):
        head = source.choice([*known, str(source.randrange(1, 10**5))]).lstrip("0") or "1"
        length = source.randint(7, 15)
        digits = (head + str(source.randrange(10**15)).zfill(15))[: max(length, len(head))]
        hidden = source.choice([0, 0, 0, 2, 4])
        sign = source.choice(["+", "+", "+", "+", ""])
        whole = sign + digits
        found.append(whole[: len(whole) - hidden] + "*" * hidden if sign and hidden else whole)
    return [*found, "112", "911", "+33112", "+15112", "17", "*31#0612345678", "+33800123456"]


def test_no_price_changes(pseudonyms: Pseudonyms, decks: list[Deck]) -> None:
    changed, numbers = 0, drawn("prices", 3_000)
    for number in numbers:
        other = pseudonyms.called(number)
        changed += other != number  # Toll-free and short ones stay, and some with a mask.
        assert len(other) == len(number)
        for deck in decks:
            for way in ("out", "in"):
                said = {"answered_at": AT, "duration_s": 754, "direction": way, "country": "FR"}
                before = price(deck, to=number, from_="+33612345678", **said)  # type: ignore[arg-type]
                after = price(deck, to=other, from_=pseudonyms.text("+33612345678"), **said)  # type: ignore[arg-type]
                assert told(before) == told(after), (number, other)
    assert changed > len(numbers) * 0.8


def test_the_price_by_the_caller_does_not_change(pseudonyms: Pseudonyms, decks: list[Deck]) -> None:
    deck = decks[1]
    for number in [
        *drawn("callers", 1_000),
        "+3225123456",
        "+32470123456",
        "anonymous",
        "2863",
        "",
    ]:
        said = {"to": "+33612345678", "answered_at": AT, "duration_s": 61}
        before = price(deck, from_=number or None, **said)  # type: ignore[arg-type]
        after = price(deck, from_=pseudonyms.text(number) or None, **said)  # type: ignore[arg-type]
        assert told(before) == told(after), number


def told(found: object) -> tuple[object, ...]:
    names = ("outcome", "reason", "charge", "prefix", "country", "number_type", "billed_s")
    return tuple(getattr(found, name) for name in names)


def test_two_numbers_have_two_pseudonyms(pseudonyms: Pseudonyms) -> None:
    numbers = {f"+3361234{tail:04}" for tail in range(10_000)}
    others = {pseudonyms.called(each) for each in numbers}
    assert len(others) == len(numbers)
    assert len(numbers & others) < 100
    assert all(each.startswith("+336") for each in others)


@pytest.mark.parametrize("seed", range(4))
def test_pseudonyms_of_all_numbers_are_all_numbers_whatever_the_prefixes_are(seed: int) -> None:
    source = random.Random(seed)
    ends = [str(source.randrange(10**4)).zfill(4)[: source.randint(1, 4)] for _ in range(60)]
    prefixes = Prefixes(["444", *(f"444{end}" for end in ends)])
    numbers = {f"+444{tail:04}" for tail in range(10_000)}
    made = Pseudonyms(KEY, prefixes)
    pseudonyms = {number: made.called(number) for number in numbers}
    assert set(pseudonyms.values()) == numbers
    for number, other in pseudonyms.items():
        assert prefixes.longest(number[1:]) == prefixes.longest(other[1:])


def test_a_beginning_that_hardly_a_number_is_left_of_is_kept_longer() -> None:
    prefixes = Prefixes(["44", *(f"44{tail:03}" for tail in range(1_000) if tail not in {7, 8})])
    assert prefixes.free_share("44") == pytest.approx(0.002)
    found = Pseudonyms(KEY, prefixes).called("+44007123456")
    assert found.startswith(("+44007", "+44008"))
    assert found != "+44007123456"


@given(st.from_regex(re.compile(r"\+[1-9][0-9]{6,14}"), fullmatch=True))
def test_a_number_stays_a_number_with_its_beginning(number: str) -> None:
    found = Pseudonyms(KEY, Prefixes({number[1:4]}), 5).called(number)
    assert re.fullmatch(r"\+[1-9][0-9]{6,14}", found)
    assert (found[:6], len(found)) == (number[:6], len(number))


def test_another_key_makes_other_pseudonyms(prefixes: Prefixes) -> None:
    number = "+33612345678"
    found = {Pseudonyms(b"%d of the keys here" % key, prefixes).called(number) for key in range(20)}
    assert len(found) > 15


def test_another_process_makes_the_same(pseudonyms: Pseudonyms) -> None:
    other = pickle.loads(pickle.dumps(pseudonyms))  # noqa: S301 - made here.
    for text in ("+33612345678", "ann@acme.example", "Ann"):
        assert (other.called(text), other.text(text)) == (
            pseudonyms.called(text),
            pseudonyms.text(text),
        )


@pytest.mark.parametrize("number", ["112", "911", "+33112", "3400", "*100#", "+33800123456"])
def test_emergency_short_and_toll_free_numbers_stay(pseudonyms: Pseudonyms, number: str) -> None:
    assert pseudonyms.called(number) == number


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("ann@acme.example", r"x[0-9a-f]{15}@acme\.example"),
        ('"Ann Lee" <sip:ann@acme.example;tag=4>', r"sip:x[0-9a-f]{15}@acme\.example"),
        ("sip:+33612345678@acme.example", r"sip:\+336[0-9]{8}@acme\.example"),
        ("Ann Lee", r"x[0-9a-f]{15}"),
        ("2863", r"[0-9]{4}"),
        ("", ""),
    ],
)
def test_addresses_and_names_are_replaced(pseudonyms: Pseudonyms, text: str, form: str) -> None:
    found = pseudonyms.text(text)
    assert re.fullmatch(form, found), found
    assert not text or found != text
    assert "ann" not in found.lower()


def test_a_number_has_one_pseudonym_wherever_it_stands(pseudonyms: Pseudonyms) -> None:
    number = pseudonyms.called("+33612345678")
    assert pseudonyms.text("+33612345678") == number
    assert pseudonyms.text("sip:+33612345678@a.example") == f"sip:{number}@a.example"


def test_a_deck_without_prefixes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "deck.csv"
    path.write_text("code;rate\n33;1\n")
    with pytest.raises(ReplayError, match="there must be a column named prefix"):
        read_prefixes([path])
