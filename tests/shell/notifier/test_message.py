"""The e-mail's bytes: the same each time, no header that we have not written, an address as it is."""

import email
import hashlib
import re
from email.policy import default
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rater.shell.notifier.headers import MangledError, check_message
from rater.shell.notifier.message import (
    message_id,
    read_sender,
    recipient_digest,
    write_message,
)
from tests.shell.notifier.notices import GOLDEN, golden
from topics.fields import Email
from topics.records.notifications import AnyNotification

CORPUS = Path(__file__).parents[2] / "corpus" / "headers"

SENDER = read_sender("Rater à Paris <rater@rater.example>")
EMAIL = re.compile(Email.__metadata__[0].pattern)  # type: ignore[attr-defined]
HEADERS = {
    "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Content-Language",
    "X-Rater-Kind", "X-Rater-Notification", "MIME-Version", "Content-Type",
}  # fmt: skip


def parsed(
    notice: AnyNotification, address: str = "ada@acme.example"
) -> email.message.EmailMessage:
    return email.message_from_bytes(write_message(notice, address, SENDER), policy=default)


@pytest.mark.parametrize("notice", GOLDEN, ids=lambda n: n.notification_id)
def test_the_same_notification_and_address_give_the_same_bytes(notice: AnyNotification) -> None:
    first = write_message(notice, "ada@acme.example", SENDER)

    assert first == write_message(notice, "ada@acme.example", SENDER)
    assert first != write_message(notice, "bob@acme.example", SENDER)
    assert first.isascii()
    assert max(map(len, first.split(b"\r\n"))) <= 998
    assert b"\n" not in first.replace(b"\r\n", b"")


def test_the_headers_say_what_it_is() -> None:
    notice = golden("funds_added")
    found = parsed(notice)
    digest = hashlib.sha256(f"{notice.notification_id}\nada@acme.example".encode()).hexdigest()[:32]

    assert set(found.keys()) == HEADERS
    assert found["From"] == "Rater à Paris <rater@rater.example>"
    assert found["To"] == "ada@acme.example"
    assert found["Subject"] == "acme: 200.00 USD added by auto-recharge"
    assert found["Date"] == "Sun, 01 Mar 2026 10:31:00 +0000"
    assert found["Message-ID"] == f"<{digest}@rater.example>"
    assert found["Auto-Submitted"] == "auto-generated"
    assert found["X-Rater-Kind"] == "funds_added"
    assert found["X-Rater-Notification"] == notice.notification_id
    assert found.get_content_type() == "multipart/alternative"
    parts = [part.get_content_type() for part in found.iter_parts()]
    assert parts == ["text/plain", "text/html"]


def test_a_digest_is_of_one_notification_and_one_address() -> None:
    assert recipient_digest("x1", "a@b.example") != recipient_digest("x", "1a@b.example")
    assert message_id("x", "a@b", "d.example") == f"<{recipient_digest('x', 'a@b')}@d.example>"


EVIL = "x\r\nBcc: all@acme.example\r\n\r\nbody"


def test_no_field_can_add_a_header() -> None:
    # Past the decoder on purpose: each of these would have been refused there, or is a free text.
    found = parsed(
        golden(
            "recharge_failed", tenant_id=EVIL, notification_id=EVIL, code=EVIL, method_label=EVIL
        )
    )

    assert set(found.keys()) == HEADERS
    assert found["Bcc"] is None
    assert found["X-Rater-Notification"].strip().startswith("sha256:")


@given(st.text(min_size=1, max_size=320), st.text(max_size=64))
def test_no_text_adds_a_header(notification_id: str, label: str) -> None:
    found = parsed(golden("funds_added", notification_id=notification_id, method_label=label))

    assert set(found.keys()) == HEADERS


@given(st.from_regex(EMAIL, fullmatch=True))
def test_every_address_that_the_topic_accepts_is_written_as_it_is(address: str) -> None:
    raw = write_message(golden("funds_added"), address, SENDER)
    head = raw.partition(b"\r\n\r\n")[0].decode()

    assert address in head.replace("\r\n ", "")
    assert len(re.findall(r"^[A-Za-z-]+:", head, re.MULTILINE)) == len(HEADERS)


def corpus(name: str) -> list[str]:
    return (CORPUS / name).read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("text", corpus("texts.txt"))
