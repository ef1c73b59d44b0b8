"""Account commands: what administrators, payments and timers ask of an account."""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from topics.fields import (
    Actor,
    Currency,
    CustomerReference,
    Email,
    Hours,
    Id,
    Language,
    MethodReference,
    Micros,
    Millis,
    Moment,
    Name,
    Note,
    NotNegative,
    Positive,
    TenantId,
    ThresholdId,
    ThresholdLabel,
    WebhookUrl,
)
from topics.records.record import TAG, OpenRecord


class Command(OpenRecord, frozen=True, tag_field="type"):
    """What every command says."""

    type: ClassVar[str] = TAG
    command_id: Id
    tenant_id: TenantId


class ThresholdSetting(OpenRecord, frozen=True):
    """An amount, or a number of hours, that is announced once when balance or runway falls below it: one of them."""

    threshold_id: Annotated[
        ThresholdId,
        Meta(description="Not auto_recharge, nor auto_recharge_hours: those are the triggers'."),
    ]
    amount_micros: Micros | None = None
    hours: Hours | None = None
    label: ThresholdLabel | None = None


class OpenAccount(Command, frozen=True, tag="open_account"):
    """Open a tenant's account; its currency never changes."""

    type: ClassVar[Literal["open_account"]]
    currency: Currency
    decks: Annotated[
        tuple[Name, ...],
        Meta(
            min_length=1,
            max_length=16,
            description="Deck ids in order; the first that prices a number wins.",
        ),
    ]
    time_zone: Annotated[str, Meta(min_length=1, max_length=64, description="IANA name.")] = "UTC"


class AddFunds(Command, frozen=True, tag="add_funds"):
    """Open a credit lot; debt is paid first."""

    type: ClassVar[Literal["add_funds"]]
    lot_id: Id
    amount_micros: Positive
    currency: Currency
    purchased_at: Annotated[Moment, Meta(description="The lot expires 12 calendar months later.")]
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


class SetThresholds(Command, frozen=True, tag="set_thresholds"):
    """Replace the account's thresholds; they are evaluated at once."""

    type: ClassVar[Literal["set_thresholds"]]
    thresholds: Annotated[tuple[ThresholdSetting, ...], Meta(max_length=16)]


class Adjust(Command, frozen=True, tag="adjust"):
    """Correct a balance by hand, up or down, with a reason."""

    type: ClassVar[Literal["adjust"]]
    amount_micros: Micros
    currency: Currency
    reason: Annotated[str, Meta(min_length=1, max_length=200)]


class _MovedBack(Command, frozen=True):
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
    reversal: Literal["refund", "dispute"]


class ReversePayment(_MovedBack, frozen=True, tag="reverse_payment"):
    """Take back money that was credited: the provider has returned it to the payer. From recharge alone."""

    type: ClassVar[Literal["reverse_payment"]]


class RestorePayment(_MovedBack, frozen=True, tag="restore_payment"):
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
    decks: Annotated[
        tuple[Name, ...],
        Meta(
            min_length=1,
            max_length=16,
            description="Deck ids in order; the first that prices a number wins.",
        ),
    ]
    reason: Note | None = None


class ExpireLots(Command, frozen=True, tag="expire_lots"):
    """The timer's command: the stream time has reached `due_ms`, expire and forfeit what is due."""

    type: ClassVar[Literal["expire_lots"]]
    due_ms: Millis


RechargeMode = Literal["fixed", "target", "gap"]


class SetAutoRecharge(Command, frozen=True, tag="set_auto_recharge"):
    """Set when and by how much the account is recharged; enabled while below the trigger, it recharges at once."""

    type: ClassVar[Literal["set_auto_recharge"]]
    enabled: bool
    trigger_micros: (
        Annotated[Positive, Meta(description="Recharge when the balance is below it.")] | None
    ) = None
    trigger_h: (
        Annotated[Hours, Meta(description="Recharge when the runway is below it.")] | None
    ) = None
    mode: Annotated[
        RechargeMode,
        Meta(
            description="The amount; up to the target; or as many amounts at once as close the gap."
        ),
    ] = "fixed"
    amount_micros: (
        Annotated[Positive, Meta(description="Of modes fixed and gap; whole units.")] | None
    ) = None
    target_micros: Annotated[Positive, Meta(description="Of mode target; whole units.")] | None = (
        None
    )
    count_cap: (
        Annotated[int, Meta(ge=1, le=100, description="Recharges in rolling 24 hours; none: 5.")]
        | None
    ) = None
    money_cap_micros: (
        Annotated[
            Positive, Meta(description="In rolling 30 days; none: 20 times the amount or target.")
        ]
        | None
    ) = None
    actor: Actor | None = None
    actor_role: (
        Annotated[Name, Meta(description="Who may: billing_admin, global_admin.")] | None
    ) = None


class PaymentMethod(OpenRecord, frozen=True):
    """A reference to a payment method that the provider keeps."""

    reference: MethodReference
    customer: CustomerReference | None = None
    label: (
        Annotated[
            str,
            Meta(
                min_length=1,
                max_length=64,
                description="What people know it by, such as Visa 4242.",
            ),
        ]
        | None
    ) = None


class SetPaymentMethods(Command, frozen=True, tag="set_payment_methods"):
    """Replace the payment methods, in the order in which they are tried."""

    type: ClassVar[Literal["set_payment_methods"]]
    methods: Annotated[tuple[PaymentMethod, ...], Meta(max_length=8)]
    actor: Actor | None = None
    actor_role: Name | None = None


class SetRecipients(Command, frozen=True, tag="set_recipients"):
    """Replace who is told, in which language, and where a webhook goes."""

    type: ClassVar[Literal["set_recipients"]]
    emails: Annotated[tuple[Email, ...], Meta(max_length=16)]
    language: Language = "en"
    webhook: WebhookUrl | None = None
    actor: Actor | None = None
    actor_role: Name | None = None


class SetSpendLimits(Command, frozen=True, tag="set_spend_limits"):
    """Set the limits of the fraud breaker; passing one denies paid calls and holds recharge until resumed."""

    type: ClassVar[Literal["set_spend_limits"]]
    spend_per_hour_micros: (
        Annotated[
            NotNegative,
            Meta(
                description="None: the greater of 1,000 units and 10 times the trigger; 0: no limit."
            ),
        ]
        | None
    ) = None
    cost_per_call_micros: Annotated[NotNegative, Meta(description="0: no limit.")] = 0
    high_rate_micros: Annotated[
        NotNegative,
        Meta(description="A destination is high-rate from this price a minute on; 0: none is."),
    ] = 0
    new_high_rate_destinations_max: Annotated[
        int,
        Meta(
            ge=0,
            le=100,
            description="High-rate destinations in 24 hours that were never called before.",
        ),
    ] = 0
    actor: Actor | None = None
    actor_role: Name | None = None
