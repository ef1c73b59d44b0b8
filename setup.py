"""Build step: the hot path compiled by mypyc, where mypyc and a C compiler are there; else it runs interpreted.

`RATER_COMPILE=1` makes a failure an error, `RATER_COMPILE=0` compiles nothing. Beside the compiled modules
`rater/compiled.json` says of which sources they were made: `rater.shell.process.hot_path` refuses to run anything else.
A package also says of which commit it was built (`rater.shell.process.revision`): Git knows, or `RATER_REVISION`.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent
COMPILED = Path("rater/compiled.json")
REVISION = Path("rater/revision.txt")

COMPONENTS = (ROOT / "rater/core/pricing/components").glob("*.py")
# No module with a msgspec Struct of its own: compiled, the class loses its keywords.
CORE = (
    *("call_classes", "call_types", "cdr", "charging_settings", "engine", "limits", "money"),
    *("times", "value"),
    *("authorisation/holds", "authorisation/judge", "authorisation/longest"),
    *("authorisation/request", "authorisation/standing", "authorisation/user_limits"),
    *("authorisation/contest", "authorisation/verdict"),
    *("account/account", "account/adoption", "account/applying", "account/bounds"),
    *("account/breaker", "account/burn", "account/carried_contract", "account/charges"),
    *("account/contract", "account/entitled", "account/entitlement", "account/month_span"),
    "account/zone_change",
    *(
        "account/draws",
        "account/expiry",
        "account/funding",
        "account/heads",
        "account/journal",
        "account/lots",
        "account/past",
        "account/pool_choice",
        "account/pool_reach",
        "account/pool_use",
        "account/posting",
    ),
    *(
        "account/counting",
        "account/settling",
        "account/month",
        *("account/bundle", "account/calendar", "account/post_paid", "account/user_terms"),
        "account/status",
        "account/thresholds",
        "account/unlicensed",
        *("account/priced", "account/user", "account/user_status"),
    ),
    *("pricing/callers", "pricing/contradictions", "pricing/decks", "pricing/exemptions"),
    *("pricing/numbering", "pricing/prefixes", "pricing/price", "pricing/rated", "pricing/rates"),
    *(
        "pricing/plans/book",
        "pricing/plans/catalog",
        "pricing/plans/funding",
        "pricing/plans/minute_price",
        "pricing/plans/payers",
        "pricing/plans/pools",
        "pricing/plans/terms",
    ),
    *("pricing/rating", "pricing/rest", "pricing/rules", "pricing/totals"),
    *sorted(f"pricing/components/{each.stem}" for each in COMPONENTS if each.stem != "__init__"),
)
HOT_PATH = (
    *(f"rater/core/{module}.py" for module in CORE),
    "rater/wire/account/rows.py",
    "rater/wire/account/state.py",
    "rater/wire/account/user_rows.py",
    "rater/wire/cdrs.py",
    "rater/batch/charging/accounts.py",
    "rater/batch/charging/cdr_batch.py",
    "rater/batch/charging/cdr_ids.py",
    "rater/batch/charging/conservation.py",
    "rater/batch/charging/content.py",
    "rater/batch/charging/decision.py",
    "rater/batch/charging/remembered.py",
    "rater/batch/outputs.py",
)

ASKED = os.environ.get("RATER_COMPILE", "")


def main() -> None:
    """Set up the package, compiled or not."""
    os.chdir(ROOT)
    setup(ext_modules=extensions(), cmdclass={"build_ext": BuildHotPath, "build_py": NoteRevision})


def extensions() -> list[Extension]:
    """Translate the hot path to C; without mypyc there is nothing to build."""
    if ASKED == "0":
        return []
    try:
        from mypyc.build import mypycify  # noqa: PLC0415

        # The library that the modules share lies in the package: the folder above is not always on the path.
        paths = ["--config-file", "pyproject.toml", *HOT_PATH]
        made: list[Extension] = mypycify(
            paths, opt_level="3", debug_level="0", group_name="rater.hot_path"
        )
        if os.name == "posix":
            # Functions that nobody outside can name are called directly, and put into their callers: 2 % of the core.
            for each in made:
                each.extra_compile_args.append("-fvisibility=hidden")
    except (ImportError, SystemExit, OSError) as error:
        give_up("no mypyc" if isinstance(error, ImportError) else "mypyc failed", error)
        return []
    return made


def give_up(reason: str, error: BaseException) -> None:
    """Say that nothing is compiled, and why; an error where it was asked for."""
    if ASKED == "1":
        raise error
    sys.stderr.write(f"rater: {reason}: runs interpreted, slower ({error})\n")


class NoteRevision(build_py):
    """Copies the sources, and notes beside them of which commit they are, if that is known."""

    def run(self) -> None:
        """Copy; in a source tree itself nothing is noted, it changes."""
        super().run()
        if not self.editable_mode and (told := revision()):
            written = Path(self.build_lib) / REVISION
            written.parent.mkdir(parents=True, exist_ok=True)
            written.write_text(f"{told}\n")


def revision() -> str:
    """Return the commit of the sources, with `-dirty` where they were changed since; empty: nobody knows."""
    words = ("git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*")
    if (ROOT / ".git").exists():
        try:
            ran = subprocess.run(  # noqa: S603  # Words of our own.
                words, cwd=ROOT, capture_output=True, text=True, check=True
            )
        except (OSError, subprocess.CalledProcessError):
            return ""
        return ran.stdout.strip()
    return os.environ.get("RATER_REVISION", "").strip()


class BuildHotPath(build_ext):
    """Compiles all of it or nothing."""

    def run(self) -> None:
        """Compile; what an earlier build left in place is gone first, so that nothing stale is found."""
        if self.inplace:
            remove(Path("rater"))
        if not self.extensions:
            return
        try:
            super().run()
        except Exception as error:  # noqa: BLE001  # Each compiler fails in its own way.
            give_up("no C compiler", error)
            self.extensions = []
            return
        written = COMPILED if self.inplace else Path(self.build_lib) / COMPILED
        written.write_text(json.dumps(digests(HOT_PATH), indent=1) + "\n")


def remove(package: Path) -> None:
    """Remove what has been compiled in place."""
    COMPILED.unlink(missing_ok=True)
    for pattern in ("*.so", "*.pyd"):
        for module in package.rglob(pattern):
            module.unlink()


def digests(paths: Iterable[str]) -> dict[str, str]:
    """Return the SHA-256 of each source, by its path in the package."""
    return {
        path.removeprefix("rater/"): sha256(Path(path).read_bytes()).hexdigest() for path in paths
    }


if __name__ == "__main__":
    main()
