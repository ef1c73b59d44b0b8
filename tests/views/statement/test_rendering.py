"""A statement as text, HTML, CSV and JSON, in each language; and as a picture, where WeasyPrint is."""

import csv
import io
import json
from decimal import Decimal
from typing import Any

import pytest

from rater.shell.enquiries.pdf import pdf_of
from rater.views.statement import rendering
from rater.views.statement.document import document_of
from rater.views.statement.words import CODES, words
from tests.printing import needs_printing
from tests.views.statement.ledgers import Book, december, folded
from tests.views.statement.test_folding import DECEMBER, month

FIGURES = folded(month().entries, december())
N = "\u00a0"
WORDS = {"en": "Statement of account", "de": "Kontoauszug", "fr": "Relevé de compte"}
CLOSING = {
    "en": "14.58985 USD",
    "de": f"14,58985{N}USD",
    "fr": f"14,58985{N}USD",
}


@pytest.mark.parametrize("code", CODES)
def test_text_and_page_say_the_same_in_each_language(code: str) -> None:
    text, page = rendering.text_of(FIGURES, code), rendering.html_of(FIGURES, code)

    for each in (text, page):
        assert WORDS[code] in each
        assert CLOSING[code] in each
        assert "{" not in each.partition("</style>")[2]
    assert f'<html lang="{code}">' in page
    assert "http" not in page
    tables = document_of(FIGURES, code).tables
    assert all(table.title in text and table.title in page for table in tables)
    assert len(tables) == 8


def test_all_languages_have_words_for_the_same() -> None:
    for name in ("facts", "tables", "heads", "movements", "classes", "fees", "sources"):
        assert {frozenset(getattr(words(code), name)) for code in CODES} == {
            frozenset(getattr(words("en"), name))
        }


def test_text_is_a_table_with_numbers_to_the_right() -> None:
    text = rendering.text_of(FIGURES, "en")
    balance = text[text.index("\nBalance\n") :].split("\n\n")[0]

    assert balance.strip("\n").splitlines() == [
        "Balance",
        "  Item                              Amount",
        "  ----------------------------------------",
        "  Opening balance                 5.00 USD",
        "  Promotional credit             10.00 USD",
        "  Adjustments                 -0.00005 USD",
        "  Calls                          -1.01 USD",
        "  Corrected and voided calls      0.60 USD",
        "  Expired credit               -0.0001 USD",
        "  ----------------------------------------",
        "  Closing balance             14.58985 USD",
    ]


def test_csv_adds_up_and_no_text_is_a_formula() -> None:
    entries = month().entries
    entries[3]["call"]["user_id"] = "=cmd()"
    entries[4]["call"]["user_id"] = "=cmd()"
    rows = list(csv.DictReader(io.StringIO(rendering.csv_of(folded(entries, december())))))
    amounts = [Decimal(row["amount"]) for row in rows if row["section"] == "balance"]

    assert sum(amounts[:-1]) == amounts[-1] == Decimal("14.58985")
    assert [row["item"] for row in rows if row["section"] == "by_user"] == ["", "'=cmd()", "bob"]
    assert {row["section"] for row in rows} >= {"balance", "credit", "by_class", "late", "pool"}
    assert tuple(rows[0].values()) == ("balance", "opening", "", "", "5.00")


def test_json_is_the_figures() -> None:
    assert json.loads(rendering.json_of(FIGURES)) == json.loads(
        json.dumps(FIGURES.fields(), default=str)
    )


def test_what_does_not_add_up_is_said_first_and_an_open_month_too() -> None:
    book = Book()
    book.add("account_opened", DECEMBER)
    book.fund(DECEMBER, 5)["balance_micros"] = 6
    figures = folded(book.entries, december())
    document = document_of(figures, "en")

    assert document.warnings[:2] == [
        "The month is not over: this statement may change.", "These figures do not add up:",
    ]  # fmt: skip
    assert any("balance 0.000006" in line for line in document.warnings)
    assert "! These figures do not add up:" in rendering.text_of(figures, "en")


def test_names_of_others_are_no_html() -> None:
    entries = month().entries
    entries[4]["call"]["user_id"] = "<script>alert(1)</script>"

    assert "<script>" not in rendering.html_of(folded(entries, december()), "en")


def test_an_account_without_credits_has_no_amounts() -> None:
    book = Book()
    book.add("account_opened", DECEMBER, currency="XXX")

    assert "0.00" not in rendering.text_of(folded(book.entries, december()), "en")


def test_more_credits_than_are_listed_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rater.views.statement.folding.CREDITS_MAX", 1)
    figures = folded(month().entries, december())

    assert "1 more, which are in the sums above" in rendering.text_of(figures, "en")
    assert figures.faults == []


def pages(pdf: bytes) -> Any:
    pypdfium2 = pytest.importorskip("pypdfium2")
    return pypdfium2.PdfDocument(pdf)


@needs_printing
@pytest.mark.parametrize("code", CODES)
def test_a_pdf_has_the_figures_on_it(code: str) -> None:
    document = pages(pdf_of(rendering.html_of(FIGURES, code)))
    text = "".join(page.get_textpage().get_text_range() for page in document)

    assert WORDS[code] in text
    assert CLOSING[code].replace(N, " ") in text.replace(N, " ")
    assert f"1 / {len(document)}" in text


@needs_printing
def test_a_page_fetches_nothing(caplog: pytest.LogCaptureFixture) -> None:
    page = '<img src="http://127.0.0.1:1/x.png"><p>Here'

    assert "Here" in pages(pdf_of(page))[0].get_textpage().get_text_range()
    assert "a statement fetches nothing" in caplog.text
