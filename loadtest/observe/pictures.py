"""Pictures: each page as a small PNG, taken by Chromium."""

import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from loadtest.observe.drawn.dashboards import Dashboard, dashboards
from loadtest.observe.drawn.pages import size_of
from loadtest.rater_command import CommandError

_BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")
_TIMEOUT_S: Final = 60.0


def pictures(page: str, folder: Path, minutes: int = 15) -> None:
    """Take a picture of each dashboard as `uid.png`; CommandError where there is no Chromium."""
    browser = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if browser is None:
        raise CommandError("chromium must be installed for pictures: apt-get install chromium")
    folder.mkdir(parents=True, exist_ok=True)
    for board in dashboards().values():
        _take(browser, f"{page}{board.uid}?still&minutes={minutes}", board, folder)


def _take(browser: str, address: str, board: Dashboard, folder: Path) -> None:
    width, height = size_of(board)
    file = folder / f"{board.uid}.png"
    with tempfile.TemporaryDirectory(prefix="rater-picture-") as profile:
        subprocess.run(
            [
                browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                f"--user-data-dir={profile}", f"--window-size={width},{height}",
                f"--screenshot={file}", address,
            ],
            check=False, capture_output=True, timeout=_TIMEOUT_S, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    if not file.is_file():
        raise CommandError(f"{browser} took no picture of {json.dumps(address)}")
