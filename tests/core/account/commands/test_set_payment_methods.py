"""Payment methods are passed on; card numbers are refused."""

import pytest

from rater.core.account.execution import execute
from rater.core.account.journal import Journal
from rater.core.rejections import Rejected
from tests.build import RULES, account, source
from tests.core.account.asked import BY_ANN, posted
from topics import records as r
from topics.records import PaymentMethod
from topics.records import balance as v


@pytest.mark.parametrize("name", ["reference", "customer", "label"])
def test_a_card_number_is_refused_and_not_said_again(name: str) -> None:
    number = "4242 4242 4242 4242"
    method = PaymentMethod(**{"reference": "pm_1", name: number})
    order = r.SetPaymentMethods("s1", "acme", (PaymentMethod("pm_0"), method), **BY_ANN)
    journal = Journal()
    refusal = execute(account(), order, source(), RULES, journal)

    assert refusal is not None
    assert (refusal.reason, journal.entries) == (Rejected.CARD_NUMBER, [])
    assert refusal.detail.startswith(f"methods[1].{name}: ")
    assert "4242" not in refusal.detail


def test_the_methods_are_passed_on_in_their_order() -> None:
    methods = (PaymentMethod("pm_2", "cus_1", "Visa 4242"), PaymentMethod("pm_1"))
    journal = posted(r.SetPaymentMethods("s1", "acme", methods, **BY_ANN))

    (entry,), (event,) = journal.entries, journal.events
    assert isinstance(entry, r.PaymentMethodsSet)
    assert isinstance(event, v.PaymentMethodsChanged)
    assert (methods, methods) == (entry.methods, event.methods)
