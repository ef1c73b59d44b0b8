"""Monitors: Prometheus and Alertmanager as plain processes, with the committed rules and a folder of their own."""

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from loadtest.broker import ROOT
from loadtest.observe.ports import HOST
from loadtest.rater_command import CommandError
from loadtest.service import Program

RULES: Final = ROOT / "deploy" / "observe" / "generated"
_PACKAGES: Final = {
    "prometheus": "prometheus",
    "prometheus-alertmanager": "prometheus-alertmanager",
}
"""Program -> package of Debian that has it."""
PROGRAMS: Final = tuple(_PACKAGES)


def missing() -> list[str]:
    """Return the packages of Debian whose programs are not here."""
    return [package for program, package in _PACKAGES.items() if shutil.which(program) is None]


def require() -> None:
    """Raise CommandError, with what to type, unless both are installed."""
    if lacking := missing():
        raise CommandError(
            f"{' and '.join(lacking)} must be installed: apt-get install {' '.join(lacking)}"
        )


def scraping(jobs: Mapping[str, int], ports: Mapping[str, int], every_s: int) -> dict[str, Any]:
    """Return the settings of Prometheus: a job for each service, by its port; our rules; where alerts go."""
    every = f"{every_s}s"
    return {
        "global": {"scrape_interval": every, "evaluation_interval": every},
        "rule_files": [str(RULES / "*.yaml")],
        "scrape_configs": [
            {"job_name": f"rater-{name}", "static_configs": [{"targets": [f"{HOST}:{port}"]}]}
            for name, port in jobs.items()
        ],
        "alerting": {
            "alertmanagers": [
                {"static_configs": [{"targets": [f"{HOST}:{ports['alertmanager']}"]}]}
            ]
        },
    }


def routing(receiver: str) -> dict[str, Any]:
    """Return the settings of Alertmanager: all alerts to one webhook, also when they are over."""
    return {
        "route": {
            "receiver": "here",
            "group_by": ["alertname"],
            "group_wait": "1s",
            "group_interval": "5s",
            "repeat_interval": "1h",
        },
        "receivers": [
            {"name": "here", "webhook_configs": [{"url": receiver, "send_resolved": True}]}
        ],
    }


@contextmanager
def monitors(
    folder: Path, jobs: Mapping[str, int], ports: Mapping[str, int], receiver: str, every_s: int
) -> Iterator[tuple[Program, Program]]:
    """Run both for as long as the context lasts; CommandError where they are not installed.

    `jobs`: service -> port; `ports`: those of `prometheus` and `alertmanager`; `receiver`: where alerts are posted.
    """
    require()
    # JSON is YAML, too.
    scraped, routed = folder / "prometheus.yml", folder / "alertmanager.yml"
    scraped.write_text(json.dumps(scraping(jobs, ports, every_s), indent=1))
    routed.write_text(json.dumps(routing(receiver), indent=1))
    keeps = (
        "--storage.tsdb.path",
        str(folder / "prometheus"),
        "--storage.tsdb.retention.time",
        "2d",
    )
    watching = (
        "prometheus", "--config.file", str(scraped), *keeps,
        "--web.listen-address", f"{HOST}:{ports['prometheus']}",
    )  # fmt: skip
    telling = (
        "prometheus-alertmanager", "--config.file", str(routed),
        "--storage.path", str(folder / "alertmanager"),
        "--web.listen-address", f"{HOST}:{ports['alertmanager']}",
        "--cluster.listen-address", "",
    )  # fmt: skip
    with (
        Program("alertmanager", telling, folder / "alertmanager.log") as alertmanager,
        Program("prometheus", watching, folder / "prometheus.log") as prometheus,
    ):
        yield prometheus, alertmanager
