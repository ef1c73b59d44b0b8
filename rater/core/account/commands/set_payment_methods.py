"""Replace the payment methods, in the order in which they are tried. Recharge keeps them, the account nothing."""

from typing import Final

from rater.core.account.account import Account
from rater.core.account.cards import has_card_number
from rater.core.account.cause import Cause
from rater.core.account.commands.command import AccountCommand
from rater.core.account.heads import entry_head, event_head
from rater.core.cdr import Source
from rater.core.charging_settings import ChargingSettings
from rater.core.rejections import Refusal, Rejected
from topics.records import PaymentMethodsChanged, PaymentMethodsSet, SetPaymentMethods


def _refuse(
    _account: Account, command: SetPaymentMethods, _source: Source, _settings: ChargingSettings
) -> Refusal | None:
    """Refuse what has a card number in it, without saying it again."""
    for n, method in enumerate(command.methods):
        for name in ("reference", "customer", "label"):
            if has_card_number(getattr(method, name) or ""):
                detail = f"methods[{n}].{name}: a card number; give the provider's reference to it"
                return Refusal(Rejected.CARD_NUMBER, detail)
    return None


def _post(account: Account, command: SetPaymentMethods, source: Source) -> PaymentMethodsSet:
    return PaymentMethodsSet(
        *entry_head(account, source, 0, account.debt),
        command.command_id,
        command.methods,
        command.actor,
        command.actor_role,
    )


def _event(account: Account, command: SetPaymentMethods, cause: Cause) -> PaymentMethodsChanged:
    return PaymentMethodsChanged(*event_head(account, "payment_methods", cause), command.methods)


COMMAND: Final[AccountCommand[SetPaymentMethods, PaymentMethodsSet]] = AccountCommand(
    record=SetPaymentMethods,
    content=("methods", "actor", "actor_role"),
    cause="settings",
    refuse=_refuse,
    entry=PaymentMethodsSet,
    post=_post,
    event=_event,
    needs_credits=True,
)
