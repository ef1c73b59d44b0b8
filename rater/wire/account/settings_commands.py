"""The commands of administrators that are settings, from bytes: recharge, payment methods, recipients, spend limits.

A card number where a reference belongs must not become a dead letter, which would keep it: what has one in it is read
however it is written, and refused by the core.
"""

import re
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from rater.core.account import commands as c
from rater.core.account.cards import has_card_number
from rater.wire.command_fields import (
    CommandRecord,
    Email,
    Hours,
    Id,
    Name,
    Note,
    NotNegative,
    Positive,
    WebhookUrl,
)
from rater.wire.demands import NOT_EMPTY, found, most_of
from rater.wire.malformed import Malformed, Why
from topics.fields import Language
from topics.records import PaymentMethod

_Text = Annotated[str, Meta(max_length=10_000)] | int
_PRINTABLE = re.compile(r"[\x21-\x7e]+")
_REFERENCE_MAX = 255
_LABEL_MAX = 64


class SetAutoRecharge(CommandRecord, tag="set_auto_recharge"):
    """When and by how much the account is recharged."""

    enabled: bool
    trigger_micros: Positive | None = None
    trigger_h: Hours | None = None
    mode: Literal["fixed", "target", "gap"] = "fixed"
    amount_micros: Positive | None = None
    target_micros: Positive | None = None
    count_cap: Annotated[int, Meta(ge=1, le=100)] | None = None
    money_cap_micros: Positive | None = None
    actor: Id | None = None
    actor_role: Name | None = None


class _Method(msgspec.Struct):
    reference: _Text
    customer: _Text | None = None
    label: _Text | None = None


class SetPaymentMethods(CommandRecord, tag="set_payment_methods"):
    """The payment methods, in the order in which they are tried."""

    methods: Annotated[tuple[_Method, ...], Meta(max_length=8)]
    actor: Id | None = None
    actor_role: Name | None = None


class SetRecipients(CommandRecord, tag="set_recipients"):
    """Who is told, in which language, and where a webhook goes."""

    emails: Annotated[tuple[Email, ...], Meta(max_length=16)]
    language: Language = "en"
    webhook: WebhookUrl | None = None
    actor: Id | None = None
    actor_role: Name | None = None


class SetSpendLimits(CommandRecord, tag="set_spend_limits"):
    """The limits of the fraud breaker."""

    spend_per_hour_micros: NotNegative | None = None
    cost_per_call_micros: NotNegative = 0
    high_rate_micros: NotNegative = 0
    new_high_rate_destinations_max: Annotated[int, Meta(ge=0, le=100)] = 0
    actor: Id | None = None
    actor_role: Name | None = None


class ResumeRecharge(CommandRecord, tag="resume_recharge"):
    """What is paused is forgotten, and what the breaker denied is allowed."""

    reason: Note | None = None
    actor: Id | None = None
    actor_role: Name | None = None


Setting = SetAutoRecharge | SetPaymentMethods | SetRecipients | SetSpendLimits | ResumeRecharge


def convert_setting(raw: Setting) -> c.Command | Malformed:
    """Make the core's command of a record that was read."""
    head = (raw.command_id, raw.tenant_id, raw.actor, raw.actor_role)
    match raw:
        case SetAutoRecharge():
            return c.SetAutoRecharge(
                *head,
                raw.enabled,
                raw.trigger_micros,
                raw.trigger_h,
                raw.mode,
                raw.amount_micros,
                raw.target_micros,
                raw.count_cap,
                raw.money_cap_micros,
            )
        case SetPaymentMethods():
            methods = _methods(raw)
            if isinstance(methods, Malformed):
                return methods
            return c.SetPaymentMethods(*head, methods)
        case SetRecipients():
            return c.SetRecipients(*head, raw.emails, raw.language, raw.webhook)
        case SetSpendLimits():
            return c.SetSpendLimits(
                *head,
                raw.spend_per_hour_micros,
                raw.cost_per_call_micros,
                raw.high_rate_micros,
                raw.new_high_rate_destinations_max,
            )
    return c.ResumeRecharge(*head, raw.reason)


def _methods(raw: SetPaymentMethods) -> tuple[PaymentMethod, ...] | Malformed:
    """Check the methods, unless a card number is among them: then the command must get to its refusal."""
    texts = [t for m in raw.methods for t in (m.reference, m.customer, m.label)]
    if not any(has_card_number(str(text)) for text in texts):
        for n, method in enumerate(raw.methods):
            if complaint := _unfit(f"methods[{n}]", method):
                return complaint
    return tuple(
        PaymentMethod(
            str(m.reference),
            None if m.customer is None else str(m.customer),
            None if m.label is None else str(m.label),
        )
        for m in raw.methods
    )


def _unfit(place: str, method: _Method) -> Malformed | None:
    for name in ("reference", "customer", "label"):
        text = getattr(method, name)
        field = f"{place}.{name}"
        if text is None:
            continue
        if isinstance(text, int):
            return Malformed(Why.WRONG_TYPE, field, f"must be a string{found(text)}")
        most = _LABEL_MAX if name == "label" else _REFERENCE_MAX
        if len(text) > most:
            return Malformed(Why.TOO_LONG, field, f"{most_of(most, 'characters')}{found(text)}")
        if not text:
            return Malformed(Why.OUT_OF_RANGE, field, f"{NOT_EMPTY}{found(text)}")
        if name != "label" and not _PRINTABLE.fullmatch(text):
            return Malformed(
                Why.UNKNOWN_VALUE,
                field,
                f"must be printable ASCII without blanks{found(text)}",
            )
    return None
