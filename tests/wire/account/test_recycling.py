"""Orders on calls that wait: read back as they were meant, under an id that names job and place."""

from rater.wire.account.commands import decode_command
from rater.wire.account.recycling import VERBS, encode_order
from topics.records.open_suspense import OpenSuspense

ROW = OpenSuspense(1, "acme", "c1", 2, 1, "cdr.raw.v1", 3, 7, "no_rate", "{}")


def test_an_order_is_read_back_under_an_id_of_job_and_place() -> None:
    for kind, verb in VERBS.items():
        order = decode_command(encode_order(kind, ROW, "j1", "ann", "mended"))

        assert order == kind(
            f"{verb}/j1/3/7", "acme", "c1", 2, "cdr.raw.v1/3/7", "j1", "ann", "mended"
        )