@pytest.mark.parametrize("field", ["notification_id", "tenant_id", "code", "method_label"])
def test_an_encoded_word_is_never_decoded_into_a_header(field: str, text: str) -> None:
    raw = write_message(golden("recharge_failed", **{field: text}), "ada@acme.example", SENDER)
    found = email.message_from_bytes(raw, policy=default)
    plain = email.message_from_bytes(raw)

    assert sorted(found.keys()) == sorted(HEADERS)
    assert [a.addr_spec for a in found["To"].addresses] == ["ada@acme.example"]
    assert sorted(plain.keys()) == sorted(HEADERS)
    assert [part.get_content_type() for part in plain.walk()][1:] == ["text/plain", "text/html"]


_WORDS = st.builds(
    "{}=?{}?{}?{}?={}".format,
    st.text(max_size=8),
    st.sampled_from(["utf-8", "us-ascii", "utf-8*en", "latin1", ""]),
    st.sampled_from("qQbB"),
    st.sampled_from(["=0D=0ABcc:_x", "eA0KQmNjOiB4", "=0A", "=2C", "a=40b"]),
    st.text(max_size=8),
)


@given(st.lists(_WORDS, min_size=1, max_size=3).map("".join), st.data())
def test_no_encoded_word_gets_through(text: str, data: st.DataObject) -> None:
    field = data.draw(st.sampled_from(["notification_id", "tenant_id", "method_label"]))
    found = parsed(golden("funds_added", **{field: text}))

    assert sorted(found.keys()) == sorted(HEADERS)
    assert len(found["To"].addresses) == 1


@pytest.mark.parametrize("address", corpus("addresses.txt"))
def test_an_address_that_a_reader_would_take_for_another_is_refused(address: str) -> None:
    assert not EMAIL.fullmatch(address)
    with pytest.raises(MangledError, match="To"):
        write_message(golden("funds_added"), address, SENDER)
    with pytest.raises(ValueError, match="not an address"):
        read_sender(address)


def test_a_sender_whose_name_is_an_encoded_word_is_refused() -> None:
    with pytest.raises(ValueError, match="not an address"):
        read_sender("=?utf-8?q?x=0D=0ABcc:_y?= <a@b.example>")


def test_a_text_that_is_the_boundary_between_the_parts_is_not_sent() -> None:
    notice = golden("funds_added")
    boundary = f"--rater-{recipient_digest(notice.notification_id, 'ada@acme.example')}"
    label = f"{'x' * 71} {boundary} {'y' * 71}"

    with pytest.raises(MangledError, match="parts"):
        write_message(golden("funds_added", method_label=label), "ada@acme.example", SENDER)


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        (b"To: ", b"Bcc: x@y.example\r\nTo: ", "headers"),
        (b"To: ada", b"To: eve", "To"),
        (b"To: ada", b"To: x@y.example, ada", "To"),
        (b"Subject: acme", b"Subject: globex", "Subject"),
        (b"From: ", b"From: eve@x.example, ", "From"),
        (b"X-Rater-Kind: funds_added", b"X-Rater-Kind: funds_gone", "X-Rater-Kind"),
        (b"Date: ", b"Date: \r\n\r\n", "headers"),
    ],
)
def test_the_finished_message_is_held_against_what_was_meant(
    old: bytes, new: bytes, named: str
) -> None:
    raw = write_message(golden("funds_added"), "ada@acme.example", SENDER)
    headers = [(name, value) for name, value in parsed(golden("funds_added")).items()]
    meant = {n: str(v) for n, v in headers if n not in ("MIME-Version", "Content-Type")}
    bodies = tuple(part.get_content() for part in parsed(golden("funds_added")).iter_parts())
    check_message(raw, meant, bodies)

    with pytest.raises(MangledError, match=named):
        check_message(raw.replace(old, new, 1), meant, bodies)


@pytest.mark.parametrize(
    "text",
    ["", "Rater", "a@b@c", "Rater <rater@>", "R <a@b.example>\r\nBcc: x@y.example", "<@b.c>"],
)
def test_a_sender_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not an address"):
        read_sender(text)


def test_a_sender_may_be_a_bare_address_and_message_ids_may_have_another_domain() -> None:
    assert read_sender("a@b.example").domain == "b.example"
    assert read_sender("A <a@b.example>", "c.example").domain == "c.example"
