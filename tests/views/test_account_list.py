"""The list of accounts: statuses as they were written, selected."""

from pathlib import Path
from typing import Any

import pytest

from rater.views.account_list import HEAD, AccountSelection

EXAMPLES = Path(__file__).parents[2] / "topics/examples/account.status.v1.valid.jsonl"
STATUSES = [line.encode() for line in EXAMPLES.read_text().splitlines()]


def found(**said: Any) -> list[str]:
    rows = [AccountSelection(**said).taken(value) for value in STATUSES]
    return list(dict.fromkeys(each.row[0] for each in rows if each is not None))


def test_a_row_says_what_the_status_says() -> None:
    listed = AccountSelection(tenant="umbrella").taken(STATUSES[1])

    assert listed is not None
    assert listed.value == STATUSES[1]
    assert dict(zip(HEAD, listed.row, strict=True)) == {
        "tenant": "umbrella", "state": "open", "mode": "prepaid", "balance": "-0.20 USD",
        "hours left": "0", "refused": "balance_not_positive", "changed": "2026-03-02T08:04:10Z",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("said", "tenants"),
    [
        ({"tenant": "um"}, ["umbrella"]),
        ({"state": "closed"}, ["initech"]),
        ({"state": "not_configured"}, ["hooli"]),
        ({"mode": "post_paid"}, ["globex"]),
        ({"currency": "EUR"}, ["acme"]),
        ({"below_micros": 0}, ["umbrella"]),
        ({"below_micros": 1}, ["umbrella", "globex"]),
        ({"refused": "spend_limit"}, ["watch"]),
        ({"refused": "restricted"}, []),
    ],
)
def test_what_is_not_meant_is_left_out(said: dict[str, Any], tenants: list[str]) -> None:
    assert found(**said) == tenants
