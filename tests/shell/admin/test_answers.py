"""What `rater produce --wait` says of a charge: its money, and what pays it but for the balance."""

from typing import Any

import pytest

from rater.core.pricing.plans.book import PlanBook
from rater.shell.admin.answers import answer_of
from tests.plan_build import catalog
from topics.catalog import LEDGER

LOT = {"id": "L1", "amount_micros": 26_400}
POOL = {"source": "pool", "id": "2026-12/MCOPSTN5/domestic/FR", "quantity": 14_400}
OTHER = {**POOL, "id": "2026-12/MCOPSTN6/domestic/FR", "quantity": 60}
OWED = {"source": "post_paid", "id": "2026-12", "amount_micros": 100_000}
WAIVED = {"source": "waived", "amount_micros": 126_400}
DEBT = {"source": "shortfall", "amount_micros": 100_000}


@pytest.mark.parametrize(
    ("draws", "said"),
    [
        ([LOT, DEBT], "rated, 126400 micros"),
        ([POOL, OTHER, LOT, DEBT], "rated, 126400 micros, 14460 s paid by pools"),
        ([LOT, OWED], "rated, 126400 micros, 100000 of them owed of the month"),
        (
            [POOL, WAIVED],
            "rated, 126400 micros, 126400 of them waived, 14400 s paid by pools",
        ),
    ],
)
def test_a_charge_says_who_pays_it(draws: list[dict[str, Any]], said: str) -> None:
    entry = {"kind": "charge", "outcome": "rated", "charge_micros": 126_400, "draws": draws}

    assert answer_of(LEDGER.name, entry) == ("charged", said)


def test_a_call_that_pools_pay_whole_says_so() -> None:
    entry = {"kind": "charge", "outcome": "rated", "charge_micros": 0, "draws": [POOL]}

    assert answer_of(LEDGER.name, entry) == ("charged", "rated, 0 micros, 14400 s paid by pools")


def test_a_free_call_has_no_draws() -> None:
    entry = {"kind": "charge", "outcome": "free", "charge_micros": 0}

    assert answer_of(LEDGER.name, entry) == ("charged", "free, 0 micros")


def test_what_a_void_gives_back_is_said_likewise() -> None:
    entry = {
        "kind": "charge_reversed",
        "by": "void",
        "reversed_micros": 126_400,
        "returns": [POOL, OWED, {**LOT, "amount_micros": 20_000}],
        "lot": {"granted_micros": 6_400},
    }

    assert answer_of(LEDGER.name, entry) == (
        "accepted",
        "voided, 126400 micros come back, 100000 of them no longer owed of the month, 14400 s come back to pools",
    )


def test_of_what_was_waived_nothing_comes_back() -> None:
    entry = {"kind": "charge_reversed", "by": "void", "reversed_micros": 126_400}

    assert answer_of(LEDGER.name, entry) == ("accepted", "voided, 0 micros come back")


def test_plans_that_no_catalog_has_are_warned_of() -> None:
    book = PlanBook([catalog()])
    held = [{"plan_id": name, "licences": n} for name, n in (("BOTH", 1), ("GONE", 1), ("OLD", 0))]
    licences = {
        "kind": "entitlements_set",
        "command_id": "e1",
        "valid_from_ms": 0,
        "entitlements": held,
    }
    user = {"kind": "user_set", "command_id": "u1", "valid_from_ms": 0, "plan_ids": ["GONE"]}

    said = ("accepted", "entitlements_set; warning: in no plan catalog: GONE")
    assert answer_of(LEDGER.name, licences, book) == said
    assert answer_of(LEDGER.name, {**licences, "entitlements": held[:1]}, book) == (
        "accepted",
        "entitlements_set",
    )
    said = ("accepted", "user_set; warning: in no plan catalog: GONE")
    assert answer_of(LEDGER.name, user, book) == said
