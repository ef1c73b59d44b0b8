"""Documents that repeat what the code says are held to it."""

from pathlib import Path

from rater.shell.gateway.providers.simulator import script

ROOT = Path(__file__).parent.parent


def test_the_page_of_the_simulator_has_the_table_of_its_scripts() -> None:
    page = (ROOT / "docs" / "simulator.md").read_text()
    marked = page.split("<!-- from: rater/shell/gateway/providers/simulator/script.py -->\n")[1]
    body = marked.split("<!-- end -->")[0]
    docstring = script.__doc__ or ""

    assert body.strip() == docstring.split("\n\n", 1)[1].strip()
