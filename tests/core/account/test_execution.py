"""Execution: what holds for every command, before its own rules are asked."""

from typing import get_args

import pytest

from rater.core.rejections import Rejected
from tests.build import NOW, account
from tests.core.account.asked import adjust, auto, funds, low, refused
from topics import records as r
from topics.records import CommandReason


def test_every_reason_of_a_refusal_is_published() -> None:
    assert set(Rejected) == set(get_args(CommandReason))


@pytest.mark.parametrize("order", [funds(), adjust(5), low("a"), r.CloseAccount("x", "acme", None)])
def test_a_closed_account_takes_no_orders(order: r.Command) -> None:
    assert refused(account(closed_ms=NOW), order) is Rejected.ACCOUNT_CLOSED


def test_only_billing_and_global_administrators_may() -> None:
    assert auto("ann", "billing_admin") is None
    assert auto("ann", "global_admin") is None
    assert auto(None, None) is None
    refusal = auto("bob", "helpdesk", amount_micros=1)
    assert refusal is not None
    assert refusal.reason is Rejected.ROLE_NOT_ALLOWED
    assert refusal.detail == "actor_role: bob is helpdesk, must be billing_admin or global_admin"
