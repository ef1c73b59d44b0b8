"""The dashboards that are committed: a file of JSON for each board, named by its uid."""

from pathlib import Path
from typing import Final

from deploy.observe.boards import grafana
from deploy.observe.boards.shelf import BOARDS

FOLDER: Final = Path(__file__).resolve().parents[2] / "dashboards"


def committed() -> dict[Path, str]:
    """Return the files that are committed, and what they are to hold."""
    return {FOLDER / f"{board.uid}.json": grafana.text(board) for board in BOARDS}
