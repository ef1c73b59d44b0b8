"""Of the faults of a file as many are told as anybody reads."""

from rater.wire.told import FAULTS_TOLD_MAX, told


def test_what_is_beyond_is_counted() -> None:
    lines = [str(n) for n in range(FAULTS_TOLD_MAX + 1)]

    assert told(lines[:-1]) == lines[:-1]
    assert told(lines) == [*lines[:-1], "1 more are not told"]
