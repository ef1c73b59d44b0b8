"""`rater simulate`: lines in, lines out; charging and recharge without Kafka."""

from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import BinaryIO

import click

from rater.batch.simulate import Simulator
from rater.cli.deck_terms import by_option, note_currency
from rater.cli.plan_files import catalog_of, plans_option
from rater.cli.simulate_lines import millis, placed, read_line
from rater.cli.simulate_troubles import Troubles
from rater.cli.simulate_warnings import Warnings
from rater.core.pricing.decks import Deck, DeckBook
from rater.core.pricing.plans.book import PlanBook
from rater.core.pricing.rules import Rules
from rater.core.times import to_text
from rater.wire.lines import Line
from rater.wire.plans.plan_records import encode_catalog, plan_reader
from rater.wire.pricing.deck_files import DeckFileError, read_deck_file
from rater.wire.pricing.decks import BadDeck, DeckAssembler
from rater.wire.pricing.numbering import load_numbers
from rater.wire.pricing.zones import zone_of
from rater.wire.settings.charging_settings import settings_reader
from rater.wire.settings.currencies import shipped_book
from rater.wire.versions import BadVersion
from topics import catalog


@click.command()
@click.argument("files", nargs=-1, type=click.File("rb"))
@click.option(
    "--until", metavar="TIME", help="Let the clock run on to this time (ISO 8601, or ms)."
)
@click.option(
    "--deck",
    "decks",
    multiple=True,
    metavar="ID=FILE.csv",
    help="A deck in force from 2000 on; its currency is --currency. Repeat for more.",
)
@click.option("--currency", default="USD", show_default=True, help="Currency of the --deck files.")
@click.option(
    "--calendars",
    type=click.Path(path_type=Path),
    metavar="FILE.csv",
    help="The dates of the calendars that rows of the --deck files name: columns calendar and date.",
)
@plans_option("A plan file: version 1 of the plan catalog, in force from 2000 on.")
def simulate(
    *,
    files: tuple[BinaryIO, ...],
    until: str | None,
    decks: tuple[str, ...],
    currency: str,
    calendars: Path | None,
    plans: Path | None,
) -> None:
    """Run charging and recharge over lines {"topic","key","value","timestamp"} from FILES or stdin.

    Writes the output topics' records in order, as lines. The clock is the lines' timestamps (ISO 8601 or milliseconds);
    lines must be in time order. Decks come as --deck files, or as records of rate.decks.v1 among the lines; charging
    settings, other than those that ship, as records of charging.settings.v1; plans as a --plans file, or as records of
    rate.plans.v1, with other versions where there is a file, too.

    Standard error names what workers pass over: fields that a topic does not declare, each once, and plans that are
    given and that no catalog has, or that a user's account has no licence of. In the end it says how many dead letters,
    refused commands, suspended CDRs and payment results in quarantine there are, and of each kind what the first says;
    the exit code is 0 all the same.
    """
    if decks:
        note_currency(currency)
    book = DeckBook.of(_decks(decks, currency, calendars))
    run = _Run(Simulator(Rules(book, load_numbers(), shipped_book(), PlanBook(zone_of=zone_of))))
    if plans is not None:
        run.take_plans(*encode_catalog(catalog_of(plans)), str(plans))
    out = click.get_binary_stream("stdout")
    try:
        end = None if until is None else millis("--until", until)
        for text in run.lines(files or (click.get_binary_stream("stdin"),), end):
            out.write(text + b"\n")
    except ValueError as fault:
        out.flush()
        run.troubles.tell(run.tell)
        raise click.ClickException(str(fault)) from fault
    out.flush()
    run.troubles.tell(run.tell)


def _decks(texts: tuple[str, ...], currency: str, calendars: Path | None) -> list[Deck]:
    """Read the decks of files; of one that is given twice nobody could say which prices a call."""
    made: dict[str, Deck] = {}
    for text in texts:
        deck = _deck(text, currency, calendars)
        if deck.deck_id in made:
            msg = f"--deck: {deck.deck_id!r} must be given once, found it again in {text!r}"
            raise click.UsageError(msg)
        made[deck.deck_id] = deck
    return list(made.values())


