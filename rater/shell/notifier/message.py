"""A letter as the bytes of one e-mail: for one notification and one address always the same bytes.

Message-ID, Date and boundary follow from the notification, so that a server or a reader that looks for duplicates
sees a repeat as one. Header lines cannot be added by what a record says: an address is checked once more, a subject
is one line, the ids in headers are ASCII without blanks or encoded words or else a digest; and what has come of it is
read again (`headers`).
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr, parseaddr
from typing import Final

from rater.shell.notifier.digests import Told
from rater.shell.notifier.headers import MangledError, check_message, is_plain, write_headers
from rater.shell.notifier.letters import write_letter
from topics.fields import EMAIL_PATTERN

_DIGEST_CHARACTERS: Final = 32
_ADDRESS: Final = re.compile(EMAIL_PATTERN)
_HEADER_TEXT: Final = re.compile(r"[\x21-\x7e]{1,320}")
_POLICY: Final = SMTP


@dataclass(frozen=True, slots=True)
class Sender:
    """Who the letters are from; `domain` ends every Message-ID."""

    name: str
    address: str
    domain: str

    def __str__(self) -> str:
        return formataddr((self.name, self.address))


def read_sender(text: str, domain: str | None = None) -> Sender:
    """Return the sender that a text like `Rater <rater@example.org>` names; ValueError where it does not."""
    name, address = parseaddr(text)
    if not text.isprintable() or not is_plain(text) or not _ADDRESS.fullmatch(address):
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


def write_message(notice: Told, recipient: str, sender: Sender) -> bytes:
    """Return the e-mail as SMTP sends it, with CRLF and nothing beyond ASCII; MangledError rather than another one."""
    if not _ADDRESS.fullmatch(recipient):
        raise MangledError("To: not one address")
    letter = write_letter(notice)
    headers = _headers(notice, recipient, sender, letter.subject)
    body = EmailMessage(policy=_POLICY)
    body.set_content(letter.text, cte="quoted-printable")
    body.add_alternative(letter.html, subtype="html", cte="quoted-printable")
    body.set_boundary(f"rater-{recipient_digest(notice.notification_id, recipient)}")
    raw = write_headers(headers) + body.as_bytes()
    check_message(raw, headers, (letter.text, letter.html))
    return raw


def _headers(notice: Told, recipient: str, sender: Sender, subject: str) -> dict[str, str]:
    return {
        "From": str(Address(sender.name, addr_spec=sender.address)),
        "To": recipient,
        "Subject": subject,
        "Date": format_datetime(datetime.fromtimestamp(notice.at_ms // 1_000, UTC)),
        "Message-ID": message_id(notice.notification_id, recipient, sender.domain),
        "Auto-Submitted": "auto-generated",
        "X-Rater-Kind": notice.kind,
        "X-Rater-Notification": _header_text(notice.notification_id),
        "Content-Language": notice.language,
    }


def _header_text(text: str) -> str:
    """Return an id as a header may carry it: itself, or a digest where it is not plain ASCII that means itself."""
    if _HEADER_TEXT.fullmatch(text) and is_plain(text):
        return text
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
