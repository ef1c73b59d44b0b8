"""Unit files of systemd, read as far as ours go; a file of properties likewise."""

import shutil
import subprocess
from pathlib import Path

SYSTEMD = Path(__file__).parent.parent / "deploy" / "systemd"
SYSTEM_UNITS = Path("/usr/lib/systemd/system")

Sections = dict[str, list[tuple[str, str]]]


def parsed(file: Path) -> Sections:
    """Return the settings of a unit or a drop-in, in order: one may come twice."""
    sections: Sections = {}
    for line in file.read_text().splitlines():
        if line.startswith("["):
            section = sections.setdefault(line.strip("[]"), [])
        elif line and not line.startswith("#"):
            key, equals, value = line.partition("=")
            assert equals, f"{file}: {line}"
            section.append((key, value))
    return sections


def settings(service: str) -> list[tuple[str, str]]:
    """Return what stands under [Service] of a service, its drop-in's behind its own."""
    files = (SYSTEMD / f"rater-{service}.service", SYSTEMD / "rater-.service.d" / "common.conf")
    return [pair for file in files for pair in parsed(file)["Service"]]


def value(service: str, key: str) -> str:
    """Return the only value of a key."""
    (found,) = (value for each, value in settings(service) if each == key)
    return found


def pairs(service: str, key: str, between: str) -> dict[str, str]:
    """Return the values of a key that may come several times, each a name and what it is."""
    said = (value.partition(between) for each, value in settings(service) if each == key)
    return {name: text for name, _, text in said}


def environment(service: str) -> dict[str, str]:
    """Return the variables that a service is started with."""
    return pairs(service, "Environment", "=")


def credentials(service: str) -> dict[str, str]:
    """Return the files whose content a service may read, by the names under which it finds them."""
    return pairs(service, "LoadCredential", ":")


def installed(folder: Path) -> Path:
    """Lay the units out as on a machine that has them, and return its root."""
    units, program = folder / "etc/systemd/system", folder / "opt/rater/bin/rater"
    shutil.copytree(SYSTEMD, units)
    shutil.copytree(SYSTEM_UNITS, folder / "usr/lib/systemd/system", symlinks=True)
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    return folder


def analyze(root: Path, verb: str, *words: str) -> str:
    """Return all that `systemd-analyze` says of units under a root."""
    done = subprocess.run(
        ["systemd-analyze", "--no-pager", verb, f"--root={root}", *words],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0 or verb == "verify", done.stdout
    return done.stdout


def properties(file: Path) -> dict[str, str]:
    """Return the keys and values of a file of properties."""
    lines = [line for line in file.read_text().splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)
