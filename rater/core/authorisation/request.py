"""Request: a call that is about to start, and the CDR that it would leave after some seconds."""

from typing import Final, final

from rater.core.call_types import consumer_of as whose
from rater.core.cdr import Cdr
from rater.core.limits import SECOND_MS
from rater.core.value import Value
from topics.fields import CallDirection

_SAME: Final = (
    *("direction", "from_", "call_type", "service_number_type", "usage_country"),
    *("user_id", "organizer_id"),
)
"""What else a question says of a call, and what its CDR will say."""


@final
class CallRequest(Value):
    """What a switch knows of a call before it rings; `at_ms` is now: its start, and taken for its answer, too."""

    __match_args__ = (
        "tenant_id",
        "direction",
        "to",
        "from_",
        "call_type",
        "service_number_type",
        "usage_country",
        "user_id",
        "organizer_id",
        "at_ms",
        "dialled",
    )
    __slots__ = __match_args__

    def __init__(  # noqa: PLR0913, PLR0917
        self,
        tenant_id: str,
        direction: CallDirection,
        to: str,
        from_: str | None,
        call_type: str | None,
        service_number_type: str | None,
        usage_country: str | None,
        user_id: str | None,
        organizer_id: str | None,
        at_ms: int,
        dialled: str | None = None,
    ) -> None:
        self.tenant_id: Final = tenant_id
        self.direction: Final = direction
        self.to: Final = to
        self.from_: Final = from_
        self.call_type: Final = call_type
        self.service_number_type: Final = service_number_type
        self.usage_country: Final = usage_country
        self.user_id: Final = user_id
        self.organizer_id: Final = organizer_id
        """Of a conference: whose call it is, instead of the user's."""
        self.at_ms: Final = at_ms
        self.dialled: Final = dialled
        """The number as it was dialled, where `to` is another: where the call leads, by its routing number."""


def cdr_of(request: CallRequest, seconds: int) -> Cdr:
    """Return the CDR of the call if it lasts so many seconds."""
    at_ms = request.at_ms
    return Cdr(
        request.tenant_id,
        "",
        1,
        "final",
        request.direction,
        request.to,
        request.from_,
        request.call_type,
        request.service_number_type,
        request.usage_country,
        "answered",
        at_ms,
        at_ms + seconds * SECOND_MS,
        seconds,
        True,
        at_ms,
        request.user_id,
        request.organizer_id,
        request.dialled,
    )


def consumer_of(request: CallRequest) -> str | None:
    """Return the user whose call it is; None: nobody is named."""
    return whose(request.call_type, request.user_id, request.organizer_id)


def differs_in(request: CallRequest, other: CallRequest) -> str | None:
    """Return the field of a question by which two calls of a tenant are not the same one; None: they may be."""
    if (request.dialled or request.to) != (other.dialled or other.to):
        return "to"
    if request.to != other.to:
        return "routing_number"
    for name in _SAME:
        if getattr(request, name) != getattr(other, name):
            return name.rstrip("_")
    return None
