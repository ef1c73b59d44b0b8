"""The longest prefix, against trying every one."""

from hypothesis import given
from hypothesis import strategies as st

from rater.core.pricing.prefixes import PrefixTable

prefixes = st.sets(st.text("123", min_size=1, max_size=6).map("+".__add__), max_size=40)
numbers = st.text("1234", max_size=8).map("+".__add__)


def naive(known: set[str], number: str) -> str | None:
    return max((prefix for prefix in known if number.startswith(prefix)), key=len, default=None)


@given(prefixes, numbers)
def test_the_longest_prefix_is_found(known: set[str], number: str) -> None:
    table = PrefixTable({prefix: prefix for prefix in known})

    assert table.find(number) == naive(known, number)
    assert len(table) == len(known)
    assert table.may_find(number) or table.find(number) is None


@given(prefixes, numbers, st.integers(1, 3))
def test_what_lies_under_a_masked_number_is_found(
    known: set[str], number: str, hidden: int
) -> None:
    table = PrefixTable({prefix: prefix for prefix in known})
    longer = {
        prefix
        for prefix in known
        if prefix.startswith(number) and len(number) < len(prefix) <= len(number) + hidden
    }

    assert set(table.under(number, hidden)) == longer


@given(st.sets(st.text("0123456789", min_size=1, max_size=2), max_size=130), st.integers(1, 2))
def test_a_number_is_covered_when_every_completion_matches(tails: set[str], hidden: int) -> None:
    table = PrefixTable({"+33" + tail: tail for tail in tails})
    completions = [f"{tail:0{hidden}}" for tail in range(10**hidden)]

    covered = all(any(tail.startswith(known) for known in tails) for tail in completions)

    assert table.covers("+33", hidden) == covered


def test_ten_children_cover_their_parent() -> None:
    table = PrefixTable({f"+33{digit}": digit for digit in range(10)})

    assert table.covers("+33", 1)
    assert table.covers("+33", 4)
    assert not table.covers("+3", 2)


def test_an_empty_table_finds_nothing() -> None:
    assert PrefixTable[str]({}).find("+33") is None
