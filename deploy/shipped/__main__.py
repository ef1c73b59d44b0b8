"""`python -m deploy.shipped` (`make check-deploy`): try all that is shipped; exit code 0 when all of it is good."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from deploy.kafka.distribution import BrokerError
from deploy.shipped import files, image, story
from deploy.shipped.tools import CACHE, WrongError, missing, say

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
        with tempfile.TemporaryDirectory(prefix="rater-shipped-") as name:
            _try(Path(name))
    except (WrongError, BrokerError) as error:
        print(f"check-deploy: {error}", file=sys.stderr)
        return 1
    say(f"good, after {time.monotonic() - began:.0f} s. Not tried, for it cannot be here:")
    for each in UNTRIED:
        say(f"  {each}")
    return 0


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
