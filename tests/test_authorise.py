"""The public `rater.authorise`: what the page says of it is true; the judge's own tests are in tests/core."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from rater.authorise import QuestionError, View, authorise
from rater.pricing import load_deck
from topics.records import AccountStatus

STATUSES = Path(__file__).parents[1] / "topics/examples/account.status.v1.valid.jsonl"
AT = "2026-11-02T09:00:00Z"
STATUS = {
    "tenant_id": "acme", "seq": 2, "at_ms": 1_793_610_600_000, "state": "open", "mode": "prepaid",
    "time_zone": "UTC", "allowed_call_types": [], "blocked": [], "currency": "USD",
    "balance_micros": 100_000, "overdraft_micros": 0, "decks": ["sample"],
    "funds": [{"expires_ms": 1_825_146_600_000, "amount_micros": 100_000}],
}  # fmt: skip


def view() -> View:
    made = View([load_deck("rater/data/sample_deck.csv", deck_id="sample")])
    made.take("account.status.v1", b"acme", msgspec.json.encode(STATUS))
    return made


def test_a_call_is_judged_by_what_the_view_has_been_given() -> None:
    found = authorise(view(), tenant_id="acme", to="+33612345678", at=AT, longest_s=90)

    assert (found.allowed, found.max_duration_s, found.reason) == (True, 90, None)
    assert (found.charge, found.currency, found.pools_s) == (Decimal("0.0632"), "USD", 0)
    assert (found.account_seq, found.deck_id, found.deck_version) == (2, "sample", 1)
    at = datetime(2026, 11, 2, 9, tzinfo=UTC)
    assert authorise(view(), tenant_id="acme", to="+33612345678", at=at, longest_s=90) == found


def test_what_nobody_pays_is_said_beside_what_the_call_is_charged_with() -> None:
    """The ledger's entry would say the same: the charge, and a draw that waives it."""
    made = view()
    told = {**STATUS, "unlicensed_calls": "waive"}
    made.take("account.status.v1", b"acme", msgspec.json.encode(told))
    found = authorise(made, tenant_id="acme", to="+33612345678", at=AT, longest_s=3_600)

    assert (found.allowed, found.max_duration_s, found.pools_s) == (True, 3_600, 0)
    assert found.charge == found.waived == Decimal("1.896")
    assert authorise(view(), tenant_id="acme", to="+33612345678", at=AT).waived == 0
    assert authorise(view(), tenant_id="acme", to="112", at=AT).waived is None


def test_a_tenant_without_a_status_may_call_for_help_alone() -> None:
    refused = authorise(view(), tenant_id="globex", to="+33612345678", at=AT)
    helped = authorise(View(), tenant_id="globex", to="112", at=AT)

    assert (refused.allowed, refused.reason, refused.charge) == (False, "unknown_tenant", None)
    assert (helped.allowed, helped.max_duration_s, helped.reason) == (True, None, "emergency")


def test_a_status_without_a_value_ends_a_tenant() -> None:
    made = view()
    made.take("account.status.v1", b"acme", None)

    assert len(made) == 0


