"""Job: letters that are meant, ended a hundred at once; and what became of each."""

from collections.abc import Awaitable, Callable

from rater.shell.admin.who import Who
from rater.shell.dead_letters.desk import Desk
from rater.shell.dead_letters.ending import Ender, Step, portions
from rater.shell.dead_letters.letter import Letter
from rater.shell.dead_letters.original import Outgoing
from topics.records import DeadEnded

Choice = Outgoing | str | None
"""What is written in place of a letter's record, or why the letter stays; None: it is dropped."""
Choose = Callable[[Desk, Letter], Awaitable[Choice]]


async def end_all(
    desk: Desk,
    ender: Ender,
    choose: Choose,
    who: Who,
    took: Callable[[Letter, DeadEnded | str], None],
) -> None:
    """End all letters of a desk, in the order of their records; `took` is told what became of each, or why it stays.

    PublishError where a transaction fails; those before it have ended.
    """
    ender.go_on_from(desk.letters.links)
    for some in portions(desk.letters):
        steps: list[Step] = []
        for letter in some:
            choice = await choose(desk, letter)
            if isinstance(choice, str):
                took(letter, choice)
            else:
                steps.append(Step(letter, choice))
        if steps:
            for step, end in zip(steps, await ender.end(steps, who), strict=True):
                took(step.letter, end)
