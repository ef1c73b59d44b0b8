"""Account requests: what an administrator may ask of an account. None moves money."""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from topics.fields import (
    ADMINISTRATOR_ROLES,
    Actor,
    CustomerReference,
    Email,
    Hours,
    Language,
    MethodReference,
    Micros,
    Name,
    Note,
    NotNegative,
    Positive,
    ThresholdId,
    ThresholdLabel,
    TimeZone,
    WebhookUrl,
)
from topics.records.commands import Command
from topics.records.record import OpenRecord


class ThresholdSetting(OpenRecord, frozen=True):
    """An amount, or a number of hours, that is announced once when balance or runway falls below it: one of them."""

    threshold_id: Annotated[
        ThresholdId,
        Meta(description="Not auto_recharge, nor auto_recharge_hours: those are the triggers'."),
    ]
    amount_micros: Micros | None = None
    hours: Hours | None = None
    label: ThresholdLabel | None = None


class SetThresholds(Command, frozen=True, tag="set_thresholds"):
    """Replace the account's thresholds; they are evaluated at once."""

    type: ClassVar[Literal["set_thresholds"]]
    thresholds: Annotated[tuple[ThresholdSetting, ...], Meta(max_length=16)]


class Setting(Command, frozen=True, kw_only=True):
    """What the requests say that only some administrators may make: who asked, and as what."""

    actor: Actor | None = None
    actor_role: (
        Annotated[Name, Meta(description=f"Who may: {', '.join(ADMINISTRATOR_ROLES)}.")] | None
    ) = None


RechargeMode = Literal["fixed", "target", "gap"]


class SetAutoRecharge(Setting, frozen=True, tag="set_auto_recharge"):
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


class SetPaymentMethods(Setting, frozen=True, tag="set_payment_methods"):
    """Replace the payment methods, in the order in which they are tried."""

    type: ClassVar[Literal["set_payment_methods"]]
    methods: Annotated[tuple[PaymentMethod, ...], Meta(max_length=8)]


StatementsTold = Annotated[
    bool,
    Meta(
        description="Whether they are told of each month that is over, with its statement's figures."
    ),
]


class SetRecipients(Setting, frozen=True, tag="set_recipients"):
    """Replace who is told, in which language, and where a webhook goes."""

    type: ClassVar[Literal["set_recipients"]]
    emails: Annotated[tuple[Email, ...], Meta(max_length=16)]
    language: Language = "en"
    webhook: WebhookUrl | None = None
    statements: StatementsTold = False


class SetSpendLimits(Setting, frozen=True, tag="set_spend_limits"):
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


class ResumeRecharge(Setting, frozen=True, tag="resume_recharge"):
    """An administrator's: forget what is paused or held, and look at the balance again."""

    type: ClassVar[Literal["resume_recharge"]]
    reason: Note | None = None


class SetTimeZone(Setting, frozen=True, tag="set_time_zone"):
    """Set by which clocks the account's months begin, from its next month on; asked again before, the last counts."""

    type: ClassVar[Literal["set_time_zone"]]
    time_zone: TimeZone
    reason: Note | None = None
