"""Carrying an account forward: the entry says all that it is, and changes nothing of it."""

from datetime import datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rater.core.account.account import FAR, Account, HighRateWatch, Threshold
from rater.core.account.contract import BillingMode, Contract
from rater.core.account.entitlement import Entitlement
from rater.core.account.execution import execute
from rater.core.account.journal import Journal
from rater.core.account.month import month_at, month_end_ms
from rater.core.account.past import Past
from rater.core.limits import ENTITLEMENTS_MAX, LOTS_MAX
from rater.core.rejections import Rejected
from rater.wire.account.commands import decode_command
from rater.wire.account.rows import row_of
from rater.wire.account.state import decode_account, encode_account
from rater.wire.outputs import timer_command
from tests.build import DAY, HOUR, NOW, PLANS, RULES, UNIT, YEAR, account, lot, source
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
        month_ends_ms=NEXT - 2 * HOUR,
        ended="2026-02",
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


CASES = {
    # By its own clocks from the first month on.
    "UTC": ("2026-03-01T00:00:00Z", "2026-02", "2026-04-01T00:00:00Z"),
    "Asia/Tokyo": ("2026-02-28T15:00:00Z", "2026-02", "2026-03-31T15:00:00Z"),
    "America/Los_Angeles": ("2026-03-01T08:00:00Z", "2026-02", "2026-04-01T07:00:00Z"),
    "Pacific/Kiritimati": ("2026-02-28T10:00:00Z", "2026-02", "2026-03-31T10:00:00Z"),
    "Pacific/Pago_Pago": ("2026-03-01T11:00:00Z", "2026-02", "2026-04-01T11:00:00Z"),
}
EARLIER = {
    # Carried forward with UTC's month before, by an earlier release.
    "Asia/Tokyo": ("2026-03-01T00:00:00Z", "2026-02", "2026-03-31T15:00:00Z"),
    "Pacific/Kiritimati": ("2026-03-01T00:00:00Z", "2026-02", "2026-03-31T10:00:00Z"),
    "America/Los_Angeles": ("2026-03-01T00:00:00Z", None, "2026-03-01T08:00:00Z"),
    "Pacific/Pago_Pago": ("2026-03-01T00:00:00Z", None, "2026-03-01T11:00:00Z"),
}


@pytest.mark.parametrize(
    ("time_zone", "case"), [*CASES.items(), *EARLIER.items()], ids=lambda each: str(each[0])
)
def test_a_month_ends_by_the_accounts_own_clocks(
    time_zone: str, case: tuple[str, str | None, str]
) -> None:
    due, ended, following = case
    there = account(time_zone=time_zone, carry_ms=ms(due))
    entry = carried(there, ms(due))

    assert (entry.ended, there.carry_ms) == (ended, ms(following))


def test_months_in_which_nothing_ran_end_one_by_one() -> None:
    there = account(time_zone="Asia/Tokyo", carry_ms=ms("2025-11-30T15:00:00Z"))
    found = []
    while there.carry_ms <= NOW:
        found.append(carried(there, NOW).ended)

    assert found == ["2025-11", "2025-12", "2026-01", "2026-02"]


@given(
    time_zone=st.sampled_from(
        ["UTC", "Asia/Tokyo", "America/Los_Angeles", "Pacific/Kiritimati", "Africa/Cairo"]
    ),
    waits=st.lists(st.integers(0, 20 * DAY), min_size=1, max_size=12),
    is_earlier=st.booleans(),
)
def test_each_month_ends_once_and_none_is_left_out(
    time_zone: str, waits: list[int], *, is_earlier: bool
) -> None:
    """Whenever the timer comes, and whichever release opened the account."""
    first = (
        MONTH if is_earlier else month_end_ms(account(time_zone=time_zone), PLANS, MONTH - 3 * DAY)
    )
    there, now_ms, ended = account(time_zone=time_zone, carry_ms=first), first, []
    for wait in waits:
        now_ms += wait
        while there.carry_ms <= now_ms:
            ended.append(carried(there, now_ms).ended)
    told = [each for each in ended if each is not None]
    months = [f"2026-{number:02}" for number in range(2, 13)]

    assert told == months[: len(told)]
    assert month_at(there, PLANS, there.carry_ms - 1) == months[len(told)]


def test_what_is_sent_for_one_month_has_one_id_and_for_two_has_two() -> None:
    """A month of UTC, and hours later that of the account's clocks, are carried forward both."""
    there = account(time_zone="America/Los_Angeles", carry_ms=MONTH)
    first = timer_command(there, MONTH)
    assert first == timer_command(there, MONTH + DAY)
    carried(there, MONTH)

    assert timer_command(there, there.carry_ms) != first


def carried(there: Account, now_ms: int) -> r.BalanceCarriedForward:
    """Carry an account forward that is due."""
    order = decode_command(timer_command(there, now_ms))
    assert isinstance(order, r.CarryForward)
    journal = Journal()
    assert execute(there, order, source(now_ms), RULES, journal) is None
    (entry,) = (each for each in journal.entries if isinstance(each, r.BalanceCarriedForward))
    return entry


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp()) * 1_000
