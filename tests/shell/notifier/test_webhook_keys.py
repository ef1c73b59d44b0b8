"""The keys of webhooks and their versions."""

from rater.shell.notifier.webhook_keys import WebhookSecrets, signature, tenant_key

KEY = "79a7abfe4230c5d94a12aab054baea0a8a70413e420a48a4ba777c0a9645ae65"
SIGNED = "e98f1cdbd45e315005c86b8845dbf4c7ead8357b65497550b53ab2b5f1cb91dc"


def test_the_signature_is_that_of_openssl() -> None:
    # printf acme | openssl dgst -sha256 -hmac "the master", and likewise with -macopt hexkey:KEY.
    key = tenant_key("the master", "acme")

    assert key.hex() == KEY
    assert signature([key], 1_772_361_060, b"{}") == f"t=1772361060,v1={SIGNED}"
    assert tenant_key("the master", "globex") != key


def test_two_secrets_give_two_keys_the_current_one_first() -> None:
    secrets = WebhookSecrets("new", "the master")

    assert list(secrets.keys("acme")) == ["current", "previous"]
    assert secrets.keys("acme")["previous"].hex() == KEY
    assert list(WebhookSecrets("the master").keys("acme")) == ["current"]
    signed = signature(secrets.keys("acme").values(), 1_772_361_060, b"{}")
    assert signed.endswith(f",v1={SIGNED}")
    assert signed.count("v1=") == 2
    assert "master" not in repr(secrets)
