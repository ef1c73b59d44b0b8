"""Write LETTERS.md: every letter as a reader gets it, made from the templates and the golden examples.

python deploy/make_letters.py
"""

from collections.abc import Iterator
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Final

import msgspec

from rater.shell import notifier
from rater.shell.notifier.digests import Digest, Told, digest_of
from rater.shell.notifier.languages.registry import CODES, language
from rater.shell.notifier.letters import write_letter
from rater.shell.notifier.message import message_id
from rater.wire.malformed import Malformed
from rater.wire.recharge.notifications import decode_notification
from topics.catalog import NOTIFICATIONS
from topics.records.notifications import (
    BalanceLowNotification,
    PoolUsedNotification,
    RechargePausedNotification,
)

PLACE: Final = Path(__file__).resolve().parents[1] / "LETTERS.md"
_HEAD: Final = """\
# Letters

What the notifier sends. Made by `deploy/make_letters.py` from `rater/shell/notifier/languages/` and the examples in
`topics/examples/{topic}.valid.jsonl`; a test holds it fresh. The HTML part says the same.

## What is promised, and what cannot be

{promise}
"""


def examples() -> dict[str, Told]:
    """Return the first golden example of each kind, those of money not credited and of a user's pool, and a digest."""
    name = f"examples/{NOTIFICATIONS.name}.valid.jsonl"
    found: dict[str, Told] = {}
    for line in files("topics").joinpath(name).read_bytes().splitlines():
        notice = decode_notification(line)
        assert not isinstance(notice, Malformed), notice
        is_refused = (
            isinstance(notice, RechargePausedNotification) and notice.reason == "credit_refused"
        )
        title = f"{notice.kind}: credit_refused" if is_refused else notice.kind
        if isinstance(notice, PoolUsedNotification) and notice.user_id is not None:
            title = f"{notice.kind}: of one user"
        elif isinstance(notice, PoolUsedNotification) and notice.pays_later:
            title = f"{notice.kind}: paid later"
        elif getattr(notice, "category", None) is not None:
            title = f"{notice.kind}: promotional credit"
        found.setdefault(title, notice)
    low = found["balance_low"]
    assert isinstance(low, BalanceLowNotification)
    return found | {"digest": digest_of(low, ["balance_low"] * 38 + ["funds_added"])}


def letter_book() -> str:
    """Return the text of LETTERS.md."""
    promise = (notifier.__doc__ or "").strip().split("\n\n", 1)[1]
    parts = [_HEAD.format(topic=NOTIFICATIONS.name, promise=promise)]
    for title, notice in examples().items():
        parts.append(f"## {title}\n")
        parts += [_shown(notice, code) for code in CODES]
    return "\n".join(parts)


def _shown(notice: Told, code: str) -> str:
    letter = write_letter(_in(notice, code))
    lines = "\n".join(_lines(notice, letter.subject, letter.text))
    return f"{language(code).words.name}:\n\n```text\n{lines}\n```\n"


def _in(notice: Told, code: str) -> Told:
    if isinstance(notice, Digest):
        return replace(notice, language=code)
    return msgspec.structs.replace(notice, language=code)


def _lines(notice: Told, subject: str, text: str) -> Iterator[str]:
    address = "billing@acme.example" if isinstance(notice, Digest) else notice.emails[0]
    yield f"To: {address}"
    yield f"Subject: {subject}"
    yield f"Message-ID: {message_id(notice.notification_id, address, 'rater.example')}"
    yield ""
    yield from (line.rstrip(" ") for line in text.rstrip("\n").split("\n"))


def main() -> None:
    """Write the page."""
    PLACE.write_text(letter_book(), encoding="utf-8")
    print(f"{PLACE.name}: written")


if __name__ == "__main__":
    main()
