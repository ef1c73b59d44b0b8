"""Entries, events and statuses have the fields of the published records."""

from dataclasses import fields
from typing import Any

import msgspec
import pytest

from rater.core import entries as e
from topics import records as r

PAIRS = [
    (e.Charge, r.Charge),
    (e.AccountOpened, r.AccountOpened),
    (e.FundsAdded, r.FundsAdded),
    (e.ThresholdsSet, r.ThresholdsSet),
    (e.Adjusted, r.Adjusted),
    (e.AccountClosed, r.AccountClosed),
    (e.LotExpired, r.LotExpired),
    (e.LotForfeited, r.LotForfeited),
    (e.CommandRejected, r.CommandRejected),
    (e.ThresholdCrossed, r.ThresholdCrossed),
    (e.ThresholdRearmed, r.ThresholdRearmed),
    (e.BalanceExhausted, r.BalanceExhausted),
    (e.BalanceRestored, r.BalanceRestored),
    (e.FundsCredited, r.FundsCredited),
    (e.FundsExpired, r.FundsExpired),
    (e.SettingsChanged, r.SettingsChanged),
    (e.AccountStatus, r.AccountStatus),
    (e.Span, r.Span),
    (e.Lot, r.Lot),
    (e.ThresholdSetting, r.ThresholdSetting),
]


@pytest.mark.parametrize(("ours", "published"), PAIRS, ids=lambda kind: kind.__name__)
def test_a_record_has_the_published_fields(ours: Any, published: Any) -> None:
    info = msgspec.inspect.type_info(ours)
    assert isinstance(info, msgspec.inspect.StructType)
    names = {field.encode_name for field in info.fields} | ({info.tag_field} - {None})

    assert names == {field.name for field in fields(published)}


@pytest.mark.parametrize("kind", ["Entry", "Event"])
def test_every_kind_of_entry_and_event_is_compared(kind: str) -> None:
    known = {ours for ours, _ in PAIRS}

    assert set(getattr(e, kind).__subclasses__()) <= known
