"""Files read by the programs that they are for: the Dockerfile, the composition, the units, what watches."""

from __future__ import annotations

import json
import os
import re
import shutil
from typing import TYPE_CHECKING, Any

from deploy.shipped.tools import CACHE, COMPOSE, ROOT, WrongError, run, say

if TYPE_CHECKING:
    from pathlib import Path

DEPLOY = ROOT / "deploy"
PROFILES = ("core", "observability", "canary", "load", "cli")
EXPOSURE_MAX = 1.5
"""Of 10, as `systemd-analyze security` counts."""


def check_dockerfile() -> None:
    """Let hadolint read the Dockerfile."""
    run("hadolint", "--no-color", DEPLOY / "image" / "Dockerfile")
    say("Dockerfile: hadolint has nothing to say")


def compose() -> Path:
    """Return Docker's compose, built if it is not here."""
    folder = CACHE / "compose"
    program = folder / "docker-compose"
    if not program.exists():
        say(f"building {COMPOSE} (some minutes, once) ...")
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "go.mod").exists():
            run("go", "mod", "init", "scratch", cwd=folder)
        run("go", "get", "-tool", COMPOSE, cwd=folder)
        run("go", "build", "-o", "docker-compose", COMPOSE.partition("@")[0], cwd=folder)
    return program


def composition(role: str = "operator") -> dict[str, Any]:
    """Return what compose makes of compose.yaml, all profiles together; WrongError where it refuses it.

    `role` is whom `cli` logs in as.
    """
    folder = DEPLOY / "compose"
    profiles = [word for each in PROFILES for word in ("--profile", each)]
    files = ("--env-file", folder / "settings.env", "--file", folder / "compose.yaml")
    said = run(compose(), *files, *profiles, "config", "--format", "json",
               env={**os.environ, "ROLE": role})  # fmt: skip
    found: dict[str, Any] = json.loads(said)
    return found


def check_composition() -> None:
    """Let compose read compose.yaml, as a user would first, and with all profiles."""
    folder = DEPLOY / "compose"
    files = ("--env-file", folder / "settings.env", "--file", folder / "compose.yaml")
    first = run(compose(), *files, "config", "--services").split()
    found = set(composition()["services"])
    say(f"compose.yaml: compose reads it: {len(first)} services at first, {len(found)} in all")


def check_watching(folder: Path) -> None:
    """Let promtool and amtool read what Prometheus and Alertmanager are given, laid out as they find it."""
    shutil.copytree(DEPLOY / "observe" / "generated", folder / "rules")
    shutil.copy(DEPLOY / "compose" / "prometheus.yaml", folder)
    run("promtool", "check", "config", folder / "prometheus.yaml")
    run("promtool", "check", "config", DEPLOY / "systemd" / "prometheus.yaml")
    run("amtool", "check-config", DEPLOY / "compose" / "alertmanager.yaml")
    say("Prometheus and Alertmanager: promtool and amtool take their settings and rules")


def check_units(folder: Path) -> None:
    """Let systemd verify each unit and count how exposed it is."""
    units = folder / "etc/systemd/system"
    shutil.copytree(DEPLOY / "systemd", units)
    shutil.copytree("/usr/lib/systemd/system", folder / "usr/lib/systemd/system", symlinks=True)
    program = folder / "opt/rater/bin/rater"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    for unit in sorted(units.glob("*.service")):
        name = f"/etc/systemd/system/{unit.name}"
        if said := run("systemd-analyze", "verify", f"--root={folder}", name, accepted=(0, 1)):
            raise WrongError(f"{unit.name}: {said}")
        said = run("systemd-analyze", "--no-pager", "security", "--offline=true",
                   f"--root={folder}", unit.name)  # fmt: skip
        exposure = re.findall(r"Overall exposure level for \S+: ([\d.]+)", said)
        if not exposure or float(exposure[0]) > EXPOSURE_MAX:
            raise WrongError(f"{unit.name}: exposure {exposure}, at most {EXPOSURE_MAX}\n{said}")
        say(f"{unit.name}: verified, exposure {exposure[0]} of 10")
