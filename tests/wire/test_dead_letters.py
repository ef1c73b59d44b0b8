"""Dead letters as bytes: what is none is no error, and whose a letter is."""

import pytest

from rater.wire.dead_letters import decode_end, decode_letter, said_tenant, tenant_of
from tests.shell.dead_letters.letters import RESUME, dead_of

NONE = [None, b"", b"{", b"[]", b"\xff", b"{}", b"[" * 100_000]


@pytest.mark.parametrize("value", NONE, ids=lambda value: repr(value)[:9])
def test_what_is_no_letter_and_no_end_is_passed_over(value: bytes | None) -> None:
    assert decode_letter(value) is None
    assert decode_end(value) is None
    assert said_tenant(value) is None


@pytest.mark.parametrize(
    ("key", "value", "tenant"),
    [
        (b"acme", b"{not json", "acme"),
        (b"acme/ann", b"", "acme"),
        (None, RESUME, "acme"),
        (None, b"{not json", None),
        (None, None, None),
        (b"\x1b[2J", RESUME, None),
        (b"\xff", RESUME, None),
        (b"x" * 65, RESUME, None),
        (b"", RESUME, None),
    ],
)
def test_a_letter_is_of_the_tenant_that_its_key_names_else_its_text(
    key: bytes | None, value: bytes | None, tenant: str | None
) -> None:
    assert tenant_of(dead_of(value, key)) == tenant
