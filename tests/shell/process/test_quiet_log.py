"""Quiet log: the Kafka client's lines come once in a while, with their number; ours always."""

import logging
from time import sleep

from rater.shell.process.quiet_log import SaidBefore, crash_told_by_us


def line(name: str, text: str, *words: object) -> logging.LogRecord:
    return logging.LogRecord(name, logging.ERROR, "x", 1, text, words, None)


def test_a_line_of_the_client_comes_once_in_a_while_with_how_often_it_was_said() -> None:
    quiet = SaidBefore(every_s=0.2)
    passed = [quiet.filter(line("aiokafka.conn", "lost %s", n)) for n in range(100)]
    sleep(0.25)
    last = line("aiokafka.conn", "lost %s", 100)

    assert passed == [True] + [False] * 99
    assert quiet.filter(last)
    assert last.getMessage() == "lost 100 (and 99 times more)"


def test_other_lines_are_not_held_back() -> None:
    quiet = SaidBefore()

    assert all(quiet.filter(line("rater.shell.step", "batch %s", n)) for n in range(10))
    assert quiet.filter(line("aiokafka.conn", "one"))
    assert quiet.filter(line("aiokafka.conn", "another"))


def test_a_crash_is_told_by_us_alone() -> None:
    assert not crash_told_by_us(line("faust.app.base", "[^App]: Crashed reason=%r", "x"))
    assert not crash_told_by_us(line("mode.services", "[^-Agent]: Crashed reason=ValueError()"))
    assert crash_told_by_us(line("faust.app.base", "[^App]: Error while stopping child"))
    assert crash_told_by_us(line("rater.shell.step", "Crashed reason=%r", "x"))
