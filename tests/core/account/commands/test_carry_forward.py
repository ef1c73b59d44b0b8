"""Carrying an account forward: the entry says all that it is, and changes nothing of it."""

import msgspec
import pytest

from rater.core.account.account import FAR, HighRateWatch, Threshold
from rater.core.account.contract import BillingMode, Contract
from rater.core.account.entitlement import Entitlement
from rater.core.account.past import Past
from rater.core.limits import ENTITLEMENTS_MAX, LOTS_MAX
from rater.core.rejections import Rejected
from rater.wire.account.rows import row_of
from rater.wire.account.state import decode_account, encode_account
from tests.build import DAY, HOUR, NOW, UNIT, YEAR, account, lot
from tests.core.account.asked import asked, engaged, refused
from topics import records as r
from topics.catalog import LEDGER
from topics.fields import LATEST_MS, MILLIS

MONTH = NOW - 12 * HOUR
"""2026-03-01."""
NEXT = MONTH + 31 * DAY
ORDER = r.CarryForward("carry/acme/2026-03", "acme", MONTH)


def test_the_entry_is_the_same_whether_the_account_was_stored_or_not() -> None:
    """The encoder leaves out a text that is the default itself, not one that is equal to it."""
    entries: list[bytes] = []
    for is_stored in (False, True):
        there = account(contract=Contract([], []), carry_ms=MONTH)
        if is_stored:
            there = decode_account(encode_account(there))
        _, journal = asked(there, ORDER)
        entries.append(msgspec.json.encode(journal.entries[0]))

    assert entries[0] == entries[1]


def test_the_entry_says_what_the_account_is() -> None:
    there = account(
        lot("A", 3 * UNIT, due_ms=NOW + DAY),
        lot("B", UNIT),
        expired=[lot("G", 7, NOW - HOUR)],
        time_zone="Europe/Rome",
        decks=("acs", "more"),
        seq=41,
        thresholds=[Threshold("auto_recharge", 9 * UNIT, False), Threshold("low", UNIT, True)],
        hour_thresholds=[Threshold("soon", 40, True, "Soon empty")],
        closed_ms=NOW - 2,
        forfeited_to_ms=NOW - DAY,
        recharge_seq=3,
        cdr_offset=1207,
        request_offset=17,
        contract=Contract(
            [Entitlement("domestic", "US", NOW - 3, 115, 9)],
            [BillingMode(NOW - 4, True, 7), BillingMode(NOW, False, 8)],
        ),
        past=Past(NOW - 5, [(NOW - 9, NOW - 5)], [(NOW - 8, ("old",))]),
        carry_ms=MONTH,
        burn=1,
        burn_from=2,
        burn_to=3,
        per_hour=4,
        hour=5,
        spent=6,
        spent_before=7,
        cost_limit=8,
        high_rate=HighRateWatch(9, 1, ["881"], [NOW - 1]),
        held=2,
        tripped=5,
    )
    refusal, journal = asked(there, ORDER)

    assert refusal is None
    (entry,) = journal.entries
    watch = r.CarriedWatch(9, 1, ("881",), (NOW - 1,))
    assert entry == r.BalanceCarriedForward(
        *("acme/42", "acme", 42, NOW, "cdr.raw.v1", 0, 7, "USD", 0, 4 * UNIT, 0),
        command_id="carry/acme/2026-03",
        month_ms=MONTH,
        time_zone="Europe/Rome",
        decks=("acs", "more"),
        spending=r.CarriedSpending(
            *(1, 2, 3, 5, 6, 7, 4, 8, watch),
            denied=("international",),
            tripped=("spend_per_hour", "new_destinations"),
        ),
        lots=(
            r.CarriedLot("A", 3 * UNIT, NOW, NOW + YEAR, NOW + DAY),
            r.CarriedLot("B", UNIT, NOW, NOW + YEAR, NOW + YEAR),
        ),
        lots_in_grace=(r.CarriedLot("G", 7, NOW - HOUR - YEAR, NOW - HOUR),),
        forfeited_to_ms=NOW - DAY,
        thresholds=(
            r.ThresholdSetting("auto_recharge", 9 * UNIT),
            r.ThresholdSetting("low", UNIT),
            r.ThresholdSetting("soon", None, 40, "Soon empty"),
        ),
        fired=("auto_recharge",),
        closed_ms=NOW - 2,
        settled_ms=NOW - 5,
        closures=(r.Closure(NOW - 9, NOW - 5),),
        earlier_decks=(r.EarlierDecks(NOW - 8, ("old",)),),
        recharge_seq=3,
        cdr_offset=1207,
        request_offset=17,
        entitlements=(r.CarriedEntitlement("domestic", "US", NOW - 3, 115, 9),),
        billing_modes=(
            r.CarriedBillingMode("post_paid", NOW - 4, 7),
            r.CarriedBillingMode("prepaid", NOW, 8),
        ),
    )


