"""An attempt to deliver, and what a channel is."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol, TypeAlias

from rater.shell.notifier.digests import Told
from topics.records.deliveries import Channel as ChannelName

Verdict: TypeAlias = Literal[
    "sent", "refused", "deferred", "in_doubt", "unreadable", "no_recipient"
]
BeforeSending: TypeAlias = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of one attempt.

    Refused: for ever. Deferred: it certainly did not go out, and may later. In doubt: nobody knows. Unreadable: we
    cannot write it. No recipient: there is nobody to write to. `detail` is for the dead letter and may quote the
    other side; `code` may be logged.
    """

    verdict: Verdict
    detail: str = ""
    code: str = ""


class Places(NamedTuple):
    """The failpoints of a channel, in the order in which they are passed."""

    before_mark: str
    after_mark: str
    after_accepted: str
    after_sent_mark: str


class Gate(Protocol):
    """Who may send now, on a channel."""

    def turn(self, tenant_id: str, host: str) -> AbstractAsyncContextManager[None]:
        """Wait for a turn and hold it."""


class Channel(Protocol):
    """One way to reach a recipient."""

    name: ChannelName
    places: Places

    async def attempt(
        self, notice: Told, value: bytes, recipient: str, before_sending: BeforeSending
    ) -> Attempt:
        """Try once; await `before_sending` at the last moment at which it is certain that nothing has gone out."""

    async def close(self) -> None:
        """Disconnect."""


class Nobody:
    """The channel of a notification that names neither an address nor a webhook: it ends as a dead letter."""

    name: ChannelName = "email"
    places = Places("", "", "", "")

    async def attempt(
        self, notice: Told, value: bytes, recipient: str, before_sending: BeforeSending
    ) -> Attempt:
        """Say that there is nobody."""
        return Attempt("no_recipient", "the notification names no address and no webhook")

    async def close(self) -> None:
        """Nothing is open."""
