"""The keys of webhooks, their versions, and headers that Standard Webhooks' own library finds good."""

import time

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from rater.shell.notifier.webhook_keys import (
    WebhookSecrets,
    signed_headers,
    tenant_key,
    written_key,
)

KEY = "79a7abfe4230c5d94a12aab054baea0a8a70413e420a48a4ba777c0a9645ae65"
SIGNED = "3+zEBXhs4ViUJu5BP+a/0tJgfJr2qSmqnZ/25btEvaY="
BODY = b'{"kind": "funds_added"}'


def test_the_signature_is_that_of_openssl() -> None:
    # printf acme | openssl dgst -sha256 -hmac "the master"; of "msg_1.1772361060.{}" with -macopt hexkey:KEY, base64.
    key = tenant_key("the master", "acme")

    assert key.hex() == KEY
    assert signed_headers([key], "msg_1", 1_772_361_060, b"{}") == {
        "webhook-id": "msg_1",
        "webhook-timestamp": "1772361060",
        "webhook-signature": f"v1,{SIGNED}",
    }
    assert tenant_key("the master", "globex") != key


def test_two_secrets_give_two_keys_the_current_one_first() -> None:
    secrets = WebhookSecrets("new", "the master")

    assert list(secrets.keys("acme")) == ["current", "previous"]
    assert secrets.keys("acme")["previous"].hex() == KEY
    assert list(WebhookSecrets("the master").keys("acme")) == ["current"]
    headers = signed_headers(secrets.keys("acme").values(), "msg_1", 1_772_361_060, b"{}")
    signatures = headers["webhook-signature"].split(" ")
    assert len(signatures) == 2
    assert signatures[1] == f"v1,{SIGNED}"
    assert "master" not in repr(secrets)


@pytest.mark.parametrize("version", ["current", "previous"])
def test_a_receiver_that_knows_either_key_finds_a_webhook_good(version: str) -> None:
    keys = WebhookSecrets("new", "old").keys("acme")
    headers = signed_headers(keys.values(), "acme/7/x", int(time.time()), BODY)

    said = Webhook(written_key(keys[version])).verify(BODY, headers)

    assert said == {"kind": "funds_added"}
    assert written_key(keys[version]).startswith("whsec_")


@pytest.mark.parametrize(
    ("changed", "body", "tenant"),
    [
        ("webhook-id", BODY, "acme"),
        ("webhook-timestamp", BODY, "acme"),
        (None, BODY.replace(b"added", b"taken"), "acme"),
        (None, BODY, "globex"),
    ],
)
def test_what_was_changed_or_is_anothers_is_not_good(
    changed: str | None, body: bytes, tenant: str
) -> None:
    now_s = int(time.time())
    headers = signed_headers([tenant_key("s", "acme")], "acme/7/x", now_s, BODY)
    others = {"webhook-id": "acme/8/x", "webhook-timestamp": str(now_s - 1)}
    sent = headers if changed is None else headers | {changed: others[changed]}

    with pytest.raises(WebhookVerificationError, match="No matching signature"):
        Webhook(written_key(tenant_key("s", tenant))).verify(body, sent)


def test_a_webhook_that_is_old_is_not_good() -> None:
    key = tenant_key("s", "acme")
    headers = signed_headers([key], "acme/7/x", int(time.time()) - 301, BODY)

    with pytest.raises(WebhookVerificationError, match="too old"):
        Webhook(written_key(key)).verify(BODY, headers)


@pytest.mark.parametrize(
    ("notification_id", "header"),
    [
        ("acme/7/x", "acme/7/x"),
        ("a.b/7/100%", "a%2Eb/7/100%25"),
        ("é\r\nX: y", "%C3%A9%0D%0AX:%20y"),
    ],
)
def test_an_id_is_one_header_without_the_dot_that_parts_what_is_signed(
    notification_id: str, header: str
) -> None:
    key, now_s = tenant_key("s", "acme"), int(time.time())
    headers = signed_headers([key], notification_id, now_s, BODY)

    assert headers["webhook-id"] == header
    Webhook(written_key(key)).verify(BODY, headers)
