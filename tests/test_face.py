"""What others meet first: licence, types, how to report, and the checks before a commit."""

import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
PYPROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_the_licence_is_the_one_that_the_package_names() -> None:
    project = PYPROJECT["project"]
    text = (ROOT / "LICENSE").read_text()

    assert project["license"] == "Apache-2.0"
    assert "Apache License\n                           Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text
    for name in project["license-files"]:
        assert (ROOT / name).is_file()


def test_the_packages_say_that_they_are_typed_and_ship_the_mark() -> None:
    shipped = PYPROJECT["tool"]["setuptools"]["package-data"]

    for package in ("rater", "topics"):
        assert (ROOT / package / "py.typed").is_file()
        assert "py.typed" in shipped[package]


def test_the_checks_before_a_commit_can_be_run() -> None:
    command = [sys.executable, "-m", "pre_commit", "validate-config", ".pre-commit-config.yaml"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
