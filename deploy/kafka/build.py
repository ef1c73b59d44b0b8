"""Build a Java program of ours as the broker's jars are fetched: `build.py FOLDER`, a Maven project.

It prints the folder of the jars, under .kafka/, alone on standard output, and what it does on
standard error. Built once; again when a source has changed. Standard library only.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if not __package__:
    # Run as a script: Python has put this folder on the path, not the repository.
    sys.path[0] = str(ROOT)

from deploy.kafka.distribution import BrokerError, build  # noqa: E402


def say(text: str) -> None:
    """Tell the person at the terminal what is being done."""
    print(f"maven: {text}", file=sys.stderr, flush=True)


def main(arguments: list[str]) -> int:
    """Build the project of the folder; return the exit code."""
    (folder,) = arguments
    try:
        print(build(Path(folder).resolve(), ROOT / ".kafka", say))
    except BrokerError as error:
        say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
