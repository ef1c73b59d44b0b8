"""The recipes of `docs/operating/gatekeeper.md`, for those who try them: the texts, and what they say of a number."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path

PAGE = (Path(__file__).parents[1] / "docs/operating/gatekeeper.md").read_text()


def block(language: str) -> str:
    """Return the recipe of the page in a language."""
    found = re.search(rf"<!-- tested: .*? -->\n```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    return found[1]


def contexts() -> dict[str, ET.Element]:
    """Return the contexts of FreeSWITCH's dialplan, by name."""
    return {each.attrib["name"]: each for each in ET.fromstring(f"<r>{block('xml')}</r>")}  # noqa: S314


def field(extension: ET.Element, name: str) -> str:
    """Return an attribute of the first condition of an extension."""
    return str(extension[0].attrib[name])


def unasked_by_kamailio() -> str:
    """Return the expression of numbers for which Kamailio asks nobody."""
    found = re.search(r'if \(\$rU =~ "(.*)"\) \{ route\(RELAY\); exit; \}', block("text"))
    assert found is not None
    return found[1]
