"""Masking: tails are hidden as settings say, and the masked call has the price that the call had."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rater.core.cdr import Cdr
from rater.core.charging_settings import ChargingSettings
from rater.core.pricing.masking import hidden_digits, hide, hide_caller, masked_cdr
from rater.core.pricing.price import price_call
from rater.core.pricing.unrated import Refusal
from tests.build import RULES, SETTINGS, cdr
from topics.records import NumberMask

MASKS = (NumberMask("+33", 4), NumberMask("+336", 2), NumberMask("", 3))


@pytest.mark.parametrize(
    ("number", "hidden"),
    [
        ("+33142685300", "+3314268****"),
        ("+33612345678", "+336123456**"),
        ("+447911123456", "+447911123***"),
        ("+3314268530*", "+3314268****"),
        ("+3314268*****", "+3314268*****"),
        ("+331426", "+331426"),
        ("112", "112"),
        ("0142685300", "0142685300"),
    ],
)
def test_the_longest_beginning_says_how_many_digits_of_a_whole_number_are_hidden(
    number: str, hidden: str
) -> None:
    assert hidden == hide(number, MASKS)
    assert number == hide(number, ())


@pytest.mark.parametrize(
    ("caller", "hidden"),
    [
        ("+33142685300", "+3314268****"),
        ("0142685300", "0142685***"),
        ("sip:0142685300@pbx7", "sip:0142685***@pbx7"),
        ("+33 1 42 68 53 00", "+33 1 42 68 ** **"),
        ("(01) 42.68.53.00 Ann", "(01) 42.68.5*.** Ann"),
        ("+33142685300;ext=7", "+3314268****;ext=7"),
        ("+3314268530*", "+3314268****"),
        ("Reception 2", "Reception 2"),
        ("anonymous", "anonymous"),
    ],
)
def test_of_a_caller_the_numbers_in_any_form_are_hidden(caller: str, hidden: str) -> None:
    assert hidden == hide_caller(caller, MASKS)
    assert caller == hide_caller(caller, ())


def test_without_a_row_for_all_others_they_are_as_they_were() -> None:
    assert 0 == hidden_digits(MASKS[:1], "+447911123456")
    assert "0142685300" == hide_caller("0142685300", MASKS[:1])


def masking(*masks: NumberMask) -> ChargingSettings:
    values = {name: getattr(SETTINGS, name) for name in SETTINGS.__match_args__}
    return ChargingSettings(**{**values, "number_masks": masks})


NUMBERS = (
    *("+33612345678", "+33142685300", "+447500123456", "+449098765432", "+3361234****", "112"),
    *("+447911123", "+4479111", "+390612345678", "+999123456", "+18005550100", "0142685300"),
)


@given(
    st.sampled_from(NUMBERS),
    st.none() | st.sampled_from((*NUMBERS, "anonymous", "sip:0142685300@pbx")),
    st.sampled_from(("out", "in")),
    st.integers(0, 6),
    st.integers(0, 6),
)
def test_property_a_masked_call_has_the_price_of_the_call(
    to: str, caller: str | None, direction: str, of_gb: int, of_others: int
) -> None:
    settings = masking(NumberMask("+44", of_gb), NumberMask("", of_others))
    call = cdr(to=to, from_=caller, direction=direction)
    price = price_call(call, ("acs",), "USD", RULES, settings)
    assume(not isinstance(price, Refusal))
    assert not isinstance(price, Refusal)

    def is_priced_alike(masked: Cdr) -> bool:
        return price_call(masked, ("acs",), "USD", RULES, settings) == price

    masked = masked_cdr(call, settings.number_masks, is_priced_alike)

    assert price == price_call(masked, ("acs",), "USD", RULES, settings) or masked == call
    assert (len(to), call.billsec) == (len(masked.to), masked.billsec)
    assert masked.to.rstrip("*") == to[: len(masked.to.rstrip("*"))]


def test_as_many_digits_stay_as_the_price_needs() -> None:
    settings = masking(NumberMask("", 6))
    call = cdr(to="+3361234")
    price = price_call(call, ("acs",), "USD", RULES, settings)

    assert not isinstance(price, Refusal)

    def is_priced_alike(masked: Cdr) -> bool:
        return price_call(masked, ("acs",), "USD", RULES, settings) == price

    assert "+336****" == masked_cdr(call, settings.number_masks, is_priced_alike).to
