"""How long a transaction waits for entries of the ledger, at most: long enough is left to write and commit."""

from rater.kafka.broker_loss import TRANSACTION_TIMEOUT_S
from rater.shell.charging.originals import READ_S

WAITS = 2
"""For what is remembered, then for what re-ratings name beside it; a piece that fetches is a transaction's last."""


def test_half_of_a_transaction_is_left_when_both_reads_took_all_their_time() -> None:
    assert WAITS * READ_S <= TRANSACTION_TIMEOUT_S / 2
