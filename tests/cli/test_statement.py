"""`rater statement` and `rater export`: what makes no sense is refused in a line, before a broker is asked."""

import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from rater.__main__ import cli
from rater.shell.enquiries.enquiry import EnquiryError
from rater.shell.enquiries.export_files import ParquetWriter
from rater.shell.enquiries.export_folder import ExportError
from rater.shell.enquiries.pdf import pdf_of

NOBODY = "127.0.0.1:1"


def rater(*words: str) -> Result:
    return CliRunner().invoke(cli, [*words, "--broker", NOBODY])


@pytest.mark.parametrize(
    "words",
    [("statement", "acme", "--month", "2026-11"), ("export", "--to", "ledger")],
    ids=" ".join,
)
def test_without_a_broker_it_says_where_it_looked(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = rater(*words)

    assert done.exit_code == 2, done.output
    assert NOBODY in done.output
    assert len(done.output.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("statement", "acme"), "Missing option '--month'"),
        (("statement", "acme", "--month", "2026-13"), "must be a month such as 2026-11, found '2026-13'"),
        (("statement", "acme", "--month", "2026-1"), "must be a month"),
        (("statement", "acme", "--month", "2099-01"), "--month: 2099-01 has not begun"),
        (("statement", "acme", "--month", "2026-11", "--format", "doc"), "'doc' is not one of"),
        (("statement", "acme", "--month", "2026-11", "--language", "it"), "'it' is not one of"),
        (("export",), "Missing option '--to'"),
        (("export", "--to", "x", "--since", "soon"), "must be a time such as"),
        (("export", "--to", "x", "--rows-per-file", "0"), "0 is not in the range"),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, tuple) else "",
)  # fmt: skip
def test_what_makes_no_sense_is_refused(words: tuple[str, ...], said: str) -> None:
    done = rater(*words)

    assert done.exit_code == 2
    assert said in done.output


def test_without_the_optional_parts_it_says_how_to_have_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    monkeypatch.setitem(sys.modules, "pyarrow", None)

    with pytest.raises(EnquiryError, match=r"pip install 'rater\[pdf\]'"):
        pdf_of("<p>")
    with pytest.raises(ExportError, match=r"pip install 'rater\[export\]'"):
        ParquetWriter(tmp_path / "x")
