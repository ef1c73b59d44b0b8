"""Originals: an entry read back is the entry that was written."""

import pytest

from rater.wire.account.originals import decode_posted
from rater.wire.outputs import encode
from tests.build import NOW, UNIT, call, correcting, opened
from topics.records import Charge, ChargeReversed


def test_a_charge_and_its_reversal_are_read_back_as_they_were_written() -> None:
    partition = opened(("L1", UNIT), rules=correcting())
    partition.take(call(), call(version=2, kind="void"))
    charge, back = [decode_posted(value) for value in partition.ledger[2:]]

    assert isinstance(charge, Charge)
    assert isinstance(back, ChargeReversed)
    assert [encode(charge), encode(back)] == partition.ledger[2:]
    assert (charge.at_ms, back.reverses) == (NOW, charge.entry_id)


@pytest.mark.parametrize("value", [b"", b"{", b"{}", b'{"kind":"adjusted"}', b"[1]"])
def test_anything_else_is_a_broken_invariant(value: bytes) -> None:
    with pytest.raises(AssertionError, match="no charge and no reversal"):
        decode_posted(value)
