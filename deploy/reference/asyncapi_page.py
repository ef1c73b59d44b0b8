"""The page of the AsyncAPI document: the document whole, and AsyncAPI's own page of it where its packages are.

They are npm packages (`deploy/asyncapi`), which `make docs` installs where there is an npm and a registry. Without them
the site is built all the same, with the document and a page that leads to it.
"""

import shutil
import subprocess
from pathlib import Path

from deploy.reference import asyncapi

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / "deploy" / "asyncapi"
PACKAGES = ROOT / ".asyncapi"
"""Where `make .asyncapi/installed` puts node_modules."""
BROWSER = "asyncapi-browser.html"
DOCUMENT = "asyncapi.yaml"

_PAGE = f"""\
# Topics as AsyncAPI

All [topics](topics/index.md), their records, keys and settings, who sends and who receives, and how one logs in at the
broker, as a document of [AsyncAPI](https://www.asyncapi.com/docs/reference/specification/v3.0.0) 3.0, which other
languages' generators and catalogs of streams read:

- [`{DOCUMENT}`]({DOCUMENT}): the document, with all schemas in it. In the repository it is
  `topics/{DOCUMENT}`, which refers to the files of `topics/schemas`.
"""
_LINK = f"""\
- [The document to browse]({BROWSER}): AsyncAPI's own page of it, all in one file (3 MB), which fetches nothing.
"""
_NOTES = """
It is made of the catalog, as the pages of topics are; AsyncAPI's own parser has read it. It says who *may* send and
receive, for each role; what that is on a broker with access rules, `rater topics acls` prints. Examples are the golden
records of `topics/examples`. Numbers are up to 2^63 - 1 and exact: whoever generates JavaScript from it must read the
large ones as BigInt.
"""


def page() -> str:
    """Return the page of the site, with a link to AsyncAPI's own page where that is made."""
    return _PAGE + (_LINK if is_installed() else "") + _NOTES


def is_installed() -> bool:
    """Say whether AsyncAPI's packages are there, and node to run them."""
    return (PACKAGES / "installed").exists() and shutil.which("node") is not None


def browser_page() -> str:
    """Return AsyncAPI's own page of the document; CalledProcessError where its parser refuses the document."""
    command = ["node", str(TOOLS / "page.cjs"), str(PACKAGES), "Rater: topics as AsyncAPI"]
    done = subprocess.run(
        command, input=asyncapi.text(whole=True), stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout


def files() -> dict[str, str]:
    """Return what the page leads to, by its name beside it."""
    made = {DOCUMENT: asyncapi.text(whole=True)}
    return {**made, BROWSER: browser_page()} if is_installed() else made
