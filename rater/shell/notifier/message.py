"""A letter as the bytes of one e-mail: for one notification and one address always the same bytes.

Message-ID, Date and boundary follow from the notification, so that a server or a reader that looks for duplicates
sees a repeat as one. Header lines cannot be added by what a record says: addresses have passed the decoder, a
subject is one line, and the names in the headers of our own are ASCII without blanks or else written as a digest.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from typing import Final

from rater.shell.notifier.letters import write_letter
from rater.wire.notifications import Notification

_DIGEST_CHARACTERS: Final = 32
_ADDRESS: Final = re.compile(r"[^\s@<>,;:\"()\\]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")
_HEADER_TEXT: Final = re.compile(r"[\x21-\x7e]{1,320}")
_POLICY: Final = SMTP.clone(max_line_length=76)


@dataclass(frozen=True, slots=True)
class Sender:
    """Who the letters are from; `domain` ends every Message-ID."""

    name: str
    address: str
    domain: str


def read_sender(text: str, domain: str | None = None) -> Sender:
    """Return the sender that a text like `Rater <rater@example.org>` names; ValueError where it does not."""
    name, address = parseaddr(text)
    if not text.isprintable() or not _ADDRESS.fullmatch(address):
        msg = f"not an address like `Rater <rater@example.org>`: {text!r}"
        raise ValueError(msg)
    return Sender(name, address, domain or address.rpartition("@")[2])


def recipient_digest(notification_id: str, recipient: str) -> str:
    """Return what stands for an address or a URL in Message-ID and marks; another for each notification.

    A line feed, which no address has, parts the two: no other pair gives the same text.
    """
    text = f"{notification_id}\n{recipient}"
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGEST_CHARACTERS]


def message_id(notification_id: str, recipient: str, domain: str) -> str:
    """Return the Message-ID of a notification to one address."""
    return f"<{recipient_digest(notification_id, recipient)}@{domain}>"


def write_message(notice: Notification, recipient: str, sender: Sender) -> bytes:
    """Return the e-mail as SMTP sends it, with CRLF and nothing beyond ASCII."""
    letter = write_letter(notice)
    digest = recipient_digest(notice.notification_id, recipient)
    message = EmailMessage(policy=_POLICY)
    message["From"] = Address(sender.name, addr_spec=sender.address)
    message["To"] = recipient
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(datetime.fromtimestamp(notice.at_ms // 1_000, UTC))
    message["Message-ID"] = message_id(notice.notification_id, recipient, sender.domain)
    message["Auto-Submitted"] = "auto-generated"
    message["X-Rater-Kind"] = notice.kind
    message["X-Rater-Notification"] = _header_text(notice.notification_id)
    message.set_content(letter.text, cte="quoted-printable")
    message.add_alternative(letter.html, subtype="html", cte="quoted-printable")
    message.set_boundary(f"rater-{digest}")
    message["Content-Language"] = notice.language
    return message.as_bytes()


def _header_text(text: str) -> str:
    """Return an id as a header may carry it: itself, or a digest where it is not plain ASCII."""
    if _HEADER_TEXT.fullmatch(text):
        return text
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
