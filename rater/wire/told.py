"""Told: the faults of one file as people read them, as many as anybody reads."""

from collections.abc import Iterable

FAULTS_TOLD_MAX = 1_000
"""Faults, or findings of a lint, of one file that are told to people; the rest is counted. As JSON all are there."""


def told(lines: Iterable[str]) -> list[str]:
    """Return the first lines, and how many there are beyond.

    >>> told(str(n) for n in range(1_002))[-2:]
    ['999', '2 more are not told']
    """
    every = list(lines)
    more = len(every) - FAULTS_TOLD_MAX
    return [*every[:FAULTS_TOLD_MAX], f"{more} more are not told"] if more > 0 else every


def counted(errors: int, warnings: int) -> str:
    """Return how many findings a lint has.

    >>> counted(1, 0)
    '1 error, 0 warnings'
    """
    return f"{errors} error{'' if errors == 1 else 's'}, {warnings} warning{'' if warnings == 1 else 's'}"
