"""TOML is read up to bounds: what nobody could walk through, or write out, is said to be so."""

import tomllib

import pytest

from rater.wire.toml_text import TomlError, read_toml


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "x = 1\ny = " + "1" * 5_000,
            "an integer must have at most 19 digits, found more (at line 2, column 5)",
        ),
        (
            "x = 1\n" + ".".join("a" * 3_000) + " = 1",
            "a key must be nested at most 100 levels deep, found more (at line 2, column 1)",
        ),
        ("[" + ' . "a b"' * 3_000 + "]", "Invalid initial character"),
        ("[a" + ' . "a b"' * 3_000 + "]", "a key must be nested at most 100 levels deep"),
        ("x = {" + "a." * 3_000 + "a = 1}", "a key must be nested at most 100 levels deep"),
        ("x = " + "[" * 100 + "]" * 100, "must be nested at most 100 levels deep, found more"),
        ("x = " + "[" * 9_000 + "]" * 9_000, "must be nested at most 100 levels deep, found more"),
        ("x = ", "Invalid value (at end of document)"),
    ],
    ids=range(8),
)
def test_what_is_not_read_is_said(text: str, said: str) -> None:
    with pytest.raises(TomlError) as wrong:
        read_toml(text)

    assert str(wrong.value).startswith(said)


@pytest.mark.parametrize(
    "text",
    [
        "x = " + "[" * 99 + "]" * 99,
        ".".join("a" * 99) + " = 1",
        'x = "' + "a." * 200 + '"',
        "x = [" + "1.5, " * 200 + "]",
        "# " + "and so on . " * 200,
        f"x = 0x{'f' * 5_000}",
    ],
)
def test_what_is_within_the_bounds_is_read(text: str) -> None:
    assert read_toml(text) == tomllib.loads(text)
