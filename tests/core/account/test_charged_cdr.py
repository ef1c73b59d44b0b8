"""A CDR as its charge says it is the CDR that was charged."""

import pytest

from rater.core.account.account import Account
from rater.core.account.charged_cdr import cdr_of
from rater.core.account.charges import free_charge
from rater.core.cdr import Cdr
from tests.build import account, cdr, source


def charged(call: Cdr, payer: Account | None = None) -> Cdr:
    return cdr_of(free_charge(payer or account(), call, source(), "inbound").entry)


@pytest.mark.parametrize(
    "call",
    [
        cdr(),
        cdr(version=3, user_id="ann", organizer_id="bob", call_type="conf_out"),
        cdr(direction="in", from_="+33612345678", service_number_type="TollFree"),
        cdr(dialled="+33612345679", usage_country="FR"),
        cdr(is_answer_named=True, started_ms=cdr().answered_ms - 9_000),
    ],
)
def test_every_input_of_its_price_comes_back(call: Cdr) -> None:
    assert charged(call) == call


def test_the_id_may_be_said_by_another() -> None:
    entry = free_charge(account(), cdr(), source(), "inbound").entry

    assert (cdr_of(entry, ("beta", "c9")).tenant_id, cdr_of(entry, ("beta", "c9")).cdr_id) == (
        "beta",
        "c9",
    )
