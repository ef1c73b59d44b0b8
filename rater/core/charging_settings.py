"""Charging settings: what decides about money besides decks and accounts, in versions in force from an instant on (R8).

Rule 1: the version in force is that of the time of the record that is decided, stream time; never that of now. So
        whichever worker takes a record, whenever, decides alike.
Rule 2: of two versions valid from the same instant the higher one holds.
Rule 3: version 0, what ships, holds before all others.
Rule 4: a version may be dated back: in force from before it was published. It decides whatever is decided from then
        on, late records, too; what was decided before stays. So that nobody need guess which of the two it was, what it
        decides about records from before `known_from_ms` names it (`account/naming`).
Rule 5: who is a canary (R32) is asked by the time of what is asked for, and a version that was dated back does not say
        it before its `known_from_ms`: so whoever asks twice about one payment, before and after a publication, hears
        the same.
Rule 6: what is held for maintenance is so from the version's `valid_from` on, as the other rules say, until a version
        that does not say so.
Rule 7: a currency without a row has no breaker by default, one unit as its least recharge, and the bound of all.
"""

from collections.abc import Iterable, Mapping
from typing import Final, Literal, final

from rater.core.limits import AMOUNT_MICROS_MAX, NEVER_MS, UNIT_MICROS
from rater.core.value import Value
from topics.records.charging_settings import CurrencyTerms, NumberMask

SHIPPED: Final = 0
"""The version of what ships with the release."""


@final
class Held(Value):
    """Of whom something is held for maintenance."""

    __match_args__ = ("of_all", "tenants")
    __slots__ = __match_args__

    def __init__(self, of_all: bool = False, tenants: tuple[str, ...] = ()) -> None:  # noqa: FBT001, FBT002
        self.of_all: Final = of_all
        self.tenants: Final = tenants

    def of(self, tenant_id: str) -> bool:
        """Tell whether it is held of a tenant."""
        return self.of_all or tenant_id in self.tenants


NOBODY: Final = Held()


@final
class ChargingSettings(Value):
    """One version."""

    __match_args__ = (
        "version",
        "valid_from_ms",
        "currencies",
        "window_days",
        "duration_tolerance_s",
        "duration_tolerance_percent",
        "cdr_max_bytes",
        "number_masks",
        "corrections",
        "freecall_after_days",
        "promotional_credit",
        "canary_tenants",
        "held_payments",
        "held_charging",
        "known_from_ms",
    )
    __slots__ = __match_args__

    def __init__(  # noqa: PLR0913, PLR0917
        self,
        version: int,
        valid_from_ms: int,
        currencies: Mapping[str, CurrencyTerms],
        window_days: int,
        duration_tolerance_s: int,
        duration_tolerance_percent: int,
        cdr_max_bytes: int,
        number_masks: tuple[NumberMask, ...] = (),
        corrections: bool = True,  # noqa: FBT001, FBT002
        freecall_after_days: int = 0,
        promotional_credit: Literal["first", "last"] = "first",
        canary_tenants: tuple[str, ...] = (),
        held_payments: Held = NOBODY,
        held_charging: Held = NOBODY,
        known_from_ms: int = 0,
    ) -> None:
        self.version: Final = version
        self.valid_from_ms: Final = valid_from_ms
        self.currencies: Final = currencies
        self.window_days: Final = window_days
        """Calls that ended so many days ago, or earlier, are too old to be charged (D8)."""
        self.duration_tolerance_s: Final = duration_tolerance_s
        self.duration_tolerance_percent: Final = duration_tolerance_percent
        """By so many seconds, or so much of it, what a CDR bills may differ from its answer and end."""
        self.cdr_max_bytes: Final = cdr_max_bytes
        """A longer CDR is a dead letter, unread."""
        self.number_masks: Final = number_masks
        """The tails of numbers that are hidden in what is written of a call (core/pricing/masking)."""
        self.corrections: Final = corrections
        """Whether corrections and voids are taken."""
        self.freecall_after_days: Final = freecall_after_days
        """A call that has waited so many days for a price is free; 0: it waits for ever."""
        self.promotional_credit: Final = promotional_credit
        """Whether it is drawn before money that was paid for, or after it (core/account/lots)."""
        self.known_from_ms: Final = known_from_ms
        """Of a version that was dated back: from when on nobody decides without it. 0 of all others."""
        self.canary_tenants: Final = canary_tenants
        """Tenants of our own, with play money alone (R32)."""
        self.held_payments: Final = held_payments
        """Of whom no new payment is asked for."""
        self.held_charging: Final = held_charging
        """Of whom no CDR is charged: of all, or of nobody."""

    @property
    def canaries_from_ms(self) -> int:
        """Return from when on it says who is a canary."""
        return max(self.valid_from_ms, self.known_from_ms)

    def terms(self, currency: str) -> CurrencyTerms:
        """Return what holds in a currency; without a row, what holds for all that have none."""
        found = self.currencies.get(currency)
        if found is not None:
            return found
        return CurrencyTerms(currency, 2, 0, UNIT_MICROS, AMOUNT_MICROS_MAX)

    def named_at(self, at_ms: int) -> int | None:
        """Return the version, where what it decides about an instant has to name it."""
        return self.version if at_ms < self.known_from_ms else None


