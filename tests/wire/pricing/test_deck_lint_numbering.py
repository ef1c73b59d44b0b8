"""Lint by the numbering plan."""

from tests.linting import found


def test_a_country_without_a_mobile_split_is_a_warning() -> None:
    text = "prefix,rate,number_type,action\n33,0.01,landline,\n3389,,,deny\n"

    assert found(text) == [("warning", 2, "no_mobile_split")]
    assert found(text.replace("landline", "mixed")) == []


def test_a_premium_range_at_a_landline_price_is_an_error() -> None:
    text = "prefix,rate,number_type,action\n33,0.01,landline,\n336,0.04,mobile,\n"

    assert found(text) == [("error", 2, "premium_falls_through")]
    assert found(text + "3389,0.05,premium,\n") == []
    assert found(text + "".join(f"3389{n},,premium,deny\n" for n in range(10))) == []
    assert found(text + "".join(f"3389{n},,premium,deny\n" for n in range(9))) == [
        ("error", 2, "premium_falls_through")
    ]


def test_a_missing_deny_range_is_a_warning_on_the_file() -> None:
    text = "prefix,rate,number_type\n331,0.01,landline\n336,0.04,mobile\n"

    assert found(text) == [("warning", None, "missing_deny")]
