"""Account commands after validation; amounts in micros, times in milliseconds."""

import msgspec

from topics.fields import Language
from topics.records import CommandType, PaymentMethod, ThresholdSetting
from topics.records.commands import RechargeMode
from topics.records.payments import ReversalKind


class Command(msgspec.Struct, frozen=True, gc=False):
    """What every command says."""

    command_id: str
    tenant_id: str


class OpenAccount(Command, frozen=True, gc=False):
    """Open a tenant's account; its currency never changes."""

    currency: str
    decks: tuple[str, ...]
    time_zone: str = "UTC"


class AddFunds(Command, frozen=True, gc=False, repr_omit_defaults=True):
    """Open a credit lot; debt is paid first. With a `recharge_seq` it is the money of a recharge."""

    lot_id: str
    amount_micros: int
    currency: str
    purchased_ms: int
    recharge_seq: int | None = None
    payment_command_id: str | None = None


class SetThresholds(Command, frozen=True, gc=False):
    """Replace the thresholds."""

    thresholds: tuple[ThresholdSetting, ...]


class Adjust(Command, frozen=True, gc=False):
    """Correct a balance by hand."""

    amount_micros: int
    currency: str
    reason: str


class MovedBack(Command, frozen=True, gc=False):
    """What both commands of reversals say: so much more, or less, of a payment is taken back than before."""

    payment_id: str
    amount_micros: int
    reversed_micros: int
    currency: str
    reversal_id: str
    reversal: ReversalKind


class ReversePayment(MovedBack, frozen=True, gc=False):
    """Take back money that was credited."""


class RestorePayment(MovedBack, frozen=True, gc=False):
    """Give back what a reversal has taken."""


class CloseAccount(Command, frozen=True, gc=False):
    """Close the account."""

    reason: str | None


class ReopenAccount(Command, frozen=True, gc=False):
    """Open a closed account again."""

    reason: str | None


class SetDecks(Command, frozen=True, gc=False):
    """Replace the decks."""

    decks: tuple[str, ...]
    reason: str | None


class ExpireLots(Command, frozen=True, gc=False):
    """The timer's: stream time has come to `due_ms`."""

    due_ms: int


class Setting(Command, frozen=True, gc=False):
    """What the commands of administrators say besides: who asked, and as what."""

    actor: str | None
    actor_role: str | None


class SetAutoRecharge(Setting, frozen=True, gc=False):
    """Set when and by how much the account is recharged."""

    enabled: bool
    trigger_micros: int | None = None
    trigger_h: int | None = None
    mode: RechargeMode = "fixed"
    amount_micros: int | None = None
    target_micros: int | None = None
    count_cap: int | None = None
    money_cap_micros: int | None = None


class SetPaymentMethods(Setting, frozen=True, gc=False):
    """Replace the payment methods."""

    methods: tuple[PaymentMethod, ...]


class SetRecipients(Setting, frozen=True, gc=False):
    """Replace who is told."""

    emails: tuple[str, ...]
    language: Language = "en"
    webhook: str | None = None


class SetSpendLimits(Setting, frozen=True, gc=False):
    """Set the limits of the fraud breaker; None is the default, 0 no limit."""

    spend_per_hour_micros: int | None = None
    cost_per_call_micros: int = 0
    high_rate_micros: int = 0
    new_high_rate_destinations_max: int = 0


class ResumeRecharge(Setting, frozen=True, gc=False):
    """Forget what is paused, and allow what the breaker denied."""

    reason: str | None = None


TYPE_NAMES: dict[type[Command], CommandType] = {
    OpenAccount: "open_account",
    AddFunds: "add_funds",
    SetThresholds: "set_thresholds",
    Adjust: "adjust",
    ReversePayment: "reverse_payment",
    RestorePayment: "restore_payment",
    CloseAccount: "close_account",
    ReopenAccount: "reopen_account",
    SetDecks: "set_decks",
    ExpireLots: "expire_lots",
    SetAutoRecharge: "set_auto_recharge",
    SetPaymentMethods: "set_payment_methods",
    SetRecipients: "set_recipients",
    SetSpendLimits: "set_spend_limits",
    ResumeRecharge: "resume_recharge",
}