@final
class SettingsBook:
    """An immutable snapshot of all versions."""

    __slots__ = (
        "any_payments_held",
        "canaries",
        "charging_held_until_ms",
        "corrects",
        "hides",
        "names_before_ms",
        "versions",
    )

    def __init__(
        self, shipped: ChargingSettings, published: Iterable[ChargingSettings] = ()
    ) -> None:
        """Make a book of what ships and what was published; of one version given twice the later stays."""
        by_version = {each.version: each for each in (shipped, *published)}
        ordered = sorted(by_version.values(), key=_rank)
        self.versions: Final = tuple(reversed(ordered))
        """From the latest to what ships."""
        self.hides: Final = True in [len(each.number_masks) > 0 for each in ordered]
        """Whether any version hides tails of numbers."""
        self.corrects: Final = True in [each.corrections for each in ordered]
        """Whether any version takes corrections."""
        self.canaries: Final = frozenset([name for each in ordered for name in each.canary_tenants])
        """Tenants that any version says are canaries."""
        self.any_payments_held: Final = True in [each.held_payments != NOBODY for each in ordered]
        """Whether any version holds payments."""
        self.charging_held_until_ms: Final = self._charging_held_until_ms()
        """From then on charging is not held as far as it is known; 0: it never was."""
        self.names_before_ms: Final = max([each.known_from_ms for each in ordered])
        """No record from then on makes anything name a version that was dated back; 0: none was."""

    def with_version(self, settings: ChargingSettings) -> "SettingsBook":
        """Return a book with one version more; this one stays as it is."""
        return SettingsBook(self.versions[-1], (*self.versions, settings))

    def at(self, at_ms: int) -> ChargingSettings:
        """Return the version in force at an instant."""
        for settings in self.versions:
            if settings.valid_from_ms <= at_ms:
                return settings
        return self.versions[-1]

    def canaries_at(self, at_ms: int) -> tuple[str, ...]:
        """Return the canary tenants of an instant."""
        for settings in self.versions:
            if settings.canaries_from_ms <= at_ms:
                return settings.canary_tenants
        return ()

    def is_canary(self, tenant_id: str, at_ms: int) -> bool:
        """Tell whether a tenant is a canary, for what is asked for at an instant."""
        return tenant_id in self.canaries and tenant_id in self.canaries_at(at_ms)

    def holds_payments(self, tenant_id: str, at_ms: int) -> bool:
        """Tell whether no new payment may be asked for of a tenant at an instant."""
        return self.any_payments_held and self.at(at_ms).held_payments.of(tenant_id)

    def holds_charging(self, at_ms: int) -> bool:
        """Tell whether no CDR is charged at an instant, by the clock."""
        return at_ms < self.charging_held_until_ms and self.at(at_ms).held_charging.of_all

    def next_change_ms(self, at_ms: int) -> int:
        """Return from when on another version may be in force than at an instant; NEVER_MS where there is none."""
        later = [each.valid_from_ms for each in self.versions if each.valid_from_ms > at_ms]
        return min(later, default=NEVER_MS)

    def _charging_held_until_ms(self) -> int:
        begins = [each.valid_from_ms for each in self.versions]
        held = [at_ms for at_ms in begins if self.at(at_ms).held_charging.of_all]
        return max([self.next_change_ms(at_ms) for at_ms in held], default=0)


def _rank(settings: ChargingSettings) -> tuple[bool, int, int]:
    return settings.version != SHIPPED, settings.valid_from_ms, settings.version
