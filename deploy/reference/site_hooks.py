"""Site hooks for MkDocs: pages that are made of the code, and those of the documents of the root.

A link is written as it works in the repository. One to a file that is no page, such as a module, becomes its text; one
that leads nowhere is left to MkDocs, which refuses it.
"""

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File

from deploy.reference import (
    asyncapi_page,
    cli_page,
    limits_page,
    log_page,
    metric_page,
    python_page,
    settings_page,
    topic_pages,
)

ROOT = Path(__file__).resolve().parents[2]
ROOT_PAGES = {
    "README.md": "index.md",
    "ARCHITECTURE.md": "explanation/architecture.md",
    "GLOSSARY.md": "explanation/glossary.md",
    "LETTERS.md": "operating/letters.md",
    "SECURITY.md": "project/security.md",
    "CONTRIBUTING.md": "project/contributing.md",
    "CHANGELOG.md": "project/changelog.md",
}
"""Document of the root -> page of the site."""
_ELSEWHERE = {**ROOT_PAGES, "topics/README.md": "reference/topics/index.md"}
_PLACES = {page: document for document, page in ROOT_PAGES.items()}
_LINK = re.compile(r"(?<!!)\[([^\]\n]+)\]\(([^)\s:#]+)(#[^)\s]*)?\)")


def made() -> dict[str, str]:
    """Return the pages that are made of the code at each build, by their place on the site."""
    pages = {
        **topic_pages.pages(),
        "asyncapi.md": asyncapi_page.page(),
        "cli.md": cli_page.page(),
        "limits.md": limits_page.page(),
        "log-lines.md": log_page.page(),
        "metrics.md": metric_page.page(),
        "python.md": python_page.page(),
        "settings.md": settings_page.page(),
    }
    return {f"reference/{name}": text for name, text in pages.items()}


def on_files(files: Any, config: Any) -> Any:
    """Add what is in no file of the folder: pages that are made, with what they lead to, and documents of the root."""
    pages = made()
    pages.update({f"reference/{name}": text for name, text in asyncapi_page.files().items()})
    for document, page in ROOT_PAGES.items():
        pages[page] = (ROOT / document).read_text(encoding="utf-8")
    for page, text in pages.items():
        files.append(File.generated(config, page, content=text))
    return files


def on_page_markdown(markdown: str, page: Any, **_others: Any) -> str:
    """Turn links between files into links between pages."""
    here = page.file.src_uri
    source = _PLACES.get(here, f"docs/{here}")
    return _LINK.sub(lambda match: _link(match, source, here), markdown)


def _link(match: re.Match[str], source: str, here: str) -> str:
    text, target, anchor = match[1], match[2], match[3] or ""
    file = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
    if file in _ELSEWHERE:
        uri = _ELSEWHERE[file]
    elif file.startswith("docs/"):
        uri = file.removeprefix("docs/")
    else:
        return text if (ROOT / file).exists() else match[0]
    return f"[{text}]({posixpath.relpath(uri, posixpath.dirname(here) or '.')}{anchor})"
