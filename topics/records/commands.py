"""Account commands: what administrators, payments and timers ask of an account."""

from dataclasses import dataclass
from typing import Annotated, Literal

from topics.fields import (
    About,
    Actor,
    Currency,
    CustomerReference,
    Email,
    Hours,
    Id,
    Items,
    Language,
    MethodReference,
    Micros,
    Millis,
    Moment,
    Name,
    Note,
    NotNegative,
    Positive,
    Range,
    TenantId,
    Text,
    ThresholdId,
    ThresholdLabel,
    WebhookUrl,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdSetting:
    """An amount, or a number of hours, that is announced once when balance or runway falls below it: one of them."""

    threshold_id: Annotated[
        ThresholdId, About("Not auto_recharge, nor auto_recharge_hours: those are the triggers'.")
    ]
    amount_micros: Micros | None = None
    hours: Hours | None = None
    label: ThresholdLabel | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAccount:
    """Open a tenant's account; its currency never changes."""

    type: Literal["open_account"]
    command_id: Id
    tenant_id: TenantId
    currency: Currency
    decks: Annotated[
        list[Name], Items(16, 1), About("Deck ids in order; the first that prices a number wins.")
    ]
    time_zone: Annotated[str, Text(64), About("IANA name.")] = "UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class AddFunds:
    """Open a credit lot; debt is paid first."""

    type: Literal["add_funds"]
    command_id: Id
    tenant_id: TenantId
    lot_id: Id
    amount_micros: Positive
    currency: Currency
    purchased_at: Annotated[Moment, About("The lot expires 12 calendar months later.")]
    recharge_seq: (
        Annotated[
            int,
            Range(1, 2**53 - 1),
            About("Recharge's own count of its credits: one is taken once."),
        ]
        | None
    ) = None
    payment_command_id: (
        Annotated[Id, About("The payment command that brought the money.")] | None
    ) = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetThresholds:
    """Replace the account's thresholds; they are evaluated at once."""

    type: Literal["set_thresholds"]
    command_id: Id
    tenant_id: TenantId
    thresholds: Annotated[list[ThresholdSetting], Items(16)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjust:
    """Correct a balance by hand, up or down, with a reason."""

    type: Literal["adjust"]
    command_id: Id
    tenant_id: TenantId
    amount_micros: Micros
    currency: Currency
    reason: Annotated[str, Text(200)]


@dataclass(frozen=True, slots=True, kw_only=True)
class _MovedBack:
    """What the two commands of reversals say: so much more, or less, of a payment is taken back than before."""

    command_id: Id
    tenant_id: TenantId
    payment_id: Annotated[Id, About("The payment, which is its lot's id.")]
    amount_micros: Annotated[Positive, About("The difference to what was posted before.")]
    reversed_micros: Annotated[NotNegative, About("What is then taken back of the payment in all.")]
    currency: Currency
    reversal_id: Annotated[Id, About("The provider's id of the refund or dispute.")]
    reversal: Literal["refund", "dispute"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReversePayment(_MovedBack):
    """Take back money that was credited: the provider has returned it to the payer. From recharge alone."""

    type: Literal["reverse_payment"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RestorePayment(_MovedBack):
    """Give back what was taken by a reversal: a dispute was won, or a refund failed. From recharge alone."""

    type: Literal["restore_payment"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseAccount:
    """Close the account: no further money, no calls answered later."""

    type: Literal["close_account"]
    command_id: Id
    tenant_id: TenantId
    reason: Note | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReopenAccount:
    """Open a closed account again; calls answered while it was closed stay uncharged, in suspense."""

    type: Literal["reopen_account"]
    command_id: Id
    tenant_id: TenantId
    reason: Note | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetDecks:
    """Replace the decks of an account: they price the calls answered from the time of this command on."""

    type: Literal["set_decks"]
    command_id: Id
    tenant_id: TenantId
    decks: Annotated[
        list[Name], Items(16, 1), About("Deck ids in order; the first that prices a number wins.")
    ]
    reason: Note | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpireLots:
    """The timer's command: the stream time has reached `due_ms`, expire and forfeit what is due."""

    type: Literal["expire_lots"]
    command_id: Id
    tenant_id: TenantId
    due_ms: Millis


RechargeMode = Literal["fixed", "target", "gap"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAutoRecharge:
    """Set when and by how much the account is recharged; enabled while below the trigger, it recharges at once."""

    type: Literal["set_auto_recharge"]
    command_id: Id
    tenant_id: TenantId
    enabled: bool
    trigger_micros: Annotated[Positive, About("Recharge when the balance is below it.")] | None = (
        None
    )
    trigger_h: Annotated[Hours, About("Recharge when the runway is below it.")] | None = None
    mode: Annotated[
        RechargeMode,
        About("The amount; up to the target; or as many amounts at once as close the gap."),
    ] = "fixed"
    amount_micros: Annotated[Positive, About("Of modes fixed and gap; whole units.")] | None = None
    target_micros: Annotated[Positive, About("Of mode target; whole units.")] | None = None
    count_cap: (
        Annotated[int, Range(1, 100), About("Recharges in rolling 24 hours; none: 5.")] | None
    ) = None
    money_cap_micros: (
        Annotated[Positive, About("In rolling 30 days; none: 20 times the amount or target.")]
        | None
    ) = None
    actor: Actor | None = None
    actor_role: Annotated[Name, About("Who may: billing_admin, global_admin.")] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentMethod:
    """A reference to a payment method that the provider keeps."""

    reference: MethodReference
    customer: CustomerReference | None = None
    label: Annotated[str, Text(64), About("What people know it by, such as Visa 4242.")] | None = (
        None
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPaymentMethods:
    """Replace the payment methods, in the order in which they are tried."""

    type: Literal["set_payment_methods"]
    command_id: Id
    tenant_id: TenantId
    methods: Annotated[list[PaymentMethod], Items(8)]
    actor: Actor | None = None
    actor_role: Name | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetRecipients:
    """Replace who is told, in which language, and where a webhook goes."""

    type: Literal["set_recipients"]
    command_id: Id
    tenant_id: TenantId
    emails: Annotated[list[Email], Items(16)]
    language: Language = "en"
    webhook: WebhookUrl | None = None
    actor: Actor | None = None
    actor_role: Name | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetSpendLimits:
    """Set the limits of the fraud breaker; passing one denies paid calls and holds recharge until resumed."""

    type: Literal["set_spend_limits"]
    command_id: Id
    tenant_id: TenantId
    spend_per_hour_micros: (
        Annotated[
            NotNegative,
            About("None: the greater of 1,000 units and 10 times the trigger; 0: no limit."),
        ]
        | None
    ) = None
    cost_per_call_micros: Annotated[NotNegative, About("0: no limit.")] = 0
    dear_rate_micros: Annotated[
        NotNegative, About("A destination is dear from this price a minute on; 0: none is.")
    ] = 0
    dear_destinations_max: Annotated[
        int, Range(0, 100), About("Dear destinations in 24 hours that were never called before.")
    ] = 0
    actor: Actor | None = None
    actor_role: Name | None = None
