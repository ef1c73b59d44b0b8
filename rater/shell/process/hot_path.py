"""The hot path: whether it runs compiled (`setup.py`), and whether that was made of the sources that lie beside it."""

import json
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

PACKAGE = Path(__file__).parents[2]


class StaleError(Exception):
    """What is compiled is not what the sources say; the message names the remedy."""


def is_compiled() -> bool:
    """Tell whether the hot path is compiled."""
    spec = find_spec("rater.core.engine")
    return spec is not None and not (spec.origin or "").endswith(".py")


def refuse_stale(package: Path = PACKAGE) -> None:
    """Raise StaleError when compiled modules were made of other sources: money is decided by what one can read."""
    if is_compiled() and (stale := stale_sources(package)):
        msg = (
            f"compiled from other sources: {', '.join(stale)}; "
            "run `make install`, or set RATER_INTERPRETED=1 to run the sources as they are"
        )
        raise StaleError(msg)


def stale_sources(package: Path) -> list[str]:
    """Return the sources that are not those which were compiled; without notes of the build, the notes."""
    notes = package / "compiled.json"
    if not notes.exists():
        return [notes.name]
    return [
        name
        for name, digest in json.loads(notes.read_text()).items()
        if not (package / name).exists() or _digest(package / name) != digest
    ]


def _digest(source: Path) -> str:
    return sha256(source.read_bytes()).hexdigest()
