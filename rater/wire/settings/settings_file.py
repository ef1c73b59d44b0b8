"""Settings file: charging settings as an operator writes them, one JSON object, made whole with what ships.

Rule 1: `version` and `valid_from` must be there; whatever else is left out is that of version 0.
Rule 2: a row of `currencies` replaces what it names of the shipped row; rows of other currencies stay as shipped.
Rule 3: what is published is whole, so that a later release with another table changes no version.
"""

from typing import Any

from rater.core.charging_settings import ChargingSettings
from rater.wire.settings.charging_settings import fields_of
from rater.wire.settings.currencies import shipped_settings
from topics.records.charging_settings import CurrencyTerms


def complete(given: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a whole version; what is given wrongly stays in it, for the check that follows."""
    whole = fields_of(shipped_settings())
    del whole["version"], whole["valid_from"]
    rows = given.get("currencies", [])
    if not isinstance(rows, list):
        return {**whole, **given}
    merged = {row["currency"]: row for row in whole["currencies"]}
    odd = []
    named: set[object] = set()
    for row in rows:
        code = row.get("currency") if isinstance(row, dict) else None
        if isinstance(code, str) and code not in named:
            merged[code] = {**merged.get(code, {}), **row}
            named.add(code)
        else:
            odd.append(row)
    return {**whole, **given, "currencies": [*merged.values(), *odd]}


def warnings(settings: ChargingSettings) -> list[str]:
    """Return what may be meant, but costs money where it is not; one sentence each."""
    shipped = shipped_settings().currencies
    found: list[str] = []
    for code, terms in settings.currencies.items():
        usual = shipped.get(code)
        if usual is None:
            found.append(f"{code}: not in the table that ships; is it an ISO 4217 currency?")
        else:
            found += _unusual(terms, usual)
    return found


def _unusual(terms: CurrencyTerms, usual: CurrencyTerms) -> list[str]:
    """Say what of a currency is far from what ships."""
    code, found = terms.currency, []
    if terms.decimals != usual.decimals:
        found.append(f"{code}: decimals: ISO 4217 says {usual.decimals}, found {terms.decimals}")
    if not terms.spend_per_hour_micros:
        found.append(f"{code}: spend_per_hour_micros: 0, no account has a breaker by default")
    for name in ("spend_per_hour_micros", "recharge_minimum_micros"):
        ours, theirs = getattr(terms, name), getattr(usual, name)
        if ours and not theirs // 100 <= ours <= theirs * 100:
            found.append(f"{code}: {name}: {ours} is more than 100 times off what ships, {theirs}")
    return found
