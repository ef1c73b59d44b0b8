"""Entries, events and statuses have the fields of the published records."""

from typing import Any

import msgspec
import pytest

from rater.core import entries as e
from rater.core import events as v
from rater.core.standing_entries import AccountReopened, DeckProblem, DecksSet, DeckWarning
from topics import records as r

PAIRS = [
    (e.Charge, r.Charge),
    (e.AccountOpened, r.AccountOpened),
    (e.FundsAdded, r.FundsAdded),
    (e.ThresholdsSet, r.ThresholdsSet),
    (e.Adjusted, r.Adjusted),
    (e.PaymentReversed, r.ReversalPosted),
    (e.PaymentRestored, r.RestorationPosted),
    (e.AccountClosed, r.AccountClosed),
    (AccountReopened, r.AccountReopened),
    (DecksSet, r.DecksSet),
    (DeckWarning, r.DeckWarning),
    (DeckProblem, r.DeckProblem),
    (e.LotExpired, r.LotExpired),
    (e.LotForfeited, r.LotForfeited),
    (e.LotExpiryWarned, r.LotExpiryWarned),
    (e.AutoRechargeSet, r.AutoRechargeSet),
    (e.PaymentMethodsSet, r.PaymentMethodsSet),
    (e.RecipientsSet, r.RecipientsSet),
    (e.SpendLimitsSet, r.SpendLimitsSet),
    (e.SpendLimitTripped, r.SpendLimitTripped),
    (e.RechargeResumed, r.RechargeResumed),
    (e.CommandRejected, r.CommandRejected),
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
    (e.AccountStatus, r.AccountStatus),
    (e.Span, r.Span),
    (e.Lot, r.Lot),
    (e.ThresholdSetting, r.ThresholdSetting),
    (e.PaymentMethod, r.PaymentMethod),
]


def wire_names(kind: Any) -> set[str | None]:
    info = msgspec.inspect.type_info(kind)
    assert isinstance(info, msgspec.inspect.StructType)
    return {field.encode_name for field in info.fields} | ({info.tag_field} - {None})


@pytest.mark.parametrize(("ours", "published"), PAIRS, ids=lambda kind: kind.__name__)
def test_a_record_has_the_published_fields(ours: Any, published: Any) -> None:
    assert wire_names(ours) == wire_names(published)


@pytest.mark.parametrize("kind", [e.Entry, v.Event], ids=lambda kind: kind.__name__)
def test_every_kind_of_entry_and_event_is_compared(kind: Any) -> None:
    known = {ours for ours, _ in PAIRS}

    assert set(kind.__subclasses__()) <= known
