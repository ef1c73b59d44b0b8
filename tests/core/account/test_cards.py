"""Card numbers are told from references and labels."""

import pytest

from rater.core.account.cards import has_card_number, passes_luhn

CARDS = ("4242424242424242", "378282246310005", "5555555555554444", "6304000000000000")


@pytest.mark.parametrize("card", CARDS)
@pytest.mark.parametrize("shape", ["{}", "card_{}x", "my card {} of 2027", "{} 12/27", "no. {}!"])
def test_a_card_number_is_found_wherever_it_stands(card: str, shape: str) -> None:
    assert has_card_number(shape.format(card))


@pytest.mark.parametrize(
    "text",
    [
        *(
            "4242 4242 4242 4242",
            "4242-4242-4242-4242",
            "4242 - 4242  4242-4242",
            "42424242\t42424242",
        ),
        *(
            "3782 822463 10005",
            "Visa 4242424242424242 123",
            "1 4242424242424242",
            "4242\u00a042424242 4242",
        ),
    ],
)
def test_blanks_and_dashes_hide_no_card_number(text: str) -> None:
    assert has_card_number(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", "pm_1NO9xJLkdIwHu7ixHDMm2Jwb", "cus_9s6XKzkNRiz8i3", "Visa 4242", "EA 12345678"),
        *("4242424242424241", "42424242424", "42424242424242424242", "4242.4242.4242.4242"),
    ],
)
def test_other_digits_are_no_card_number(text: str) -> None:
    assert not has_card_number(text)


def test_the_last_digit_checks_the_others() -> None:
    assert [digit for digit in "0123456789" if passes_luhn("7992739871" + digit)] == ["3"]
