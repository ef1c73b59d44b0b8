"""Record types: every message on our topics, its fields in wire names.

Amounts are integers in micros (millionths of the account's one currency), D5. Times that others write are RFC 3339
text; times that we write are integers in milliseconds since 1970 UTC and end in `_ms`. Inputs may carry fields we do
not know (they are kept in suspense and dead letters, and otherwise ignored); outputs may not.
"""

from topics.records.balance import (
    AccountStatus,
    BalanceExhausted,
    BalanceRestored,
    Cause,
    Event,
    FundsCredited,
    FundsExpired,
    SettingsChanged,
    ThresholdCrossed,
    ThresholdRearmed,
)
from topics.records.batches import BatchManifest
from topics.records.cdr import Cdr
from topics.records.commands import (
    AddFunds,
    Adjust,
    CloseAccount,
    ExpireLots,
    OpenAccount,
    SetThresholds,
    ThresholdSetting,
)
from topics.records.decks import DeckChunk, DeckManifest
from topics.records.ledger import (
    AccountClosed,
    AccountOpened,
    Adjusted,
    Charge,
    CommandReason,
    CommandRejected,
    CommandType,
    Draw,
    Entry,
    FundsAdded,
    Lot,
    LotExpired,
    LotForfeited,
    MoneyEntry,
    Span,
    ThresholdsSet,
)
from topics.records.rejects import Dead, DeadReason, Suspended, SuspenseReason

__all__ = [
    "AccountClosed",
    "AccountOpened",
    "AccountStatus",
    "AddFunds",
    "Adjust",
    "Adjusted",
    "BalanceExhausted",
    "BalanceRestored",
    "BatchManifest",
    "Cause",
    "Cdr",
    "Charge",
    "CloseAccount",
    "CommandReason",
    "CommandRejected",
    "CommandType",
    "Dead",
    "DeadReason",
    "DeckChunk",
    "DeckManifest",
    "Draw",
    "Entry",
    "Event",
    "ExpireLots",
    "FundsAdded",
    "FundsCredited",
    "FundsExpired",
    "Lot",
    "LotExpired",
    "LotForfeited",
    "MoneyEntry",
    "OpenAccount",
    "SetThresholds",
    "SettingsChanged",
    "Span",
    "Suspended",
    "SuspenseReason",
    "ThresholdCrossed",
    "ThresholdRearmed",
    "ThresholdSetting",
    "ThresholdsSet",
]
