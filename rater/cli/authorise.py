"""`rater authorise`: ask whether a call may start, and for how long at most, from the topics themselves."""

from typing import Any, NamedTuple

import click
import msgspec

from rater.cli.bounded_lines import bounded_lines
from rater.cli.broker import CannotRunError, broker_option, run
from rater.cli.numbers import WholeNumber
from rater.core.authorisation.holds import Holds, HoldTerms
from rater.core.limits import DURATION_S_MAX
from rater.kafka.broker import Broker
from rater.wire.authorisation.answers import Answer, encode_answer, encode_bad_request
from rater.wire.authorisation.questions import BadRequest

READ_S = 60.0
"""For reading the topics to their ends."""
_ASKED = ("to", "from", "direction", "call_type", "service_number_type", "routing_number")
_OF_WHOM = ("usage_country", "user_id", "organizer_id", "longest_s")


class Question(NamedTuple):
    """A call that is asked for, as JSON, and the line that it came on; None: no line."""

    value: bytes
    line: int | None = None


@click.command()
@click.option("--tenant", "tenant_id", help="Whose call it is; without it, calls come on stdin.")
@click.option("--to", help="The number called, like +33612345678, or as dialled, like 112.")
@click.option("--from", help="The caller's number.")
@click.option("--direction", type=click.Choice(["out", "in"]), help="Default: out.")
@click.option("--call-type", help="As CDRs name it, such as user_out or conf_out.")
@click.option("--service-number-type", help="Of the number called, with --direction in.")
@click.option("--routing-number", help="Where a call to a ported number leads.")
@click.option("--usage-country", help="Of the caller's licence, like DE.")
@click.option("--user", "user_id", help="Who calls, as CDRs name the user.")
@click.option("--organizer", "organizer_id", help="Of a conference: whose call it is.")
@click.option(
    "--longest",
    "longest_s",
    type=WholeNumber(1, DURATION_S_MAX),
    help="Seconds that are asked for at most.",
)
@broker_option
def authorise(broker: Broker, **options: Any) -> None:
    """Say whether a call may start, and for how long at most, as a line of JSON.

    It reads statuses, decks, plans and settings to their ends first, which takes seconds: a switch asks `rater
    gatekeeper`, which has read them. Without --tenant each line of stdin is a call: a JSON object of the same fields as
    /v1/authorise takes; one that cannot be read is refused as bad_request, with its number. Exit code 1: a call is
    refused, or a line cannot be read. 2: the topics cannot be read.
    """
    fields = {name: value for name in _ASKED + _OF_WHOM if (value := options[name]) is not None}
    if options["tenant_id"] is None:
        if fields:
            message = f"--{min(fields).replace('_', '-')} is of a call: it needs --tenant"
            raise click.UsageError(message)
        lines = bounded_lines(click.get_binary_stream("stdin"))
        questions = [Question(line, number) for number, line in lines if line.strip()]
    elif options["to"] is None:
        raise click.UsageError("--tenant needs --to")
    else:
        questions = [Question(msgspec.json.encode({"tenant_id": options["tenant_id"], **fields}))]
    if not _answer(broker, questions):
        raise SystemExit(1)


def _answer(broker: Broker, questions: list[Question]) -> bool:
    """Print the answers; tell whether all calls are allowed."""
    from rater.shell.process.start import StartError  # noqa: PLC0415

    try:
        answers = run(_ask(broker, questions))
    except StartError as error:
        raise CannotRunError(str(error)) from error
    for line, _ in answers:
        click.echo(line)
    return all(allowed for _, allowed in answers)


async def _ask(broker: Broker, questions: list[Question]) -> list[tuple[bytes, bool]]:
    from rater.shell.gatekeeper.desk import Desk  # noqa: PLC0415
    from rater.shell.gatekeeper.metrics import GatekeeperMetrics  # noqa: PLC0415
    from rater.shell.gatekeeper.process import PARTS_KEYED, PARTS_SHARED  # noqa: PLC0415
    from rater.shell.gatekeeper.view import View  # noqa: PLC0415
    from rater.shell.process.metrics import Metrics  # noqa: PLC0415
    from rater.shell.process.start import equal_partitions  # noqa: PLC0415

    partitions = await equal_partitions(broker, PARTS_KEYED, PARTS_SHARED)
    metrics = GatekeeperMetrics(Metrics(rooms=()))
    view = View(broker, metrics)
    desk = Desk(int(READ_S * 1_000), DURATION_S_MAX, view, Holds(HoldTerms(0, 0, 1, 1)), metrics)
    try:
        await view.start(partitions)
        await view.ready(READ_S)
        said = [answered(desk.authorise(each.value), each.line) for each in questions]
    finally:
        await view.stop()
    return said


def answered(said: Answer | BadRequest, line: int | None) -> tuple[bytes, bool]:
    """Return what is printed of an answer, and whether the call is allowed."""
    if isinstance(said, BadRequest):
        return encode_bad_request(said.detail, line), False
    return encode_answer(said), said.allowed
