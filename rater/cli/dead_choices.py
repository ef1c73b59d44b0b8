"""Dead choices: what a command of `rater dead` does with a letter: writes its record again, as it was or mended."""

from typing import BinaryIO

import click

from rater.cli.bounded_lines import bounded_lines
from rater.shell.admin.publish import LineCheck, LineProblem, Ready, RefusedTopicError, sendable
from rater.shell.dead_letters.desk import Desk
from rater.shell.dead_letters.job import Choice, Choose
from rater.shell.dead_letters.letter import Letter
from rater.shell.process.clock import now_ms
from topics.catalog import Topic


async def dropping(_desk: Desk, _letter: Letter) -> Choice:
    """Write nothing: the letter is dropped."""
    return None


def replaying(content: str | None, *, by_force: bool) -> Choose:
    """Return what writes a letter's record again, as it was; of a CDR in conflict if its `content` was chosen."""

    async def choose(desk: Desk, letter: Letter) -> Choice:
        topic = _sendable(letter, by_force=by_force)
        return topic if isinstance(topic, str) else await desk.replayed(letter, now_ms(), content)

    return choose


def mending(file: BinaryIO, *, by_force: bool) -> Choose:
    """Return what writes the record of a file in place of the only letter's."""

    async def choose(desk: Desk, letter: Letter) -> Choice:
        if len(desk.letters) > 1:
            raise click.UsageError(
                f"--with mends one letter, these are {len(desk.letters)}: say --id"
            )
        topic = _sendable(letter, by_force=by_force)
        return (
            topic if isinstance(topic, str) else await desk.corrected(letter, _checked(topic, file))
        )

    return choose


def _sendable(letter: Letter, *, by_force: bool) -> Topic | str:
    """Return the topic of a letter's record, or why nobody writes to it by hand."""
    try:
        return sendable(letter.source.topic, by_force=by_force)
    except RefusedTopicError as error:
        return str(error)


def _checked(topic: Topic, file: BinaryIO) -> Ready:
    """Return the record of a file, which must be one, as the workers will read it; what is wrong is said (exit 1)."""
    found = list(LineCheck(topic).lines(line for _, line in bounded_lines(file)))
    ready = [each for each in found if isinstance(each, Ready)]
    for each in found:
        if not isinstance(each, Ready):
            click.echo(str(each), err=True)
    if len(ready) != 1 or any(isinstance(each, LineProblem) for each in found):
        raise click.ClickException(
            f"--with: must be one line, a record of {topic.name}; nothing is written"
        )
    return ready[0]
