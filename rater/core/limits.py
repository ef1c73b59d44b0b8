"""Limits: every bound of the core, named with its unit."""

from typing import Final

from topics.records import carried, contract, users

AMOUNT_MICROS_MAX: Final = 9 * 10**15
"""Largest absolute amount or balance: below 2**53, so that it is exact in every language. What is implausible for a
balance is less, and a matter of the currency: the charging settings say it.
"""

BALANCE_MAX_MICROS: Final = 10**15
"""Bound of a balance in the order of a dollar: a thousand million."""

LOTS_MAX: Final = 4_000
"""Live and expired lots of one account: an entry that draws on all of them is still below a megabyte."""

ENTITLEMENTS_MAX: Final[int] = contract.ENTITLEMENTS_MAX
"""Entitlements that are kept of an account: of each plan and country those of 432 days."""

BILLING_MODES_MAX: Final[int] = contract.BILLING_MODES_MAX
"""Billing modes that are kept of an account: those of 432 days."""

POOLS_MAX: Final[int] = carried.POOLS_MAX
"""Pools of which an account keeps what is used: 290 a month. They go into one entry when a month is carried forward."""

POOLS_PER_CALL_MAX: Final = 32
"""Pools that one call may draw on; what they leave is paid from credits."""

USER_POOLS_MAX: Final[int] = users.USER_POOLS_MAX
"""Pools of its own of which a user keeps what is used: 70 a month."""

LOT_IDS_MAX: Final = 20_000
"""Ids of manual credits and adjustments that are remembered of one account: 54 a day, every day of a lot's life."""

THRESHOLDS_MAX: Final = 16
"""Beside them there are the two triggers of recharge."""

UNIT_MICROS: Final = 1_000_000
"""Micros in one unit of a currency. A payment is of whole units, which every currency can represent."""

RECHARGE_MINIMUM_MICROS: Final = 50 * UNIT_MICROS
"""Least amount, target and trigger of recharge, in the order of a US dollar; the shipped table scales it."""

SPEND_PER_HOUR_MICROS: Final = 1_000 * UNIT_MICROS
"""What an account may spend in an hour where neither it nor its trigger says more; in the order of a US dollar, too."""
SPEND_PER_HOUR_TRIGGERS: Final = 10

HIGH_RATE_KNOWN_MAX: Final = 256
"""High-rate destinations that are remembered of an account."""

RUNWAY_H_MAX: Final = 87_600
"""Ten years."""

DURATION_S_MAX: Final = 2_678_400
"""31 days: the longest call that is rated."""

DURATION_TOLERANCE_S: Final = 5
DURATION_TOLERANCE_PERCENT: Final = 5
"""What a CDR's seconds may differ from the time between its answer and its end: more than both contradicts."""

E164_DIGITS_MIN: Final = 7
E164_DIGITS_MAX: Final = 15
CALLING_CODE_DIGITS_MAX: Final = 3
EMERGENCY_DIGITS_MAX: Final = 6

NEVER_MS: Final = 2**62
"""A time that does not come."""
SECOND_MS: Final = 1_000
MINUTE_MS: Final = 60_000
HOUR_MS: Final = 3_600_000
DAY_MS: Final = 86_400_000

GRACE_MS: Final = 48 * HOUR_MS
"""How long late CDRs may still draw on an expired lot (D17)."""

STATUS_EVERY_MS: Final = 1_000
"""At most one status per account in this span of stream time, unless what is allowed changes."""

WINDOW_DAYS: Final = 7
"""How long a charged CDR is remembered (D8): as long as manifests of nine days can tell after a restart."""

WINDOW_DAYS_MIN: Final = 3
"""The least window that settings may ask for: longer than the grace of an expired lot."""

CDR_BYTES_MAX: Final = 65_536
"""A longer CDR is not read."""

MONTHS_VALID: Final = 12
"""Calendar months from purchase to expiry of a lot."""

RECORD_BYTES_MAX: Final = 64 * 1024
"""Largest record of others that is read at all: CDR, command, result, notification. Real ones are below 2 KiB."""

DEAD_BYTES_KEPT_MAX: Final = 64 * 1024
"""What a dead letter keeps of a key and of a value; of the whole it has length and digest."""

assert GRACE_MS < WINDOW_DAYS_MIN * DAY_MS
assert DURATION_S_MAX * SECOND_MS == 31 * DAY_MS
