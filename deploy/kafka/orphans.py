"""Brokers whose process, the one that has started them, was killed before it could put them away.

Such a broker's name says whose it is: PURPOSE-PID or PURPOSE-PID-MORE. `python orphans.py PURPOSE` removes them.
"""

from __future__ import annotations

import sys
from pathlib import Path

if not __package__:
    # Run as a script: Python has put this folder on the path, not the repository.
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from deploy.kafka.broker import HOME, instances
from deploy.kafka.process import command_line


def remove_orphans(purpose: str, home: Path = HOME) -> None:
    """End the brokers of this purpose whose process is gone, and delete what they wrote."""
    for broker in instances(home):
        kind, owner, *_ = [*broker.folder.name.split("-"), ""]
        if kind == purpose and owner.isdigit() and not command_line(int(owner)):
            broker.remove()


if __name__ == "__main__":
    remove_orphans(sys.argv[1])
