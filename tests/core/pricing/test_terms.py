"""Deny ranges and callers, settled when a deck is compiled."""

from rater.core.pricing.rates import Action, Row
from rater.core.pricing.terms import Terms, compile_terms, price_terms


def row(line: int, prefix: str, action: Action = Action.RATE, **others: object) -> Row:
    return Row(line, prefix, 1_000, action=action, **others)  # type: ignore[arg-type]


def test_a_prefix_under_a_plain_deny_row_is_that_deny_row() -> None:
    entries, clashes = compile_terms(
        [row(2, "44"), row(3, "449", Action.DENY), row(4, "44909"), row(5, "4490912")],
        {},
    )

    assert not clashes
    assert {prefix: entry.line for prefix, entry in entries.items() if isinstance(entry, Row)} == {
        "+44": 2,
        "+449": 3,
        "+44909": 3,
        "+4490912": 3,
    }


def test_a_deny_row_with_hours_guards_the_longer_prefixes() -> None:
    entries, _ = compile_terms([row(2, "44", Action.DENY, start_s=3_600), row(3, "441")], {})
    guarded = entries["+441"]

    assert isinstance(guarded, Terms)
    assert [guard.prefix for guard in guarded.guards] == ["44"]


def test_the_longest_origin_wins_and_rows_without_one_are_the_fallback() -> None:
    rows = [row(2, "33"), row(3, "33", origin_prefix="32"), row(4, "33", origin_prefix="3247")]
    terms = compile_terms(rows, {})[0]["+33"]

    assert isinstance(terms, Terms)
    lines = [terms.schedule_for(caller) for caller in ("+32475", "+322", "+44", None, "")]
    assert [found.rows()[0].line for found in lines if found] == [4, 3, 2, 2, 2]


def test_a_masked_caller_has_all_the_schedules_it_may_have() -> None:
    rows = [row(2, "33"), row(3, "33", origin_prefix="3247"), row(4, "33", origin_prefix="44")]
    terms = compile_terms(rows, {})[0]["+33"]

    assert isinstance(terms, Terms)
    assert len(terms.candidates_for("+32***")) == 2
    assert len(terms.candidates_for("+3*")) == 1
    assert len(terms.candidates_for("+3247***")) == 1


def test_equal_prices_have_equal_terms_whatever_they_are_called() -> None:
    entries, _ = compile_terms(
        [row(2, "331", destination="a"), row(3, "332", destination="b"), row(4, "333", decimals=2)],
        {},
    )

    assert price_terms(entries["+331"]) == price_terms(entries["+332"])
    assert price_terms(entries["+331"]) != price_terms(entries["+333"])


def test_clashes_are_told_under_a_deny_row_too() -> None:
    _, clashes = compile_terms([row(2, "44", Action.DENY), row(3, "449"), row(4, "449")], {})

    assert [(clash.first.line, clash.second.line) for clash in clashes] == [(3, 4)]
