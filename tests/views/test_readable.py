"""What others wrote reaches no terminal as a command, and makes no row of its own."""

import json

import pytest

from rater.cli.dead_shown import letter_lines
from rater.core.cdr import Source
from rater.shell.dead_letters.letter import Place, letter_of
from rater.views.calls import row_of as call_row
from rater.views.columns import aligned
from rater.views.entries import row_of
from rater.wire.cdrs import decode_cdr
from rater.wire.dead_letters import decode_letter, tenant_of
from rater.wire.malformed import Malformed
from rater.wire.outputs import encode_dead
from tests.build import NOW, UNIT, call, cdr_bytes, cdr_fields, command, opened, order

OSC = "\x1b]0;owned\x07\x1b[2J"


@pytest.mark.parametrize(
    "value",
    [
        json.dumps({**cdr_fields(), "tenant_id": OSC}).encode(),
        b'{"\\u001b[2J":1,"\\u001b[2J":2,' + cdr_bytes()[1:],
    ],
    ids=["tenant", "field"],
)
def test_a_dead_letter(value: bytes) -> None:
    why = decode_cdr(value)
    assert isinstance(why, Malformed)
    source = Source("cdr.raw.v1", 0, 7, NOW)
    dead = decode_letter(encode_dead(None, value, source, why, None, None))
    assert dead is not None
    letter = letter_of(Place("cdr.dead.v1", 0, 0), NOW, dead, tenant_of(dead), len(value))

    assert all(line.isprintable() for line in letter_lines(letter, dead, ()))


def test_a_call_and_an_adjustment() -> None:
    partition = opened(("L1", 50 * UNIT)).take(call(user_id=OSC, call_type="\x1b[31m"))
    said = {"amount_micros": 5, "currency": "USD", "reason": f"{OSC}\nfake row"}
    partition.take(command(order("adjust", "a1", **said)))
    entries = partition.entries()
    rows = [row_of(each) for each in entries]
    calls = [call_row(each) for each in entries if each["kind"] == "charge"]

    assert all(line.isprintable() for some in (rows, calls) for line in aligned(some))
    assert len({len(row) for row in rows}) == 1
