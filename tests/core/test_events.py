"""Balance events have the fields of the published records."""

from typing import Any

import msgspec
import pytest

from rater.core import events as v
from topics import records as r

PAIRS = [
    (v.ThresholdCrossed, r.ThresholdCrossed),
    (v.ThresholdRearmed, r.ThresholdRearmed),
    (v.BalanceExhausted, r.BalanceExhausted),
    (v.BalanceRestored, r.BalanceRestored),
    (v.FundsCredited, r.FundsCredited),
    (v.CreditRefused, r.CreditRefused),
    (v.PaymentReversed, r.PaymentReversedEvent),
    (v.PaymentRestored, r.PaymentRestoredEvent),
    (v.FundsExpired, r.FundsExpired),
    (v.SettingsChanged, r.SettingsChanged),
    (v.AutoRechargeChanged, r.AutoRechargeChanged),
    (v.PaymentMethodsChanged, r.PaymentMethodsChanged),
    (v.RecipientsChanged, r.RecipientsChanged),
    (v.RechargeResumedEvent, r.RechargeResumedEvent),
    (v.FundsExpiring, r.FundsExpiring),
    (v.FraudSuspected, r.FraudSuspected),
    (v.AccountClosedEvent, r.AccountClosedEvent),
    (v.AccountReopenedEvent, r.AccountReopenedEvent),
]


def wire_names(kind: Any) -> set[str | None]:
    info = msgspec.inspect.type_info(kind)
    assert isinstance(info, msgspec.inspect.StructType)
    return {field.encode_name for field in info.fields} | ({info.tag_field} - {None})


@pytest.mark.parametrize(("ours", "published"), PAIRS, ids=lambda kind: kind.__name__)
def test_a_record_has_the_published_fields(ours: Any, published: Any) -> None:
    assert wire_names(ours) == wire_names(published)


@pytest.mark.parametrize("kind", [v.Event], ids=lambda kind: kind.__name__)
def test_every_kind_of_event_is_compared(kind: Any) -> None:
    known = {ours for ours, _ in PAIRS}

    assert set(kind.__subclasses__()) <= known
