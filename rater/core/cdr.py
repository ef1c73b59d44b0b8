"""Cdr: a call-detail record after validation; times in milliseconds, duration in seconds."""

from typing import Final, final

from rater.core.call_types import consumer_of
from rater.core.value import Value
from topics.fields import CallDirection
from topics.records.cdr import Disposition


class Call(Value):
    """What rating must know of a call: at most 31 days long, numbers as the platform wrote them."""

    __match_args__ = ("direction", "to", "from_", "answered_ms", "billsec")
    __slots__ = __match_args__

    def __init__(
        self,
        direction: CallDirection,
        to: str,
        from_: str | None,
        answered_ms: int,
        billsec: int,
    ) -> None:
        self.direction: Final = direction
        self.to: Final = to
        self.from_: Final = from_
        self.answered_ms: Final = answered_ms
        self.billsec: Final = billsec


@final
class Cdr(Call):
    """One finished call. `answered_ms` is the start where the platform names no answer, which is told.

    `to` is the number that is priced: where the platform says that the number dialled leads to another, that one.
    """

    __match_args__ = (
        "tenant_id",
        "cdr_id",
        "version",
        "kind",
        "direction",
        "to",
        "from_",
        "call_type",
        "service_number_type",
        "usage_country",
        "disposition",
        "answered_ms",
        "ended_ms",
        "billsec",
        "is_answer_named",
        "started_ms",
        "user_id",
        "organizer_id",
        "dialled",
    )
    __slots__ = (
        "call_type",
        "cdr_id",
        "dialled",
        "disposition",
        "ended_ms",
        "is_answer_named",
        "kind",
        "organizer_id",
        "service_number_type",
        "started_ms",
        "tenant_id",
        "usage_country",
        "user_id",
        "version",
    )

    def __init__(  # noqa: PLR0913, PLR0917
        self,
        tenant_id: str,
        cdr_id: str,
        version: int,
        kind: str,
        direction: CallDirection,
        to: str,
        from_: str | None,
        call_type: str | None,
        service_number_type: str | None,
        usage_country: str | None,
        disposition: Disposition,
        answered_ms: int,
        ended_ms: int,
        billsec: int,
        is_answer_named: bool,  # noqa: FBT001  # A field as the others are.
        started_ms: int,
        user_id: str | None,
        organizer_id: str | None,
        dialled: str | None = None,
    ) -> None:
        super().__init__(direction, to, from_, answered_ms, billsec)
        self.tenant_id: Final = tenant_id
        self.cdr_id: Final = cdr_id
        self.version: Final = version
        self.kind: Final = kind
        self.call_type: Final = call_type
        self.service_number_type: Final = service_number_type
        self.usage_country: Final = usage_country
        self.disposition: Final = disposition
        self.ended_ms: Final = ended_ms
        self.is_answer_named: Final = is_answer_named
        self.started_ms: Final = started_ms
        self.user_id: Final = user_id
        self.organizer_id: Final = organizer_id
        self.dialled: Final = dialled
        """The number dialled, where `to` is another; None: it is `to`."""

    def consumer(self) -> str | None:
        """Return whose call it is."""
        if self.organizer_id is None:
            # Cheap: each CDR asks.
            return self.user_id
        return consumer_of(self.call_type, self.user_id, self.organizer_id)


@final
class Source(Value):
    """Where a record was read, and its time: what D6 calls stream time."""

    __match_args__ = ("topic", "partition", "offset", "at_ms")
    __slots__ = __match_args__

    def __init__(self, topic: str, partition: int, offset: int, at_ms: int) -> None:
        self.topic: Final = topic
        self.partition: Final = partition
        self.offset: Final = offset
        self.at_ms: Final = at_ms
