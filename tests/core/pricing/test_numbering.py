"""Numbers: which are E.164, which are masked, which cannot be."""

from random import Random

import pytest

from rater.core.pricing.numbering import is_e164, is_masked, plain_kind
from rater.wire.pricing.numbering import load_numbers

NUMBERS = load_numbers()


@pytest.mark.parametrize("number", ["+33142685300", "+1234567", "+123456789012345"])
def test_a_number_in_e164_has_seven_to_fifteen_digits_after_a_plus(number: str) -> None:
    assert is_e164(number)


@pytest.mark.parametrize(
    "number",
    [
        "",
        "+",
        "+112",
        "+123456",
        "+1234567890123456",
        "+0142685300",
        "33142685300",
        "+3314268530x",
        "+33 142685300",
        "++33142685300",
        "+3314268530\u0663",
        "+33142685300\n",
        "+3314268****",
    ],
)
def test_anything_else_is_not(number: str) -> None:
    assert not is_e164(number)


def test_a_masked_number_hides_its_tail_alone() -> None:
    masked = ["+33142685***", "+3**********", "+33142685300", "+33***85300", "*******", "+3***"]

    assert [is_masked(number) for number in masked] == [True, True, *[False] * 4]


@pytest.mark.parametrize("text", ["TollFree", "toll_free", "Toll-free", "toll free", "TOLLFREE"])
def test_a_kind_of_number_is_one_however_it_is_written(text: str) -> None:
    assert plain_kind(text) == "tollfree"


@pytest.mark.parametrize(
    "number",
    [
        "+4901601234567",
        "+330142685300",
        "+4402079460034",
        "+102065550100",
        "+61041234567",
        "+810312345678",
        "+9101123456789",
        "+33014268****",
        "+2001012345678",
    ],
)
def test_a_number_that_keeps_its_trunk_zero_is_impossible(number: str) -> None:
    assert NUMBERS.is_impossible(number)


@pytest.mark.parametrize(
    "number",
    # Italy, San Marino, Gabon, Ivory Coast, Benin, both Congos: their national numbers begin with 0.
    [
        "+390612345678",
        "+3780549123456",
        "+24106123456",
        "+2250712345678",
        "+2290112345678",
        "+242061234567",
        "+491601234567",
        "+33140000000",
        "+12005550100",
        "+8100531123456",
        "+910008001234567",
        "+80012345678",
        "+80000123456",
        "+999012345678",
        "+8816012345678",
    ],
)
def test_a_number_that_may_be_is_not(number: str) -> None:
    assert not NUMBERS.is_impossible(number)


def test_service_numbers_are_those_that_cost_whom_they_belong_to_or_the_caller_more() -> None:
    numbers = ["+33800123456", "+18005550100", "+80012345678", "+33899123456", "+33612345678"]

    assert [NUMBERS.is_service(number) for number in numbers] == [True, True, True, True, False]
    assert NUMBERS.is_service("+33800******")


def test_a_masked_number_may_be_of_every_kind_that_its_hidden_digits_may_make_it() -> None:
    premium = frozenset(("premium",))
    numbers = ["+449098765432", "+4490********", "+442079460034", "+4420794600**", "+44*********"]

    assert [NUMBERS.may_be(number, premium) for number in numbers] == [
        *(True, True, False, False, True)
    ]
    assert not NUMBERS.may_be("+449098765432", frozenset())


@pytest.mark.parametrize("kinds", [{"premium"}, {"sharedcost", "tollfree"}, {"landline"}, set()])
def test_a_whole_number_may_be_what_it_is(kinds: set[str]) -> None:
    chance = Random(len(kinds))
    starts = ("+44", "+449", "+3389", "+33", "+1900", "+1", "+4970", "+39", "+7")
    for _ in range(2_000):
        start = chance.choice(starts)
        number = start + "".join(chance.choices("0123456789", k=12 - len(start)))
        expected = plain_kind(NUMBERS.kind_of(number)) in kinds
        assert NUMBERS.may_be(number, frozenset(kinds)) == expected, number
