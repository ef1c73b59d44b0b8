"""Deck files: what is tolerated, what is told."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rater.core.pricing.decks import Deck, Heading
from rater.core.pricing.zones import UTC
from rater.wire.pricing.deck_csv import Sheet, compile_sheet, read_sheet
from rater.wire.pricing.deck_rows import DeckFault

DATA = Path(__file__).parents[3] / "rater" / "data"
HEADING = Heading("d", 1, "USD", 0, UTC)


def sheet(content: bytes) -> Sheet:
    found = read_sheet(content)
    assert isinstance(found, Sheet), found
    return found


def faults(content: bytes) -> list[DeckFault]:
    found = read_sheet(content)
    return (
        compiled
        if isinstance(found, Sheet) and isinstance(compiled := compile_sheet(HEADING, found), list)
        else found
        if isinstance(found, list)
        else []
    )


def test_byte_order_mark_line_ends_blanks_and_spaces_are_tolerated() -> None:
    found = sheet(b"\xef\xbb\xbf prefix , rate \r\n\r\n33 , 0.1\r\n\r\n44,0.2")

    assert found == Sheet(["prefix", "rate"], [3, 5], [["33", "0.1"], ["44", "0.2"]])


def test_a_quoted_cell_may_run_over_lines_and_lines_are_still_right() -> None:
    found = sheet(b'prefix,rate,destination\n33,1,"a\nb"\n44,1,c\n')

    assert found.lines == [2, 4]


@pytest.mark.parametrize(
    ("content", "line", "said"),
    [
        (b"", 1, "lacks the column prefix"),
        (b"prefix\n33\n", 1, "lacks the column rate"),
        (b"prefix,rate,colour\n33,1,red\n", 1, "'colour' is not a column"),
        (b"prefix,rate,rate\n33,1,1\n", 1, "'rate' is there twice"),
        (b"prefix;rate\n33;1\n", 1, "'prefix;rate' is not a column"),
        (b"prefix,rate\n", 1, "no rows"),
        (b"prefix,rate\n33,1,2\n", 2, "has 3 cells, the header has 2"),
        (b"prefix,rate\n33\n", 2, "has 1 cells, the header has 2"),
        (b"prefix,rate\n33,1\n\xff\xfe,1\n", 3, "not UTF-8"),
        (b'prefix,rate\n33,"1"x\n', 2, "is not CSV"),
        (b'prefix,rate\n33,"1\n', 2, "is not CSV"),
        (b"prefix,rate\n33,1\n33,2\n", 3, "overlaps the slot of line 2"),
    ],
)
def test_what_is_wrong_with_a_file_is_told_with_its_line(
    content: bytes, line: int, said: str
) -> None:
    found = faults(content)

    assert found[0].line == line
    assert said in str(found[0])


def test_all_faults_are_told_by_line_not_only_the_first() -> None:
    found = faults(b"prefix,rate\n33,1\nx,1\n44,y\n33,2\n0,0.1234567890\n")

    assert [(fault.line, fault.column) for fault in found] == [
        (3, "prefix"),
        (4, "rate"),
        (5, "prefix"),
        (6, "prefix"),
        (6, "rate"),
    ]


@given(st.binary(max_size=200))
def test_no_bytes_make_it_raise(content: bytes) -> None:
    assert isinstance(read_sheet(b"prefix,rate\n" + content), Sheet | list)
    assert isinstance(read_sheet(content), Sheet | list)


@pytest.mark.parametrize("name", ["sample_deck.csv", "example_bands.csv"])
def test_the_decks_that_ship_compile(name: str) -> None:
    assert isinstance(compile_sheet(HEADING, sheet((DATA / name).read_bytes())), Deck)


def test_too_many_slots_of_one_prefix_are_told() -> None:
    rows = "".join(f"33,1,{second}\n" for second in range(257))

    found = faults(b"prefix,rate,from_second\n" + rows.encode())

    assert [str(fault) for fault in found] == [
        "line 258, column prefix: '33' has more than 256 rows, the first at line 2"
    ]


def test_two_calendars_that_share_a_date_are_told_at_the_later_row() -> None:
    heading = Heading(
        "d", 1, "USD", 0, UTC, calendars={"a": frozenset((1,)), "b": frozenset((1, 2))}
    )
    text = b"prefix,rate,calendar\n33,1,a\n33,1,b\n34,1,c\n33,2,a\n"

    found = compile_sheet(heading, sheet(text))

    assert isinstance(found, list)
    assert [str(fault) for fault in found] == [
        (
            "line 3, column calendar: 'b' has 1970-01-02 in common with calendar a of line 2: the rows of "
            "only one may hold on it"
        ),
        (
            "line 4, column calendar: 'c' is not a calendar of the deck: say its dates in the file of "
            "calendars"
        ),
        (
            "line 5, column prefix: '33' overlaps the slot of line 2: both hold all week on dates of a, at "
            "1.00 a minute and 2.00 a minute"
        ),
    ]
