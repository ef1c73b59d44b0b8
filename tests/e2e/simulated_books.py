"""The books of a simulator: what charging wrote in it, and what its tables hold in the end."""

from collections.abc import Iterable

from rater.batch.simulate import Simulator
from rater.wire.lines import Line
from tests.e2e.broker import Record
from tests.e2e.charging_books import LOGS, STATES, Books


def note_lines(books: Books, lines: Iterable[Line]) -> None:
    """Take what charging wrote; recharge, which the simulator runs beside it, is in no play."""
    for line in lines:
        if line.topic in (*LOGS, *STATES):
            place = (line.topic, line.partition, line.offset)
            books.take(Record(*place, 0, line.key, line.value, ()))


def note_tables(books: Books, simulator: Simulator) -> None:
    """Take what every table of a simulator holds: ids, accounts, users, and the calls that wait."""
    for shard in simulator.shards:
        books.note_ids(shard.partition, shard.batches.index._table.entries().tobytes())
        for key, value in shard.accounts.items():
            books.note_account(key, value)
        for key, value in shard.users.items():
            books.note_user(key, value)
        for key, value in shard.suspense.items():
            books.open_suspense[key.decode()] = value.decode()
