"""The page on deck columns: whole, and its example a good deck."""

from rater.core.pricing.decks import Deck
from rater.wire.pricing.deck_columns import COLUMNS
from rater.wire.pricing.deck_csv import Sheet, compile_sheet, read_sheet
from rater.wire.pricing.deck_findings import CODES
from rater.wire.pricing.deck_handbook import EXAMPLE, render
from rater.wire.pricing.deck_heading import read_heading
from rater.wire.pricing.deck_lint import lint
from rater.wire.pricing.numbering import NumberRange


def test_the_page_names_every_column_and_every_code() -> None:
    page = render()

    assert not [name for name in COLUMNS if f"### `{name}`" not in page]
    assert not [code for code in CODES if f"| `{code}` |" not in page]


def test_the_example_loads_and_lint_has_nothing_to_say() -> None:
    sheet = read_sheet(EXAMPLE.encode())
    heading = read_heading("example", 1, ("USD", "2026-01-01T00:00:00Z", "Europe/Paris", "split"))

    assert isinstance(sheet, Sheet)
    assert not isinstance(heading, str)
    assert isinstance(compile_sheet(heading, sheet), Deck)
    assert lint(sheet, (NumberRange("3389", "FR", "premium"),)) == []
