"""Rooms: what lies directly in each package of `rater`, a module or a folder, and the imports between two of them.

`python deploy/rooms.py [FOLDER]` prints rooms, arrows and floors of a tree: a room stands one floor above the highest
that it imports. What no import ties to another room of its package is not counted.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

PACKAGES = ("core", "wire", "batch", "shell", "reconcile")

Arrows = set[tuple[str, str]]


def main() -> None:
    """Print a line for each package."""
    root = Path(sys.argv[1]) if sys.argv[1:] else Path(__file__).resolve().parents[1]
    modules = {_name(path, root): path for path in (root / "rater").rglob("*.py")}
    for package in PACKAGES:
        arrows = arrows_of(f"rater.{package}.", modules)
        rooms = {room for arrow in arrows for room in arrow}
        floors = max(floor(room, arrows) for room in rooms)
        print(f"{package:10} {len(rooms):3} rooms {len(arrows):4} arrows {floors:3} floors")


def arrows_of(package: str, modules: dict[str, Path]) -> Arrows:
    """Return the pairs of rooms of a package of which one imports the other."""
    arrows = set()
    for name, path in modules.items():
        if name.startswith(package):
            room = name.removeprefix(package).partition(".")[0]
            for target in _imported(path, modules):
                other = target.removeprefix(package).partition(".")[0]
                if target.startswith(package) and other != room:
                    arrows.add((room, other))
    return arrows


def floor(room: str, arrows: Arrows) -> int:
    """Return the floor of a room; there is no circle, import-linter sees to it."""
    return 1 + max((floor(below, arrows) for above, below in arrows if above == room), default=0)


def _name(path: Path, root: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imported(path: Path, modules: dict[str, Path]) -> Iterator[str]:
    """Yield the modules of ours that a module imports, whole or a name of."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield whole if whole in modules else node.module


if __name__ == "__main__":
    main()
