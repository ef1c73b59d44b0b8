"""Fields of account commands: what msgspec checks while it parses."""

from typing import Annotated

import msgspec
from msgspec import Meta

from rater.core.limits import AMOUNT_MICROS_MAX, RUNWAY_H_MAX

Id = Annotated[str, Meta(min_length=1, max_length=128, pattern=r"^[\x21-\x7e]+\Z")]
Tenant = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._:@-]+\Z")]
Name = Annotated[str, Meta(min_length=1, max_length=64)]
Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}\Z", min_length=3, max_length=3)]
Amount = Annotated[int, Meta(ge=-AMOUNT_MICROS_MAX, le=AMOUNT_MICROS_MAX)]
Positive = Annotated[int, Meta(ge=1, le=AMOUNT_MICROS_MAX)]
NotNegative = Annotated[int, Meta(ge=0, le=AMOUNT_MICROS_MAX)]
Hours = Annotated[int, Meta(ge=1, le=RUNWAY_H_MAX)]
Note = Annotated[str, Meta(max_length=1000)]


class CommandRecord(msgspec.Struct, tag_field="type"):
    """What every command says; the classes below it are told apart by their type."""

    command_id: Id
    tenant_id: Tenant


EMAIL_PATTERN = (
    r"[A-Za-z0-9!#$%&'*+/=^_`{|}~-]{1,64}(?:\.[A-Za-z0-9!#$%&'*+/=^_`{|}~-]{1,64}){0,31}"
    r"@[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
    r"(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?){0,31}"
)
"""Dot-atoms without `?`: what could be an encoded word (RFC 2047) would be another address to whoever decodes it."""
Email = Annotated[str, Meta(min_length=3, max_length=254, pattern=rf"^{EMAIL_PATTERN}\Z")]
WebhookUrl = Annotated[
    str, Meta(min_length=1, max_length=2_000, pattern=r"^https?://[\x21-\x7e]+\Z")
]
