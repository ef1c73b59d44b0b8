"""`rater deck retire`: take a rate deck out of service from an instant on."""

import logging

import click

from rater.cli.broker import CannotRunError, broker_option, run
from rater.core.times import to_text
from rater.kafka.broker import Broker
from rater.shell.admin import topic_admin
from rater.shell.process.clock import now_ms
from rater.shell.versions.deck_load import DeckLoader
from rater.shell.versions.deck_retire import decide_retirement, revived_by
from rater.shell.versions.shared_loader import HeldBackError, LoadRefusedError
from rater.wire.moments import NO_MOMENT, read_moment
from rater.wire.pricing.deck_heading import NO_DECK_ID, is_deck_id
from rater.wire.pricing.deck_records import pack_retirement
from topics.fields import NOTE_MAX


@click.command()
@click.option("--deck-id", required=True, metavar="ID", help="The deck, as accounts list it.")
@click.option(
    "--valid-from", metavar="TIME", help="Like 2025-01-31T23:00:00Z; calls answered from then on "
    "are not priced by the deck. Without it: at once.",
)  # fmt: skip
@click.option("--reason", metavar="TEXT", help="Why, for those who look at the topic later.")
@click.option("--backdate", is_flag=True, help="Allow an instant that has passed.")
@broker_option
def retire(
    broker: Broker, deck_id: str, valid_from: str | None, reason: str | None, *, backdate: bool
) -> None:
    """Retire a rate deck: from an instant on it prices nothing.

    It is published as the deck's next version. Calls answered before are still priced, however late
    they come; a version loaded later, with a later --valid-from, brings the deck back. Retired
    already at that instant: nothing is published (exit 0). Exit 1, and nothing is published: it may
    not be. Exit 2: the broker or the topic is missing.
    """
    # Shut out by another loader, aiokafka leaves failed futures behind; we say it ourselves.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    since_ms = None if valid_from is None else read_moment(valid_from)
    if valid_from is not None and since_ms is None:
        raise click.ClickException(f"--valid-from: {valid_from!r} {NO_MOMENT}")
    if not is_deck_id(deck_id):
        raise click.ClickException(f"--deck-id: {deck_id!r} {NO_DECK_ID}")
    if reason is not None and len(reason) > NOTE_MAX:
        message = f"--reason: must have at most {NOTE_MAX} characters, found {len(reason)}"
        raise click.ClickException(message)
    if reason is not None and reason.encode(errors="replace").decode() != reason:
        raise click.ClickException(f"--reason: must be UTF-8, found {reason[:80]!r}")

    async def work() -> None:
        async with topic_admin.connected(broker):
            await _retire(broker, deck_id, since_ms, reason, backdate=backdate)

    try:
        run(work())
    except LoadRefusedError as error:
        raise click.ClickException(str(error)) from error
    except HeldBackError as error:
        raise CannotRunError(str(error)) from error


async def _retire(
    broker: Broker, deck_id: str, since_ms: int | None, reason: str | None, *, backdate: bool
) -> None:
    async with DeckLoader(broker, deck_id) as loader:
        retirement = decide_retirement(
            loader.versions, since_ms, now_ms(), reason=reason, backdate=backdate
        )
        if retirement is None:
            click.echo(f"deck {deck_id} is retired already; nothing was published")
            return
        if (revived := revived_by(loader.versions, retirement)) is not None:
            since = to_text(revived.valid_from_ms)
            click.echo(
                f"note: version {revived.version} brings the deck back from {since} on", err=True
            )
        await loader.publish(pack_retirement(retirement))
        await loader.wait_until_whole(retirement.version)
    click.echo(
        f"deck {deck_id} is retired by version {retirement.version}: calls answered from "
        f"{to_text(retirement.valid_from_ms)} on are not priced by it"
    )
