"""Sums: what one batch of charging moved, told and drew, for those who count it once it is committed.

Nothing here is asked of a charge: their sum has the journal at hand. All else is rare.
"""

from collections import Counter
from collections.abc import Container
from typing import Final, final

from rater.core.account.journal import Journal
from rater.core.charging_settings import SettingsBook
from rater.core.pricing.plans.funding import POOL
from topics.records import Charge, ChargeReversed, LotForfeited, MoneyEntry
from topics.records.balance import PoolUsed

By = tuple[str, str]
"""Currency, and the kind of the entries."""


@final
class Sums:
    """Amounts in micros, times in seconds."""

    def __init__(self, settings: SettingsBook | None = None) -> None:
        """Count nothing yet; `settings` say who is a canary: nobody's money, which no sum has (R32)."""
        self._settings: Final = settings
        self.came: Final[Counter[By]] = Counter()
        """What entries that are no charges added to balances."""
        self.went: Final[Counter[By]] = Counter()
        """What they took from balances."""
        self.forfeited: Final[Counter[str]] = Counter()
        """What of expired lots is gone for good, by currency: it left the balances when they expired."""
        self.events: Final[Counter[str]] = Counter()
        """Balance events by kind."""
        self.pool_levels: Final[Counter[int]] = Counter()
        """Pools of which the world was told that so many per cent are used."""
        self.pool_s = 0
        """What pools paid of calls."""
        self.pool_returned_s = 0
        """What they got back by corrections."""
        self.runways_h: Final[list[int]] = []
        """The hours remaining that statuses of accounts say, where they say any."""
        self.rerated: Final[Counter[str]] = Counter()
        """How many charges were to be rated again, by what came of it."""

    def count(self, entry: object) -> None:
        """Count an entry that is no charge."""
        if not isinstance(entry, MoneyEntry) or self._is_canary(entry):
            return
        micros = entry.amount_micros
        if micros:
            by = entry.currency, str(entry.__struct_config__.tag)
            (self.came if micros > 0 else self.went)[by] += abs(micros)
        if isinstance(entry, LotForfeited):
            self.forfeited[entry.currency] += entry.forfeited_micros
        elif isinstance(entry, ChargeReversed):
            pools = (each.quantity or 0 for each in entry.returns if each.source == POOL)
            self.pool_returned_s += sum(pools)

    def may_be_canaries(self, tenants: Container[str]) -> bool:
        """Tell whether one of these tenants was ever named a canary."""
        # Mostly there are no canaries, and many tenants.
        settings = self._settings
        return settings is not None and any(each in tenants for each in settings.canaries)

    def of_canaries(self, journal: Journal) -> Counter[str]:
        """Return what charges of a journal are of canary tenants, by currency."""
        charged: Counter[str] = Counter()
        for entry in journal.entries:
            if isinstance(entry, Charge) and self._is_canary(entry):
                charged[entry.currency] += entry.charge_micros
        return +charged

    def _is_canary(self, entry: MoneyEntry) -> bool:
        settings = self._settings
        return settings is not None and settings.is_canary(entry.tenant_id, entry.at_ms)

    def said(self, journal: Journal) -> None:
        """Count what a journal tells besides its entries."""
        self.pool_s += journal.pool_s
        for event in journal.events:
            self.events[str(event.__struct_config__.tag)] += 1
            if isinstance(event, PoolUsed):
                self.pool_levels[event.level] += 1
        for status in journal.statuses:
            if (hours := status.hours_remaining) is not None:
                self.runways_h.append(hours)
