"""An account for people and for programs: lots, thresholds, pools, what is allowed and why not, recharge and why."""

import json
from typing import Any

import msgspec
import pytest

from rater.core.account.account import Account, Threshold
from rater.core.account.contract import Contract
from rater.core.account.lots import CreditLot
from rater.core.account.zone_change import ZoneChange
from rater.core.limits import DAY_MS, NEVER_MS
from rater.core.recharge.machine import State
from rater.core.recharge.state import AutoRecharge, Method, Recharge, Started
from rater.views.account import AccountView, read_account
from rater.views.recharge import next_ms, why
from rater.wire.account.state import encode_account
from rater.wire.recharge.state import encode_recharge
from tests.recharge_world import low
from tests.units import NOW, UNIT
from topics.records import AccountStatus, BlockedCalls, PaymentMethod, PoolUse
from topics.records.status import CreditUse

STATUS = AccountStatus(
    *("acme", 7, NOW, "open", "prepaid", "Europe/Paris", ("emergency", "in_bundle")),
    blocked=(BlockedCalls("overage", "balance_not_positive"), BlockedCalls("x", "no_credits", 580462)),
    currency="USD",
    balance_micros=12 * UNIT,
    hours_remaining=17,
    pools=(PoolUse("2026-12/P/a/FR", 60, 7_200),),
    credit=CreditUse(5 * UNIT, NOW, 10 * UNIT),
)  # fmt: skip


def account() -> Account:
    lots = [
        CreditLot("gift", NOW, NOW + DAY_MS, 2 * UNIT, NEVER_MS, "promotional"),
        CreditLot("L1", NOW, NOW + DAY_MS, 10_000_001, NEVER_MS),
    ]
    return Account(
        "acme", "USD", "Europe/Paris", ("sample",), 7, 12_000_001, lots=lots,
        expired=[CreditLot("old", NOW, NOW - DAY_MS, UNIT, NEVER_MS)],
        thresholds=[Threshold("low", 20 * UNIT, False, "Top up")],
        hour_thresholds=[Threshold("soon", 40, True)],
    )  # fmt: skip


def view(**fields: Any) -> AccountView:
    found = account()
    for name, value in fields.items():
        setattr(found, name, value)
    return AccountView(found, STATUS, None, NOW)


def test_it_is_read_from_what_lies_on_the_topics() -> None:
    recharge = encode_recharge(Recharge("acme", "USD"))
    read = read_account(encode_account(account()), msgspec.json.encode(STATUS), recharge, NOW)

    assert read.fields()["lots"] == view().fields()["lots"]
    assert read.status == STATUS
    assert read.fields()["recharge"]["state"] == "idle"
    with pytest.raises(ValueError, match="must be 9, found 3"):
        read_account(b"\x03", None, None, NOW)


def test_people_are_told_all_of_it_exactly() -> None:
    lines = view().lines()

    assert lines[:3] == [
        "account     acme: open, prepaid, USD, Europe/Paris",
        "balance     12.000001 USD after entry 7, lasts some 17 hours",
        "decks       sample",
    ]
    assert [line.split()[:2] for line in lines[3:7]] == [
        ["lot", "left"], ["gift", "2.00"], ["L1", "10.000001"], ["old", "1.00"],
    ]  # fmt: skip
    assert lines[7:] == [
        "threshold   Top up: 20.00, crossed",
        "threshold   soon: 40 hours, armed",
        "pool        2026-12/P/a/FR: 60 of 7200 s used",
        "credit      5.00 USD owed, of 10.00 USD",
        "allowed     emergency, in_bundle",
        "refused     overage: balance_not_positive",
        "refused     x: no_credits (580462)",
        "recharge    nothing was ever set of it",
    ]


def test_programs_get_the_names_of_the_published_records() -> None:
    fields = json.loads(msgspec.json.encode(view().fields()))

    assert fields["lots"][0] == {
        "lot_id": "gift", "remaining_micros": 2 * UNIT, "purchased_ms": NOW,
        "expires_ms": NOW + DAY_MS, "category": "promotional",
    }  # fmt: skip
    assert fields["lots_in_grace"][0]["grace_until_ms"] == NOW + DAY_MS
    assert fields["thresholds"] == [
        {"threshold_id": "low", "amount_micros": 20 * UNIT, "armed": False, "label": "Top up"},
        {"threshold_id": "soon", "hours": 40, "armed": True, "label": None},
    ]
    assert fields["status"]["blocked"][0]["reason"] == "balance_not_positive"
    assert (fields["state"], fields["closed_ms"], fields["recharge"]) == ("open", None, None)


def test_what_is_owed_closed_or_in_debt_is_told() -> None:
    contract = Contract(
        [],
        [],
        owed={"2026-11": 0, "2026-12": UNIT},
        zone_changes=[ZoneChange(NOW, "2027-01", "UTC")],
    )
    lines = view(contract=contract, debt=UNIT, closed_ms=NOW, lots=[], expired=[]).lines()

    assert lines[0] == "account     acme: closed, prepaid, USD, UTC"
    assert "overdraft   1.00 USD" in lines
    assert "owed        1.00 USD of 2026-12" in lines
    assert not any("2026-11" in line for line in lines)
    assert "lots        none" in lines
    assert view(currency="XXX", decks=(), balance=0).lines()[1].startswith("balance     - after")


def test_a_recharge_at_work_says_what_it_waits_for() -> None:
    recharge = low().recharge
    lines = AccountView(account(), None, recharge, NOW).lines()

    assert any(line.startswith("recharge    requested: a payment was asked for") for line in lines)
    assert any(line == "  set       below 100.00 USD: 50.00 USD" for line in lines)
    assert any(line == "  24 hours  1 begun, 0 payments captured" for line in lines)
    assert next_ms(recharge) is not None


METHOD = Method(PaymentMethod("pm_1"))
OUT = Method(PaymentMethod("pm_1"), is_out=True)
ON = AutoRecharge(enabled=True, trigger_micros=1, amount_micros=1)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "auto-recharge is off"),
        ({"settings": ON}, "nothing is needed"),
        ({"settings": ON, "is_closed": True}, "the account is closed"),
        ({"state": State.PAUSED}, "there is no payment method"),
        ({"state": State.PAUSED, "methods": [OUT]}, "every payment method was refused"),
        ({"state": State.PAUSED, "methods": [METHOD]}, "all tries were declined"),
        ({"state": State.PAUSED, "is_reversed": True}, "the provider took money"),
        ({"state": State.PAUSED, "started": [Started("r", 1, 1, refused=(1,))]}, "money was captured"),
        ({"state": State.ON_HOLD}, "needed, but fraud is suspected"),
    ],
)  # fmt: skip
def test_why_a_recharge_is_as_it_is(fields: dict[str, Any], said: str) -> None:
    assert why(Recharge("acme", "USD", **fields)).startswith(said)


def test_every_state_has_its_reason() -> None:
    assert all(why(Recharge("acme", "USD", state=state)) for state in State)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (AutoRecharge(), "  set       off"),
        (
            AutoRecharge(True, 100 * UNIT, 9, "target", None, 200 * UNIT),
            "  set       below 100.00 USD or with less than 9 hours left: up to 200.00 USD",
        ),
        (
            AutoRecharge(True, UNIT, None, "gap", 50 * UNIT),
            "  set       below 1.00 USD: as often 50.00 USD as closes the gap",
        ),
    ],
)  # fmt: skip
def test_what_was_set_of_recharge(settings: AutoRecharge, said: str) -> None:
    recharge = Recharge("acme", "USD", settings=settings)

    assert said in AccountView(account(), None, recharge, NOW).lines()
