"""`python -m deploy.shipped` (`make check-deploy`): try all that is shipped; exit code 0 when all of it is good.

Ended by SIGTERM, SIGHUP or Ctrl-C, it ends what it has started first: containers, Kafka, a build.
"""

from __future__ import annotations

import contextlib
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from deploy.kafka.distribution import BrokerError
from deploy.shipped import files, image, story
from deploy.shipped.tools import CACHE, ENDING, LEAVING, WrongError, missing, say

if TYPE_CHECKING:
    from collections.abc import Iterator

UNTRIED = (
    "Docker itself, `docker compose up` and published ports: there is no engine here",
    "the images of Kafka, Prometheus, Alertmanager, Grafana and mailpit: no registry of images is asked",
    "Grafana with its dashboards: their queries are held against what services serve, by make test",
    "python:3.12-slim-bookworm as a base: the image is built on a Debian 12 that is made here",
    "systemd running the units: they are verified, not started",
)


def main() -> int:
    """Try it; return the exit code."""
    if lines := missing():
        print("check-deploy: nothing was tried; missing here:", file=sys.stderr)
        print("".join(f"  {line}\n" for line in lines), end="", file=sys.stderr)
        return 2
    CACHE.mkdir(exist_ok=True)
    began = time.monotonic()
    try:
        with _ended_in_order(), tempfile.TemporaryDirectory(prefix="rater-shipped-") as name:
            _try(Path(name))
    except (WrongError, BrokerError) as error:
        print(f"check-deploy: {error}", file=sys.stderr)
        return 1
    say(f"good, after {time.monotonic() - began:.0f} s. Not tried, for it cannot be here:")
    for each in UNTRIED:
        say(f"  {each}")
    return 0


@contextlib.contextmanager
def _ended_in_order() -> Iterator[None]:
    """Have signals leave by way of all that must be ended."""
    before = {each: signal.signal(each, LEAVING.ask) for each in ENDING}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _try(folder: Path) -> None:
    files.check_dockerfile()
    (folder / "units").mkdir()
    files.check_units(folder / "units")
    (folder / "watching").mkdir()
    files.check_watching(folder / "watching")
    files.check_composition()
    image.build()
    image.check()
    (folder / "played").mkdir(mode=0o755)
    folder.chmod(0o755)
    story.play(folder / "played")


if __name__ == "__main__":
    sys.exit(main())
