"""The page of a run: it needs nothing beside it, says what is wrong, and compares."""

import re
from html.parser import HTMLParser
from pathlib import Path

import msgspec
from click.testing import CliRunner

from loadtest.__main__ import main
from loadtest.runs.page import page
from loadtest.runs.record import write
from tests.loadtest.runs.made import a_run


class Balanced(HTMLParser):
    """Takes note of the elements that are open, and of what loads something."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.loads: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in {"meta", "path", "line", "circle", "br"}:
            self.open.append(tag)
        self.loads += [f"{tag} {name}" for name, _ in attrs if name in {"src", "href"}]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def read(text: str) -> str:
    """Check a page; return its text without marks."""
    parser = Balanced()
    parser.feed(text)
    assert (parser.open, parser.loads) == ([], [])
    return " ".join(re.sub(r"<[^>]*>", " ", text.partition("</style>")[2]).split())


def test_a_page_needs_nothing_beside_it_and_says_what_was_found() -> None:
    said = read(page([a_run()]))

    assert "money error 0.00 in 1,000 tenants; reconciler clean; latency valid" in said
    assert "41,234" in said or "41,235" in said
    assert "Some &lt;CPU&gt;" in said
    assert "What it does not show" in said
    assert "To do it again: loadtest run" in said


def test_a_percentile_of_too_few_values_is_not_said() -> None:
    said = read(page([a_run()]))

    assert "600" in said, "the warm-up is left out"
    assert "of fewer than 10 values" in said


def test_what_is_wrong_is_said_first() -> None:
    run = a_run()
    assert run.latency is not None
    money = msgspec.structs.replace(
        run.money, error_micros=2_000_000, problems=["<b>acme</b>: balance"]
    )
    results = {**run.latency.results, "valid": False, "why_not": "the generator was late"}
    late = msgspec.structs.replace(run.latency, results=results)

    text = page([a_run(money=money, latency=late)])

    assert 'class="verdict bad"' in text
    assert "money error 2.00" in read(text)
    assert "&lt;b&gt;acme&lt;/b&gt;: balance" in text
    assert "the generator was late: what was measured behind it is the generator" in read(text)


def test_without_latency_nothing_is_said_of_it() -> None:
    said = read(page([a_run(latency=None)]))

    assert "by a schedule" not in said
    assert "latency valid" not in said


def test_several_runs_stand_beside_each_other_with_what_differs() -> None:
    run = a_run()
    other = a_run(
        charging=msgspec.structs.replace(run.charging, cdrs_per_s=50_000.0),
        load={**run.load, "tenants": 20_000, "start_ms": 9},
        latency=None,
    )

    said = read(page([run, other]))

    assert "run 1 run 2" in said
    assert "50,000" in said
    assert "tenants 1000 20000" in said
    assert "start_ms 5 9" not in said


def test_the_command_writes_the_page(tmp_path: Path) -> None:
    path = write(a_run(), tmp_path)
    page_ = tmp_path / "out.html"

    done = CliRunner().invoke(main, ["report", str(path), str(path), "--to", str(page_)])
    missing = CliRunner().invoke(main, ["report", str(tmp_path / "none.json")])

    assert done.exit_code == 0, done.output
    assert page_.read_text() == page([a_run(), a_run()])
    assert missing.exit_code == 2
    assert "none.json: No such file" in missing.output