def test_what_cannot_be_read_is_named() -> None:
    made = view()
    with pytest.raises(QuestionError, match=r"to: must be E\.164"):
        authorise(made, tenant_id="acme", to="ann", at=AT)
    with pytest.raises(QuestionError, match="at: yesterday is not a time"):
        authorise(made, tenant_id="acme", to="112", at="yesterday")
    with pytest.raises(QuestionError, match=r"cdr\.raw\.v1"):
        made.take("cdr.raw.v1", b"acme", b"{}")
    for topic, key in (("rate.plans.v1", b"1"), ("charging.settings.v1", b"1"), ("rate.decks.v1", b"x")):  # fmt: skip
        with pytest.raises(QuestionError, match=topic):
            made.take(topic, key, b"{}")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"at": None}, "at: None is not a time with its offset, in the years 2000 to 2100"),
        ({"at": 5}, "at: 5 is not a time with its offset"),
        ({"at": True}, "at: True is not a time"),
        ({"at": "\ud800"}, "at: \ud800 is not a time"),
        ({"at": datetime(2026, 11, 2)}, "at: 2026-11-02 00:00:00 is not a time"),  # noqa: DTZ001
        ({"at": datetime.max.replace(tzinfo=timezone(timedelta(hours=-23)))}, "at: 9999-12-31"),
        ({"at": "1999-12-31T23:59:59Z"}, "at: 1999-12-31T23:59:59Z is not a time"),
        ({"to": "+3361\ud800"}, "to: must be text, found half a surrogate pair in"),
        ({"to": 112}, "to: must be a string, found 112"),
        ({"to": b"112"}, "to: must be a string, found "),
        ({"to": None}, "to: is missing"),
        ({"tenant_id": "\udcff"}, "tenant_id: must be text"),
        ({"user_id": object()}, "user_id: must be a string, found "),
        ({"user_id": "a b"}, "user_id: must be printable ASCII without blanks, or empty, found"),
        ({"from_": 5.5}, "from: must be a string, found 5.5"),
        ({"longest_s": True}, "longest_s: must be an integer from 1 to 2678400, found true"),
        ({"longest_s": 10**5_000}, "longest_s: must be an integer from 1 to 2678400, found an int"),
        ({"longest_s": 0}, "longest_s: must be an integer from 1 to 2678400, found 0"),
        ({"longest_s": "60"}, "longest_s: must be an integer from 1 to 2678400"),
    ],
)
def test_whatever_is_said_of_a_call_is_read_or_named(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(QuestionError) as refused:
        authorise(view(), **{"tenant_id": "acme", "to": "112", "at": AT, **wrong})

    assert str(refused.value).startswith(said)


@pytest.mark.parametrize(
    ("record", "said"),
    [
        ((["x"], b"acme", b"{}"), "topic: ['x'] says nothing"),
        (
            ("account.status.v1", b"acme", 5),
            "account.status.v1: value: must be bytes, text or None",
        ),
        (("account.status.v1", "acme", b"{}"), "account.status.v1: key: must be bytes, found"),
        (("account.status.v1", None, b"{}"), "account.status.v1: key: must be bytes, found null"),
        (("user.status.v1", None, b"{}"), "user.status.v1: key: must be bytes, found null"),
        (("account.status.v1", b"acme", "\ud800"), "account.status.v1: value: must be text, found"),
        (("rate.decks.v1", 5, b"{}"), "rate.decks.v1: key: must be bytes, found 5"),
        (("rate.plans.v1", b"1", b"[" * 9_000), "rate.plans.v1: "),
    ],
)
def test_whatever_a_view_is_given_is_taken_or_named(record: Any, said: str) -> None:
    made = view()
    with pytest.raises(QuestionError) as refused:
        made.take(*record)

    assert str(refused.value).startswith(said)
    assert authorise(made, tenant_id="acme", to="112", at=AT).account_seq is not None


def test_of_a_status_that_cannot_be_read_nothing_is_known_any_more() -> None:
    made = view()
    made.take("account.status.v1", b"acme", b"{}")

    found = authorise(made, tenant_id="acme", to="+33612345678", at=AT)
    assert (found.reason, found.account_seq) == ("unknown_tenant", None)


def test_a_deck_of_a_name_is_given_once() -> None:
    deck = load_deck("rater/data/sample_deck.csv")
    with pytest.raises(QuestionError, match="decks: 'deck' must be there once"):
        View([deck, deck])
    with pytest.raises(QuestionError, match="decks: must be of load_deck, found null"):
        View([None])  # type: ignore[list-item]


def test_every_example_of_a_status_is_one_that_a_view_can_read() -> None:
    made = View()
    for line in STATUSES.read_bytes().splitlines():
        status = msgspec.json.decode(line, type=AccountStatus)
        made.take("account.status.v1", status.tenant_id.encode(), line)
        found = authorise(made, tenant_id=status.tenant_id, to="112", at=AT)
        assert (found.allowed, found.account_seq) == (True, status.seq)
