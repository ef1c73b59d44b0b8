"""Account commands: money and the life of an account, and the timer's; what administrators ask is in `requests`."""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from topics.fields import (
    CdrVersion,
    Currency,
    Id,
    Instant,
    Micros,
    Millis,
    Name,
    Note,
    NotNegative,
    Positive,
    TenantId,
    TimeZone,
)
from topics.records.payments import ReversalKind
from topics.records.record import TAG, OpenRecord


class Command(OpenRecord, frozen=True, tag_field="type"):
    """What every command says."""

    type: ClassVar[str] = TAG
    command_id: Id
    tenant_id: TenantId


Decks = Annotated[
    tuple[Name, ...],
    Meta(
        min_length=1,
        max_length=16,
        description="Deck ids in order; the first that prices a number wins.",
    ),
]


class OpenAccount(Command, frozen=True, tag="open_account"):
    """Open a tenant's account; its currency never changes. With neither currency nor decks it has no credits."""

    type: ClassVar[Literal["open_account"]]
    currency: Currency | None = None
    decks: Decks | None = None
    time_zone: TimeZone = "UTC"


class OpenCredits(Command, frozen=True, tag="open_credits"):
    """Give an account that was opened without credits what it takes to have them: a currency and decks; once."""

    type: ClassVar[Literal["open_credits"]]
    currency: Currency
    decks: Decks


class AddFunds(Command, frozen=True, tag="add_funds"):
    """Open a credit lot; debt is paid first."""

    type: ClassVar[Literal["add_funds"]]
    lot_id: Id
    amount_micros: Positive
    currency: Currency
    purchased_at: Annotated[
        Instant,
        Meta(
            description="Or given; the lot expires 12 calendar months later, unless it says `expires_at`."
        ),
    ]
    recharge_seq: (
        Annotated[
            int,
            Meta(
                ge=1,
                le=2**53 - 1,
                description="Recharge's own count of its credits: one is taken once.",
            ),
        ]
        | None
    ) = None
    payment_command_id: (
        Annotated[Id, Meta(description="The payment command that brought the money.")] | None
    ) = None
    category: Annotated[
        Literal["paid", "promotional"],
        Meta(
            description="Promotional credit is given, not paid for: it is never refunded, and drawn first or last by "
            "the charging settings."
        ),
    ] = "paid"
    expires_at: (
        Annotated[Instant, Meta(description="Of promotional credit alone; after `purchased_at`.")]
        | None
    ) = None


class Adjust(Command, frozen=True, tag="adjust"):
    """Correct a balance by hand, up or down, with a reason."""

    type: ClassVar[Literal["adjust"]]
    amount_micros: Micros
    currency: Currency
    reason: Annotated[str, Meta(min_length=1, max_length=200)]


class MovedBack(Command, frozen=True):
    """What the two commands of reversals say: so much more, or less, of a payment is taken back than before."""

    payment_id: Annotated[Id, Meta(description="The payment, which is its lot's id.")]
    amount_micros: Annotated[
        Positive, Meta(description="The difference to what was posted before.")
    ]
    reversed_micros: Annotated[
        NotNegative, Meta(description="What is then taken back of the payment in all.")
    ]
    currency: Currency
    reversal_id: Annotated[Id, Meta(description="The provider's id of the refund or dispute.")]
    reversal: ReversalKind


class ReversePayment(MovedBack, frozen=True, tag="reverse_payment"):
    """Take back money that was credited: the provider has returned it to the payer. From recharge alone."""

    type: ClassVar[Literal["reverse_payment"]]


class RestorePayment(MovedBack, frozen=True, tag="restore_payment"):
    """Give back what was taken by a reversal: a dispute was won, or a refund failed. From recharge alone."""

    type: ClassVar[Literal["restore_payment"]]


class CloseAccount(Command, frozen=True, tag="close_account"):
    """Close the account: no further money, no calls answered later."""

    type: ClassVar[Literal["close_account"]]
    reason: Note | None = None


class ReopenAccount(Command, frozen=True, tag="reopen_account"):
    """Open a closed account again; calls answered while it was closed stay uncharged, in suspense."""

    type: ClassVar[Literal["reopen_account"]]
    reason: Note | None = None


class SetDecks(Command, frozen=True, tag="set_decks"):
    """Replace the decks of an account: they price the calls answered from the time of this command on."""

    type: ClassVar[Literal["set_decks"]]
    decks: Decks
    reason: Note | None = None


class ExpireLots(Command, frozen=True, tag="expire_lots"):
    """The timer's command: the stream time has reached `due_ms`, expire and forfeit what is due."""

    type: ClassVar[Literal["expire_lots"]]
    due_ms: Millis


class CarryForward(Command, frozen=True, tag="carry_forward"):
    """The timer's command: a month has begun at `due_ms`, say on the ledger what the account is."""

    type: ClassVar[Literal["carry_forward"]]
    due_ms: Millis


class FreeCall(Command, frozen=True, tag="free_call"):
    """The timer's command: a call has waited for a price as long as the settings ask; free it."""

    type: ClassVar[Literal["free_call"]]
    cdr_id: Id
    version: CdrVersion
