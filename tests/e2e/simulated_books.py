"""The books of a simulator: what its tables hold in the end."""

from rater.batch.simulate import Simulator
from tests.e2e.charging_books import Books


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
