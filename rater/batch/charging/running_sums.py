"""Running sums of a partition, carried on from step to step, as the manifest says them (A87)."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from rater.batch.charging.conservation import (
    Conservation,
    Gained,
    Moved,
    in_grace_of,
    live_of,
)
from rater.wire.account.state import decode_account
from topics.records.running_sums import SUM_MICROS_MAX, CurrencySums, RunningSums

_NOTHING: Final = CurrencySums(held_micros=0)
_NOTHING_MOVED: Final = Moved()
_NOTHING_GAINED: Final = Gained()


def begun(accounts: Iterable[bytes]) -> RunningSums:
    """Return sums that begin with what these accounts hold: the next step is the first."""
    held: Counter[str] = Counter()
    in_grace: Counter[str] = Counter()
    for value in accounts:
        account = decode_account(value)
        part = in_grace_of(account)
        held[account.currency] += live_of(account) + part
        in_grace[account.currency] += part
    opening = {each: CurrencySums(held[each], in_grace[each], held[each]) for each in sorted(held)}
    return RunningSums(0, _occurring(opening))


def read_sums(header: Mapping[str, Any]) -> RunningSums | None:
    """Return what the header of a manifest says, None where it says none; bad ones raise ValueError with the field."""
    said = header.get("sums")
    try:
        return None if said is None else msgspec.convert(said, RunningSums)
    except msgspec.ValidationError as error:
        message = f"batch manifest: sums: {error}"
        raise ValueError(message) from error


def begun_anew(sums: RunningSums) -> RunningSums:
    """Return sums that begin with what these hold."""
    opening = {
        currency: CurrencySums(each.held_micros, each.in_grace_micros, each.held_micros)
        for currency, each in sums.currencies.items()
    }
    return RunningSums(0, _occurring(opening), sums.ledger_next_offset)


def carried_on(
    sums: RunningSums, conservation: Conservation, ledger_next_offset: int | None
) -> RunningSums:
    """Return the sums after a step that is decided; `ledger_next_offset` is None where it wrote no entries."""
    moved, gained = conservation.moved, conservation.gained()
    currencies = dict(sums.currencies)
    for currency in sorted(moved.keys() | gained.keys()):
        currencies[currency] = _added(
            currencies.get(currency, _NOTHING),
            moved.get(currency, _NOTHING_MOVED),
            gained.get(currency, _NOTHING_GAINED),
        )
    known = sums.ledger_next_offset if ledger_next_offset is None else ledger_next_offset
    return RunningSums(sums.step + 1, _occurring(currencies), known)


def can_be_said(sums: RunningSums) -> bool:
    """Tell whether every sum is within the bounds of its record."""
    return all(
        abs(micros) <= SUM_MICROS_MAX
        for each in sums.currencies.values()
        for micros in msgspec.structs.astuple(each)
    )


def _added(sums: CurrencySums, moved: Moved, gained: Gained) -> CurrencySums:
    return CurrencySums(
        sums.held_micros + gained.held,
        sums.in_grace_micros + gained.in_grace,
        sums.opening_micros,
        sums.funds_added_micros + moved.funds_added,
        sums.adjusted_micros + moved.adjusted,
        sums.charged_micros + moved.charged,
        sums.charge_reversed_micros + moved.charge_reversed,
        sums.payment_reversed_micros + moved.payment_reversed,
        sums.payment_restored_micros + moved.payment_restored,
        sums.forfeited_micros + moved.forfeited,
        sums.owed_micros + moved.owed,
        sums.waived_micros + moved.waived,
    )


def _occurring(currencies: dict[str, CurrencySums]) -> dict[str, CurrencySums]:
    """Leave out currencies in which nothing was ever held or moved, and those of accounts without credits."""
    return {currency: each for currency, each in currencies.items() if each != _NOTHING}
