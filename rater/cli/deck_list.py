"""`rater deck list`: show the versions of rate decks on a broker."""

import click

from rater.cli.broker import broker_option, run
from rater.cli.columns import print_columns
from rater.core.pricing.decks import Retirement
from rater.core.times import to_text
from rater.kafka.broker import Broker
from rater.shell.admin import topic_admin
from rater.shell.process.clock import now_ms
from rater.shell.versions.deck_versions import Versions, read_versions

DIGEST_SHOWN = 12
HEAD = ("deck", "version", "currency", "valid from", "rows", "digest", "now")


@click.command(name="list")
@broker_option
def list_decks(broker: Broker) -> None:
    """Print the versions of all rate decks on the broker, and which are in force now."""

    async def work() -> Versions:
        async with topic_admin.connected(broker):
            return await read_versions(broker)

    versions = run(work())
    rows = _rows(versions, now_ms())
    if len(rows) == 1:
        click.echo(f"no rate decks on {broker}: publish one with `rater deck load`")
        return
    print_columns(rows)


def _rows(versions: Versions, now_ms: int) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [HEAD]
    told = {
        (deck_id, number): (
            manifest.currency,
            manifest.valid_from,
            str(manifest.rows),
            manifest.digest[:DIGEST_SHOWN],
        )
        for (deck_id, number), manifest in versions.manifests.items()
    }
    for one in versions.book.versions():
        if isinstance(one, Retirement):
            told[one.deck_id, one.version] = ("-", to_text(one.valid_from_ms), "-", "retirement")
    rows += [
        (deck_id, str(number), *said, _standing(versions, deck_id, number, now_ms))
        for (deck_id, number), said in sorted(told.items())
    ]
    return rows


def _standing(versions: Versions, deck_id: str, version: int, now_ms: int) -> str:
    """Say what a version is good for at this instant."""
    whole = [one for one in versions.of_deck(deck_id) if one.version == version]
    if not whole:
        currency = versions.book.currency_of(deck_id)
        if currency not in {None, versions.manifests[deck_id, version].currency}:
            return f"refused, prices nothing: the deck is in {currency}"
        return "not whole, prices nothing"
    current = versions.book.governing(deck_id, now_ms)
    if current is not None and current.version == version:
        return "retired" if isinstance(current, Retirement) else "in force"
    return "not yet" if whole[0].valid_from_ms > now_ms else "superseded"
