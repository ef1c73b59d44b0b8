"""A user is kept as bytes, and is the same when it is read again."""

import pytest

from rater.core.account.user import User
from rater.wire.account.user_rows import decode_user, encode_user
from tests.build import NOW
from topics.records import UserTerms

OWN = "2026-03/OWN/all/user=ann"
TERMS = (UserTerms(NOW, 2, "FR", "any", "none", ("OWN",), True, 5),)
ANN = User(
    *("acme", "ann", TERMS, {"2026-02": 1, "2026-03": 0}, {OWN: 60}),
    *(NOW, 3, True, 2),
)
TOLD = User(
    *("acme", "ann", TERMS, {}, {OWN: 600, "2026-03/OWN/more/user=ann": 60}),
    told_s={OWN: (0, 600)},
)


@pytest.mark.parametrize(
    "user", [ANN, TOLD, User("acme", "bob", TERMS)], ids=["full", "told", "new"]
)
def test_a_user_comes_back_as_it_was(user: User) -> None:
    assert decode_user(encode_user(user)) == user


@pytest.mark.parametrize("value", [b"", b"{", b"[]", b"null", b'{"layout":1}', b"\xff"])
def test_what_is_no_user_is_refused(value: bytes) -> None:
    with pytest.raises(ValueError, match="users changelog"):
        decode_user(value)
