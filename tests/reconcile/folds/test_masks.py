"""Masks: what a record may hide of its source, and nothing else."""

import pytest

from rater.reconcile.folds.masks import is_whole, most_hidden, says, says_text

MASKS = (("+33", 4), ("+336", 2), ("", 3))


@pytest.mark.parametrize(
    ("number", "digits"), [("+33142685300", 4), ("+33612345678", 2), ("+4479111", 3), ("", 3)]
)
def test_the_longest_beginning_says_how_many_digits(number: str, digits: int) -> None:
    assert (digits, 0) == (most_hidden(MASKS, number), most_hidden((), number))


@pytest.mark.parametrize(
    ("found", "is_right"),
    [
        ("+33142685300", True),
        ("+3314268****", True),
        ("+331426853**", True),
        ("+331426*****", False),
        ("+3314269****", False),
        ("+3314268***", False),
        ("+33142*85300", False),
        ("+3314268**0*", False),
        (None, False),
    ],
)
def test_a_number_is_its_source_but_for_its_tail(found: str | None, is_right: bool) -> None:  # noqa: FBT001
    assert is_right == says("+33142685300", found, MASKS)


def test_a_caller_in_another_form_is_hidden_as_all_others() -> None:
    assert says("sip:0142685300@x", "sip:0142685***@x", MASKS)
    assert not says("sip:0142685300@x", "sip:014268****@x", MASKS)
    assert says("+33 1 42 68 53 00", "+33 1 42 68 ** **", MASKS)
    assert not says("+33 1 42 68 53 00", "+33 1 42 6* ** **", MASKS)
    assert says(None, None, MASKS)


def test_without_masks_nothing_may_differ() -> None:
    assert not says("+33142685300", "+3314268530*", ())
    assert not says_text("to +33142685300.", "to +3314268530*.", ())
    assert says_text("to +33142685300.", "to +3314268****.", MASKS)
    assert says_text("+33142685300 5, 7", "+3314268**** 5, 7", MASKS)
    assert not says_text("+33142685300 5, 7", "+3314268**** 6, 7", MASKS)


def test_what_is_short_or_hidden_already_is_not_whole() -> None:
    assert [True, False, False, False] == [
        is_whole(number) for number in ("+3314268", "+331426", "+3314268*", "0142685300")
    ]
