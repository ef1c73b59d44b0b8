"""Properties of corrections: the order in which one CDR's versions come changes no money, nor does how often."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.build import HOUR, MINUTE, NOW, Partition, Sent, call, correcting, opened
from tests.test_properties import FEW

lots = st.lists(st.integers(1, 400_000), min_size=1, max_size=5)
seconds = st.sampled_from((0, 1, 60, 61, 159, 219, 600, 6_000))
NUMBERS = ("+33612345678", "+33142685300", "+78001234567")
versions = st.lists(st.tuples(seconds, st.sampled_from(NUMBERS)), min_size=1, max_size=4)


def sent(version: int, billsec: int, to: str, at_ms: int = NOW) -> Sent:
    """Return a version of the one call; the first is no correction."""
    more: dict[str, Any] = {"version": version, "kind": "correction"} if version > 1 else {}
    answer = "busy" if billsec == 0 else "answered"
    return call(at_ms, ended_ms=NOW, billsec=billsec, to=to, disposition=answer, **more)


def funded(amounts: list[int]) -> Partition:
    return opened(*((f"L{n}", each) for n, each in enumerate(amounts)), rules=correcting())


def money(partition: Partition) -> tuple[Any, ...]:
    account = partition.account()
    kept = [
        (each.lot_id, each.purchased_ms, each.expires_ms, each.remaining) for each in account.lots
    ]
    return account.balance, account.debt, kept


@FEW
@given(lots, versions, st.data())
def test_property_any_order_of_one_cdrs_versions_leaves_what_the_last_one_alone_would(
    amounts: list[int], said: list[tuple[int, str]], data: st.DataObject
) -> None:
    calls = [sent(n, *each) for n, each in enumerate(said, 1)]
    order = data.draw(st.permutations(calls * 2))
    cut = data.draw(st.integers(0, len(order)))
    alone = funded(amounts).take(calls[-1])

    partition = funded(amounts).take(*order[:cut]).take(*order[cut:])

    assert money(partition) == money(alone)
    assert partition.suspense == []


@FEW
@given(lots, versions, st.integers(1, 3))
def test_property_a_void_leaves_what_nothing_would_have_left(
    amounts: list[int], said: list[tuple[int, str]], copies: int
) -> None:
    calls = [sent(n, *each) for n, each in enumerate(said, 1)]
    void = call(NOW, version=len(said) + 1, kind="void")

    partition = funded(amounts).take(*calls, *[void] * copies)

    assert money(partition) == money(funded(amounts))
    assert partition.outcomes["voided"] == 1


@FEW
@given(lots, st.lists(st.tuples(st.integers(0, 3), versions), max_size=6))
def test_property_whatever_is_corrected_every_charge_is_taken_back_once_and_money_is_conserved(
    amounts: list[int], histories: list[tuple[int, list[tuple[int, str]]]]
) -> None:
    partition = funded(amounts)
    for step, (number, said) in enumerate(histories):
        for version, (billsec, to) in enumerate(said, 1):
            fields = {"version": version, "cdr_id": f"c{number}", "billsec": billsec, "to": to}
            fields["disposition"] = "answered" if billsec else "busy"
            partition.take(call(NOW + step * MINUTE + HOUR, ended_ms=NOW, **fields))

    entries = partition.entries()
    charged = {e["entry_id"]: e["charge_micros"] for e in entries if e["kind"] == "charge"}
    back = [e for e in entries if e["kind"] == "charge_reversed"]
    assert len({e["reverses"] for e in back}) == len(back)
    assert all(charged.pop(e["reverses"]) == e["reversed_micros"] for e in back)
    account = partition.account()
    assert account.balance == sum(amounts) - sum(charged.values())
    assert account.balance == sum(lot.remaining for lot in account.lots) - account.debt
    standing = [e["cdr_id"] for e in entries if e.get("entry_id") in charged]
    assert len(set(standing)) == len(standing)
    assert json.loads(partition.ledger[-1])["balance_micros"] == account.balance
