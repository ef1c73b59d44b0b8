"""Check what would be published: an sdist, and its wheels, compiled and not, each installed where nothing is.

Run with the Python of .venv, whose setuptools and mypyc build. Nothing is written but in a temporary folder; the locked
dependencies come from pip's cache or the package index. Prints what it has found good; exit code 1 says what is not.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("rater", "topics", "loadtest")
NOT_INSTALLED = ("loadtest/references/",)
"""Sources of programs in other languages, which the benchmarks build in a clone."""
PRICED = ("--to", "+33612345678", "--answered-at", "2026-11-02T09:00:00Z", "--duration", "219")
INSTALLED = """
import sys
import loadtest, topics
from importlib.resources import files
from rater.pricing import load_deck
from rater.shell.process.hot_path import is_compiled, refuse_stale
refuse_stale()
assert is_compiled() == (sys.argv[1] == "1"), "compiled: " + str(is_compiled())
for package in (topics, loadtest):
    assert "site-packages" in package.__file__, package.__file__
print(files("rater") / "data" / "sample_deck.csv")
"""


class WrongError(Exception):
    """What is built or installed is not what it should be."""


def main() -> int:
    """Build, install and try; return the exit code."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        try:
            sdist = build_sdist(folder)
            check_names("sdist", names_in(sdist), {*wanted(), "LICENSE", "setup.py"})
            for compiled in ("0", "1"):
                check_wheel(sdist, folder / f"compiled-{compiled}", compiled)
        except WrongError as error:
            print(f"dist-check: {error}", file=sys.stderr)
            return 1
    return 0


def wanted() -> set[str]:
    """Return what git has of the packages that is to be installed."""
    listed = run(["git", "ls-files", *PACKAGES], cwd=ROOT).splitlines()
    return {name for name in listed if not name.startswith(NOT_INSTALLED)}


def build_sdist(folder: Path) -> Path:
    """Build the sdist of a copy of what git has; nothing that lies about may get in."""
    copy = folder / "sources"
    for name in run(["git", "ls-files"], cwd=ROOT).splitlines():
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, copy / name)
    script = "import sys; from setuptools.build_meta import build_sdist as b; b(sys.argv[1])"
    run([sys.executable, "-c", script, str(folder)], cwd=copy, RATER_COMPILE="0")
    (sdist,) = folder.glob("*.tar.gz")
    return sdist


def check_wheel(sdist: Path, folder: Path, compiled: str) -> None:
    """Make a wheel of the sdist, install it in an empty environment, and use it."""
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    cache = str(folder / "mypy")
    options = ["--no-deps", "--no-build-isolation", "--no-cache-dir", "--wheel-dir", str(folder)]
    command = [*pip, "wheel", *options, str(sdist)]
    run(command, RATER_COMPILE=compiled, MYPY_CACHE_DIR=cache)
    (wheel,) = folder.glob("*.whl")
    inside = names_in(wheel)
    check_names(wheel.name, inside, wanted())
    if not any(name.endswith(".dist-info/licenses/LICENSE") for name in inside):
        raise WrongError(f"{wheel.name}: no LICENSE")
    if any(name.endswith(".so") for name in inside) != (compiled == "1"):
        raise WrongError(f"{wheel.name}: compiled modules, against RATER_COMPILE={compiled}")

    home = folder / "venv"
    venv.create(home)
    python = home / "bin" / "python"
    install = [*pip, "--python", str(python), "install"]
    run([*install, "--require-hashes", "-r", str(ROOT / "requirements.lock")])
    run([*install, "--no-deps", str(wheel)])
    deck = run([str(python), "-c", INSTALLED, compiled], cwd=folder).strip()
    rater = str(home / "bin" / "rater")
    version = run([rater, "--version"], cwd=folder).strip()
    price = run([rater, "price", "--deck", deck, *PRICED], cwd=folder)
    if '"charge":"0.1264"' not in price:
        raise WrongError(f"{wheel.name}: {price}")
    print(f"dist-check: {wheel.name}, RATER_COMPILE={compiled}: {len(inside)} files; {version}")


def names_in(archive: Path) -> set[str]:
    """List the files of an archive, without the folder that an sdist has around them."""
    if archive.suffix == ".whl":
        return set(zipfile.ZipFile(archive).namelist())
    with tarfile.open(archive) as tar:
        return {member.name.partition("/")[2] for member in tar if member.isfile()}


def check_names(what: str, found: set[str], expected: set[str]) -> None:
    """Raise WrongError when something is missing."""
    if missing := sorted(expected - found):
        raise WrongError(f"{what}: {len(missing)} files are missing: {', '.join(missing[:5])}")


def run(command: list[str], cwd: Path | None = None, **environment: str) -> str:
    """Run a program without what may lead it back to the sources; return what it printed."""
    clean = {n: v for n, v in os.environ.items() if n not in {"PYTHONPATH", "RATER_INTERPRETED"}}
    done = subprocess.run(
        command, cwd=cwd, env=clean | environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise WrongError(f"{' '.join(command[:4])} ...:\n{done.stdout}{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
