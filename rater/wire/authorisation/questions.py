"""Questions as a switch sends them: a query, a form or a JSON object, all of the same fields, read as strictly.

In a query or a form a plus sign stands for a blank: a number that begins with one had its plus sign sent as it is.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from rater.core.authorisation.request import CallRequest
from rater.core.limits import DURATION_S_MAX
from rater.wire.cdrs import COUNTRIES, is_number, is_tenant_id
from rater.wire.demands import found, must_be
from rater.wire.malformed import Malformed, undecodable
from rater.wire.strict import read_strictly
from topics.fields import ID_PATTERN, TenantId, whole
from topics.numerals import whole_number

REQUEST_BYTES_MAX = 16 * 1024
"""Of a body or a query; real ones are below 400."""

_Text = Annotated[str, Meta(min_length=1, max_length=64)]
_MaybeText = Annotated[str, Meta(max_length=64)]
_MaybeShort = Annotated[str, Meta(max_length=32)]
"""As CDRs have it: what they cannot say is charged to nobody."""
_MaybeId = Annotated[str, Meta(max_length=128, pattern=whole(f"(?:{ID_PATTERN})?"))]
_NUMBERS = frozenset(("to", "from", "routing_number"))
_WHOLE = frozenset(("longest_s", "duration_s"))
_NO_HOLD_ID = "1 to 64 letters, digits, - and _, as it was given"
_HOLD_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


class CallQuestion(Struct, frozen=True, forbid_unknown_fields=True):
    """What a switch asks; empty texts are as if they were not there."""

    tenant_id: TenantId
    to: _Text
    direction: Literal["out", "in"] = "out"
    from_: _MaybeText | None = msgspec.field(default=None, name="from")
    call_type: _MaybeShort | None = None
    service_number_type: _MaybeShort | None = None
    usage_country: str | None = None
    user_id: _MaybeId | None = None
    organizer_id: _MaybeId | None = None
    routing_number: _MaybeText | None = None
    """Where an outgoing call to a ported number leads: priced instead of `to`."""
    longest_s: Annotated[int, Meta(ge=1, le=DURATION_S_MAX)] | None = None
    """How long the call may last at most; where it is to be held, so much is held."""
    hold: bool = False
    hold_id: str | None = None
    """Of a hold that this call has, and that is made anew; with `hold`."""


class Release(Struct, frozen=True, forbid_unknown_fields=True):
    """A call that has ended; `duration_s` is how long it lasted, where that is known.

    `tenant_id` may be left out; a hold of another tenant is none of theirs.
    """

    hold_id: str
    duration_s: Annotated[int, Meta(ge=0, le=DURATION_S_MAX)] | None = None
    tenant_id: TenantId | None = None


class BadRequest(Struct, frozen=True):
    """A request that cannot be read: the field, and what is wrong."""

    detail: str


class OtherCall(BadRequest, frozen=True):
    """A question that can be read, and whose `hold_id` is that of another call."""


_MAYBE = (
    *("from_", "call_type", "service_number_type", "usage_country", "user_id", "organizer_id"),
    "routing_number",
)
_SHOWN = 80
"""Characters of a value that a refusal shows."""
_decode_question = msgspec.json.Decoder(CallQuestion).decode
_decode_release = msgspec.json.Decoder(Release).decode


def read_question(given: bytes | Mapping[str, str]) -> CallQuestion | BadRequest:
    """Read a question of a JSON object, or of the fields of a query or a form."""
    said = _read(given, CallQuestion, _decode_question)
    return said if isinstance(said, BadRequest) else _checked(_without_the_empty(said))


def read_release(given: bytes | Mapping[str, str]) -> Release | BadRequest:
    """Read a release, likewise."""
    said = _read(given, Release, _decode_release)
    if isinstance(said, Release) and not _HOLD_ID.fullmatch(said.hold_id):
        return _odd("hold_id", _NO_HOLD_ID, said.hold_id)
    return said  # type: ignore[no-any-return]


def request_of(question: CallQuestion, at_ms: int) -> CallRequest:
    """Return the call that a question is about, at an instant."""
    routing = question.routing_number
    if routing == question.to or question.direction != "out":
        routing = None
    return CallRequest(
        question.tenant_id,
        question.direction,
        routing or question.to,
        question.from_,
        question.call_type,
        question.service_number_type,
        question.usage_country,
        question.user_id,
        question.organizer_id,
        at_ms,
        None if routing is None else question.to,
    )


def _read(given: bytes | Mapping[str, str], kind: type, decode: Any) -> Any:
    if isinstance(given, bytes):
        said = read_strictly(decode, given, REQUEST_BYTES_MAX)
        return said if isinstance(said, kind) else _bad(said)
    fields = {name: _plus(name, text) for name, text in given.items() if text}
    try:
        for name in _WHOLE & fields.keys():
            whole_number(fields[name])
    except ValueError:
        return BadRequest(f"{name}: {must_be('an integer')}{found(given[name])}")
    try:
        return msgspec.convert(fields, kind, strict=False)
    except msgspec.ValidationError as error:
        return _bad(undecodable(msgspec.json.encode(fields), error, kind))


def _bad(why: Malformed) -> BadRequest:
    return BadRequest(why.detail if why.field is None else f"{why.field}: {why.detail}")


def _odd(field: str, wanted: str, found: str) -> BadRequest:
    return BadRequest(f"{field}: must be {wanted}, found {found[:_SHOWN]!r}")


def _plus(name: str, text: str) -> str:
    """Return a number with the plus sign that the query took from it."""
    return "+" + text[1:] if name in _NUMBERS and text[:1] == " " else text


def _without_the_empty(said: CallQuestion) -> CallQuestion:
    """Return a question without the texts that are empty: a switch fills a template, whatever it knows."""
    empty = [name for name in _MAYBE if getattr(said, name) == ""]
    return msgspec.structs.replace(said, **dict.fromkeys(empty)) if empty else said


def _checked(said: CallQuestion) -> CallQuestion | BadRequest:
    """Check what the types do not."""
    if not is_number(said.to):
        return _odd("to", "E.164 with its plus sign, or a short number as dialled", said.to)
    if said.routing_number is not None and not is_number(said.routing_number):
        return _odd("routing_number", "E.164 with its plus sign", said.routing_number)
    if said.usage_country is not None and said.usage_country not in COUNTRIES:
        return _odd("usage_country", "two capital letters, as in DE", said.usage_country)
    if not is_tenant_id(said.tenant_id):
        return _odd("tenant_id", "letters, digits and . _ : @ - only", said.tenant_id)
    return _hold_checked(said, said.hold_id)


def _hold_checked(said: CallQuestion, hold_id: str | None) -> CallQuestion | BadRequest:
    if hold_id is None:
        return said
    if not _HOLD_ID.fullmatch(hold_id):
        return _odd("hold_id", _NO_HOLD_ID, hold_id)
    return said if said.hold else BadRequest("hold_id: must come with hold=true")