def test_it_changes_nothing_but_when_it_comes_again() -> None:
    there = account(lot("A", UNIT), seq=4, carry_ms=MONTH, calm_from=1, calm_to=FAR)
    there.spending.burn_to = NOW // 60_000
    before = row_of(there)
    asked(there, ORDER)

    changed = {
        name: found
        for name, found, was in zip(there.__match_args__, row_of(there), before, strict=True)
        if found != was
    }
    assert changed == {"seq": 5, "carry_ms": NEXT, "status_ms": NOW, "status_class": 0}


@pytest.mark.parametrize("due_ms", [MONTH - 1, NEXT])
def test_a_month_that_is_not_the_accounts_next_is_refused(due_ms: int) -> None:
    there = account(carry_ms=MONTH)

    assert refused(there, r.CarryForward("x", "acme", due_ms)) is Rejected.NOT_DUE


def test_a_month_that_has_not_begun_is_refused() -> None:
    order = r.CarryForward("x", "acme", NEXT)

    assert refused(account(carry_ms=NEXT), order) is Rejected.NOT_DUE


def test_a_closed_account_is_carried_forward_too() -> None:
    assert asked(account(closed_ms=NOW - 1, carry_ms=MONTH), ORDER)[0] is None


def test_what_is_due_of_its_lots_is_said_before() -> None:
    there = account(lot("A", UNIT, NOW - 1), carry_ms=MONTH)
    kinds = [entry.kind for entry in engaged(there, ORDER).entries]

    assert kinds == ["lot_expired", "balance_carried_forward"]


def test_as_many_lots_as_there_may_be_fit_into_a_record() -> None:
    longest = ['"' * 124 + f"{n:04}" for n in range(LOTS_MAX)]
    there = account(
        *(lot(name, 9 * 10**15 // LOTS_MAX, LATEST_MS) for name in longest),
        decks=("d" * 64,) * 16,
        thresholds=[Threshold('"' * 64, -(n + 10**15), False, '"' * 64) for n in range(18)],
        high_rate=HighRateWatch(10**15, 100, ["1" * 32] * 256, [LATEST_MS] * 101),
        past=Past(LATEST_MS, [(1, LATEST_MS)] * 32, [(LATEST_MS, ("d" * 64,) * 16)] * 32),
        contract=Contract(
            [
                Entitlement("p" * 60 + f"{n:04}", "US", LATEST_MS, 10**7, 2**53 - 1)
                for n in range(ENTITLEMENTS_MAX)
            ],
            [BillingMode(LATEST_MS, True, 2**53 - 1)] * 32,
        ),
        carry_ms=MONTH,
    )
    (entry,) = asked(there, ORDER)[1].entries
    value = msgspec.json.encode(entry)

    assert MILLIS.le == LATEST_MS
    assert 1_400_000 < len(value) < LEDGER.max_message_bytes
    assert msgspec.json.decode(value, type=r.BalanceCarriedForward) == entry
