"""A user is kept as bytes, and is the same when it is read again."""

import msgspec
import pytest

from rater.core.account.user import User
from rater.wire.account.user_rows import LAYOUT, check_user, decode_user, encode_user, is_owed
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


def test_whether_a_status_is_owed_is_seen_without_reading_the_rest() -> None:
    bob = User("acme", "bob", TERMS)

    assert [is_owed(encode_user(each)) for each in (ANN, bob, ANN)] == [True, False, True]
    assert len(encode_user(ANN)) < 128


def test_of_a_pool_that_is_forgotten_it_is_not_kept_what_was_told() -> None:
    ann = User("acme", "ann", TERMS, told_s={OWN: (0, 600)})

    assert decode_user(encode_user(ann)) == User("acme", "ann", TERMS)


@pytest.mark.parametrize(
    "value", [b"", b"{", b"[]", b"null", b'{"layout":3}', b"\xff", bytes([LAYOUT + 1]) + bytes(9)]
)
def test_a_layout_that_is_not_known_is_not_guessed_at(value: bytes) -> None:
    known = f"users changelog layout: must be {LAYOUT}, found .* To begin anew, stop"
    for read in (decode_user, check_user):
        with pytest.raises(ValueError, match=known):
            read(value)


@pytest.mark.parametrize("head", [b"", b"\x00", b"\x02\x90", b"\xff\x90"])
def test_what_has_no_head_of_ours_is_refused(head: bytes) -> None:
    for read in (decode_user, check_user):
        with pytest.raises(ValueError, match=r"users changelog: .* is none"):
            read(bytes([LAYOUT]) + head)


ROW = ["acme", "ann", [[0, 2, "FR", "any", "any", [], False, None]], {}, {}, 0, -1, 2, {}]


@pytest.mark.parametrize(
    ("place", "value"),
    [
        *((0, 5), (1, None), (2, []), (2, [[0, 2, "FR", "any", "any", [], False]])),
        *(
            (2, [[0, 2, "FR", "odd", "any", [], False, None]]),
            (2, {}),
            (3, []),
            (3, {"2026-03": "1"}),
        ),
        *((4, {OWN: 1.5}), (5, "1"), (6, None), (7, True), (8, {OWN: 1}), (8, {OWN: [1]})),
    ],
)
def test_a_row_of_which_a_part_is_something_else_is_refused(place: int, value: object) -> None:
    head = bytes([LAYOUT, 0])
    assert decode_user(head + msgspec.msgpack.encode(ROW)).since_seq == 2
    damaged = [*ROW[:place], value, *ROW[place + 1 :]]
    with pytest.raises(ValueError, match=r"users changelog: .* is none"):
        decode_user(head + msgspec.msgpack.encode(damaged))


def test_a_row_that_is_cut_or_torn_is_refused_or_another() -> None:
    whole = encode_user(ANN)
    for length in range(len(whole)):
        with pytest.raises(ValueError, match="users changelog"):
            decode_user(whole[:length])
    with pytest.raises(ValueError, match="users changelog"):
        decode_user(whole + b"\x00")
    for place in range(len(whole)):
        try:
            decode_user(whole[:place] + b"\xff" + whole[place + 1 :])
        except ValueError as error:
            assert "users changelog" in str(error)  # noqa: PT017
