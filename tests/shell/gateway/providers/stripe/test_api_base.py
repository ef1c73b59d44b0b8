"""The key goes in clear to loopback alone."""

import pytest

from rater.shell.gateway.providers.stripe.api_base import ApiBaseError, check_api_base


@pytest.mark.parametrize(
    "base",
    [
        "http://127.0.0.1:12111", "http://localhost:1", "http://[::1]:9", "http://127.8.9.1",
        "https://stripe.proxy.example:8443",
    ],
)  # fmt: skip
def test_loopback_and_tls_are_taken(base: str) -> None:
    assert check_api_base(base) == base


def test_none_is_stripes_own() -> None:
    assert check_api_base(None) is check_api_base("") is None


@pytest.mark.parametrize(
    ("base", "why"),
    [
        ("http://stripe.proxy.example", "must begin with https:// for stripe.proxy.example"),
        ("http://10.0.0.7:12111", "must begin with https:// for 10.0.0.7"),
        ("http://localhost.example.com", "must begin with https://"),
        ("http://127.0.0.1.example.com", "must begin with https://"),
        ("HTTP://0.0.0.0", "must begin with https://"),
        ("127.0.0.1:12111", "must be http"),
        ("ftp://127.0.0.1", "must be http"),
        ("http://127.0.0.1:port", "must be http"),
        ("https://user:pass@127.0.0.1", "without a user"),
        ("http://127.0.0.1#@evil.example", "a query or a fragment"),
        ("http://127.0.0.1?@evil.example", "a query or a fragment"),
        ("http://127.0.0.1\\@evil.example", "a query or a fragment"),
        ("http://127.0.0.1#", "a query or a fragment"),
    ],
)
def test_what_would_send_the_key_in_clear_is_refused(base: str, why: str) -> None:
    with pytest.raises(ApiBaseError, match=why) as refused:
        check_api_base(base)
    assert "pass" not in str(refused.value)