def _deck(text: str, currency: str, calendars: Path | None) -> Deck:
    deck_id, equals, path = text.partition("=")
    if not equals or not Path(path).is_file():
        msg = f"--deck: {text!r} is not ID=FILE.csv with a file that is there"
        raise click.UsageError(msg)
    try:
        return read_deck_file(Path(path), deck_id=deck_id, currency=currency, calendars=calendars)
    except DeckFileError as fault:
        raise click.ClickException(by_option(str(fault), "--deck", calendars)) from fault


class _Run:
    """One run: its simulator, and the decks, settings and plans that came among the lines."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        self.assembler = DeckAssembler()
        self.settings = settings_reader()
        self.plans = plan_reader()
        self.tell = partial(click.echo, err=True)
        self.warnings = Warnings(self.tell)
        self.troubles = Troubles()
        self.takers = {
            catalog.RATE_DECKS.name: self._take_deck,
            catalog.CHARGING_SETTINGS.name: self._take_settings,
            catalog.RATE_PLANS.name: self.take_plans,
        }

    def lines(self, files: Iterable[BinaryIO], until_ms: int | None) -> Iterator[bytes]:
        """Take every line of every file; yield the lines written."""
        for file in files:
            for where, line in placed(file):
                yield from self._line(line, where)
        if until_ms is None:
            return
        if until_ms < self.simulator.now_ms:
            last = to_text(self.simulator.now_ms)
            msg = f"--until: must not be before the last line, of {last}, found {to_text(until_ms)}"
            raise ValueError(msg)
        yield from self._written(self.simulator.run_until(until_ms), "--until")

    def _line(self, line: bytes, where: str) -> Iterator[bytes]:
        given = read_line(line, where)
        self.warnings.of_line(given.names, where)
        if given.at_ms < self.simulator.now_ms:
            last = to_text(self.simulator.now_ms)
            msg = (
                f"{where}: timestamp: {to_text(given.at_ms)} is before the line above it, of {last}"
            )
            raise ValueError(msg)
        taker = self.takers.get(given.topic)
        if taker is not None:
            taker(given.key, given.value, where)
            return
        self.warnings.of_value(given.topic, given.value, where)
        fed = self.simulator.feed(given.topic, given.key, given.value, given.at_ms, given.partition)
        yield from self._written(fed, where)

    def _written(self, records: Iterable[Line], where: str) -> Iterator[bytes]:
        for record in records:
            self.warnings.of_entry(record, self.simulator)
            self.troubles.of_record(record, where)
            yield record.as_text()

    def _take_deck(self, key: bytes | None, value: bytes | None, where: str) -> None:
        result = self.assembler.feed(key or b"", value)
        if result is None:
            return
        if isinstance(result, BadDeck):
            msg = f"{where}: {result.detail}"
            raise ValueError(msg)  # noqa: TRY004  # The line is wrong, not a type.
        rules = self.simulator.rules
        known = {(each.deck_id, each.version) for each in rules.book.versions()}
        if (result.deck_id, result.version) in known:
            msg = f"{where}: version {result.version} of deck {result.deck_id} is there already, by --deck"
            raise ValueError(msg)
        self.simulator.rules = rules.with_book(rules.book.with_deck(result))

    def _take_settings(self, key: bytes | None, value: bytes | None, where: str) -> None:
        result = self.settings.feed(key, value)
        if isinstance(result, BadVersion):
            raise ValueError(f"{where}: {result.detail}")  # noqa: TRY004  # The line is wrong, not a type.
        if result is not None:
            rules = self.simulator.rules
            self.simulator.rules = rules.with_settings(rules.settings.with_version(result))

    def take_plans(self, key: bytes | None, value: bytes | None, where: str) -> None:
        """Take a version of the plan catalog; raise ValueError where it may not be one."""
        result = self.plans.feed(key, value)
        if isinstance(result, BadVersion):
            raise ValueError(f"{where}: {result.detail}")  # noqa: TRY004  # The line is wrong, not a type.
        if result is not None:
            rules = self.simulator.rules
            self.simulator.rules = rules.with_plans(rules.plans.with_version(result))
