"""Linting: a deck's text to its findings."""

from rater.wire.pricing.deck_csv import Sheet, read_sheet
from rater.wire.pricing.deck_findings import Finding
from rater.wire.pricing.deck_lint import lint
from rater.wire.pricing.numbering import NumberRange

PLAN = (
    NumberRange("331", "FR", "landline"),
    NumberRange("336", "FR", "mobile"),
    NumberRange("3389", "FR", "premium"),
)
GOOD = "prefix,rate,number_type,action\n331,0.01,landline,\n336,0.04,mobile,\n3389,,premium,deny\n"


def linted(text: str, plan: tuple[NumberRange, ...] = PLAN) -> list[Finding]:
    sheet = read_sheet(text.encode())
    assert isinstance(sheet, Sheet), sheet
    return lint(sheet, plan)


def one(text: str) -> Finding:
    """Return the only finding on a deck whose premium and mobile numbers nobody knows."""
    (finding,) = linted(text, ())
    return finding


def found(text: str) -> list[tuple[str, int | None, str]]:
    return [(one.level, one.line, one.code) for one in linted(text)]
