"""Rendering: a statement as text, as a page of HTML, as CSV and as JSON; the page is what a PDF is printed from."""

import csv
import io
from functools import cache
from importlib.resources import files

import msgspec
from jinja2 import Environment, FunctionLoader, StrictUndefined, Template

from rater.views.columns import aligned, widths_of
from rater.views.readable import readable
from rater.views.statement.document import Table, document_of
from rater.views.statement.figures import Figures
from rater.wire.pricing.amounts import format_micros

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What begins so a spreadsheet would reckon with."""
CSV_HEAD = ("section", "item", "calls", "seconds", "amount")


def text_of(figures: Figures, language: str) -> str:
    """Return a statement as text."""
    document = document_of(figures, language)
    lines = [document.title, ""]
    lines += aligned(document.facts)
    lines += [f"! {warning}" for warning in document.warnings]
    for table in document.tables:
        lines += ["", table.title, *_rows(table)]
    return "\n".join(lines) + "\n"


def _rows(table: Table) -> list[str]:
    """Return the lines of a table: text to the left, numbers to the right."""
    rows = [table.head, *table.rows, *([] if table.total is None else [table.total])]
    widths = widths_of(rows)
    lines = []
    for row in rows:
        cells = [
            cell.ljust(width) if i < table.left else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(map(readable, row), widths, strict=True))
        ]
        lines.append(("  " + "  ".join(cells)).rstrip())
    rule = "  " + "-" * (len(lines[0]) - 2)
    lines.insert(1, rule)
    if table.total is not None:
        lines.insert(-1, rule)
    return lines + ([f"  {table.note}"] if table.note else [])


def html_of(figures: Figures, language: str) -> str:
    """Return a statement as one page that needs nothing else: no script, no font, no picture of elsewhere."""
    return _page().render(document=document_of(figures, language))


def json_of(figures: Figures) -> bytes:
    """Return a statement as one object, in micros and seconds."""
    return msgspec.json.encode(figures.fields())


def csv_of(figures: Figures) -> str:
    """Return a statement as rows of a table for spreadsheets; amounts are decimal numbers, exact."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(CSV_HEAD)
    for section, item, calls, seconds, micros in _figures(figures):
        amount = "" if micros is None else format_micros(micros)
        writer.writerow((section, _plain(item), calls, seconds, amount))
    return out.getvalue()


def _figures(figures: Figures) -> list[tuple[str, str, object, object, int | None]]:
    """Return section, item, calls, seconds and micros of each row."""
    said = figures.fields()
    rows: list[tuple[str, str, object, object, int | None]] = [
        ("balance", "opening", "", "", said["opening_micros"]),
        *(("balance", e["movement"], "", "", e["amount_micros"]) for e in said["movements"]),
        ("balance", "closing", "", "", said["closing_micros"]),
        *(("credit", f"{e['movement']}: {e['what']}", "", "", e["amount_micros"]) for e in said["credits"]),
    ]  # fmt: skip
    for section, name in (("by_class", "class"), ("by_user", "user_id"), ("late", "month")):
        rows += [
            (section, each[name] or "", each["calls"], each["seconds"], each["charge_micros"])
            for each in said[section]
        ]
    for section in ("calls", "taken_back"):
        each = said[section]
        rows.append((section, "", each["calls"], each["seconds"], each["charge_micros"]))
    rows += [("source", e["source"], "", "", e["amount_micros"]) for e in said["sources"]]
    rows += [("fee", e["kind"], "", "", e["amount_micros"]) for e in said["fees"]]
    rows += [("pool", e["pool"], "", e["used_s"], None) for e in said["pools"]]
    rows.append(("forfeited", "", "", "", said["forfeited_micros"]))
    return rows + [("fault", each, "", "", None) for each in said["faults"]]


def _plain(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


@cache
def _page() -> Template:
    environment = Environment(
        loader=FunctionLoader(
            lambda name: files("rater").joinpath(f"views/statement/{name}").read_text("utf-8")
        ),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html.j2")
