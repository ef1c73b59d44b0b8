"""Lot ids: what came or went by hand comes or goes once in an account's life, whatever the window forgets (R9)."""

from typing import Any

import pytest

from rater.batch.charging import lot_ids
from rater.batch.charging.accounts import AccountsShard
from rater.batch.charging.lot_ids import LotIdsShard
from rater.batch.charging.open_suspense import SuspenseShard
from rater.batch.charging.partition_state import BatchesShard, Shard
from rater.batch.charging.users import UsersShard
from rater.core.account.lots import lot_expiry_ms
from rater.core.limits import LOT_IDS_MAX
from rater.core.times import to_text
from tests.build import DAY, HOUR, NOW, UNIT, Partition, call, command, funds, opened, order
from topics.keys import lot_key

YEAR = 366 * DAY
GRACE = 2 * DAY


def refusals(partition: Partition) -> list[str]:
    return [e["reason"] for e in partition.entries() if e["kind"] == "command_rejected"]


def adjust(micros: int, command_id: str = "adj-1") -> dict[str, object]:
    return {
        "type": "adjust",
        "command_id": command_id,
        "tenant_id": "acme",
        "amount_micros": micros,
        "currency": "USD",
        "reason": "sorry",
    }


def used_up() -> Partition:
    """Return a partition whose account has used up its only lot."""
    partition = opened(("L1", 125_000)).take(call())
    assert partition.account().lots == []
    return partition


def restarted(partition: Partition) -> Partition:
    """Let a worker read the accounts and lot ids back, and find the manifests deleted by time."""
    shard, old = (
        Shard(0, AccountsShard(), BatchesShard(), LotIdsShard(), UsersShard(), SuspenseShard()),
        partition.shard,
    )
    shard.accounts.load(list(old.accounts.items()))
    shard.lot_ids.load(list(partition.lots_changelog.items()))
    partition.shard = shard
    return partition


@pytest.mark.parametrize("anew", [False, True])
@pytest.mark.parametrize("days", [9, 40, 364])
def test_the_same_purchase_after_the_window_is_not_credited_again(days: int, anew: bool) -> None:  # noqa: FBT001
    partition = used_up()
    if anew:
        restarted(partition)

    partition.take(command(funds("L1", 125_000, bought_ms=NOW - HOUR), NOW + days * DAY))

    assert refusals(partition) == ["lot_exists"]
    assert partition.account().balance == 0


@pytest.mark.parametrize("anew", [False, True])
@pytest.mark.parametrize("micros", [UNIT, -UNIT])
@pytest.mark.parametrize("days", [9, 400, 4_000])
def test_the_same_adjustment_after_the_window_is_not_posted_again(
    micros: int,
    days: int,
    anew: bool,  # noqa: FBT001
) -> None:
    """Up or down; it has no date of its own that would refuse it, so its id is kept for good."""
    partition = opened().take(command(adjust(micros)))
    before = partition.account().balance
    if anew:
        restarted(partition)

    partition.take(command(adjust(micros), NOW + days * DAY))

    assert refusals(partition) == ["adjustment_repeated"]
    moved = [e["amount_micros"] for e in partition.entries() if e["kind"] == "adjusted"]
    assert (before, moved) == (micros, [micros])


def moved_back(kind: str, micros: int) -> dict[str, object]:
    """Return a command of recharge: half of the payment goes back, or comes back."""
    return {
        "type": kind,
        "command_id": f"{kind}/acme/1",
        "tenant_id": "acme",
        "payment_id": "pi_1",
        "amount_micros": micros,
        "reversed_micros": micros if kind == "reverse_payment" else 0,
        "currency": "USD",
        "reversal_id": "dp_1",
        "reversal": "dispute",
    }


@pytest.mark.parametrize("anew", [False, True])
@pytest.mark.parametrize("kind", ["reverse_payment", "restore_payment"])
@pytest.mark.parametrize("days", [9, 400, 4_000])
def test_the_same_reversal_after_the_window_moves_no_money_again(
    kind: str,
    days: int,
    anew: bool,  # noqa: FBT001
) -> None:
    """Also where the lot that it opened has been used up, and nothing on the account knows of it."""
    credit = funds("pi_1", 125_000, recharge_seq=1, payment_command_id="pc-1")
    partition = opened().take(command(credit))
    for each in ("reverse_payment", "restore_payment"):
        partition.take(command(moved_back(each, 125_000)))
    partition.take(call())
    assert (partition.account().balance, partition.account().lots) == (0, [])
    if anew:
        restarted(partition)

    partition.take(command(moved_back(kind, 125_000), NOW + days * DAY))

    assert refusals(partition) == ["reversal_repeated"]
    assert partition.account().balance == 0


def test_a_reversal_is_taken_also_where_no_more_ids_are_kept_of_what_is_done_by_hand() -> None:
    partition = opened(("pi_1", UNIT))
    full = [lot_ids.record("acme", f"L{n}", None) for n in range(LOT_IDS_MAX)]
    partition.shard.lot_ids.load(list(full))

    partition.take(command(adjust(UNIT)), command(moved_back("reverse_payment", UNIT)))

    assert refusals(partition) == ["too_many_lot_ids"]
    assert partition.account().balance == 0


def test_no_purchase_can_have_the_name_of_a_reversal() -> None:
    partition = opened().take(command(funds("reversed:reverse_payment/acme/1")))
    partition.take(command(moved_back("reverse_payment", UNIT)))

    assert refusals(partition) == ["reserved_lot"]


def test_within_the_window_the_same_adjustment_is_a_duplicate_that_leaves_no_entry() -> None:
    partition = opened().take(command(adjust(UNIT)), command(adjust(UNIT)))

    assert (refusals(partition), partition.outcomes["duplicate"]) == ([], 1)


def test_a_lot_cannot_be_opened_under_the_name_of_an_adjustment_nor_the_other_way() -> None:
    partition = opened(("adjust:b", UNIT)).take(command(adjust(-UNIT, "a")))

    partition.take(command(funds("adjust:a", command_id="x")), command(adjust(UNIT, "b")))

    assert refusals(partition) == ["lot_exists", "adjustment_repeated"]


def test_a_purchase_that_would_open_expired_is_refused() -> None:
    bought = NOW - YEAR
    partition = opened().take(command(funds("old", bought_ms=bought)))

    assert refusals(partition) == ["purchase_expired"]
    assert partition.entries()[-1]["detail"] == (
        f"purchased_at: {to_text(bought)}, expires_at: {to_text(lot_expiry_ms(bought))}, "
        "the lot would open expired"
    )


def test_an_opening_balance_of_a_migrated_customer_keeps_its_old_date() -> None:
    partition = opened().take(command(funds("old", bought_ms=NOW - 360 * DAY)))

    assert refusals(partition) == []
    assert partition.account().balance == UNIT


def test_money_that_recharge_captured_is_taken_whatever_its_date() -> None:
    late = funds("pi_1", bought_ms=NOW - YEAR, recharge_seq=1, payment_command_id="pc-1")
    partition = opened().take(command(late))

    assert refusals(partition) == []


def test_an_id_is_forgotten_when_the_grace_of_its_lot_is_over_and_its_purchase_stays_refused() -> (
    None
):
    partition = used_up()
    expires = partition.lot_expiries["L1"]
    key = lot_key("acme", "L1")

    partition.take(command(adjust(-1, "a"), expires + GRACE - 1))
    assert partition.lots_changelog[key] is not None
    partition.take(command(adjust(-1, "b"), expires + GRACE))
    assert partition.lots_changelog[key] is None

    again = funds("L1", 125_000, bought_ms=NOW - HOUR, command_id="again")
    partition.take(command(again, expires + GRACE))
    assert refusals(partition) == ["purchase_expired"]


@pytest.mark.parametrize("anew", [False, True])
def test_a_record_with_an_old_time_does_not_bring_a_forgotten_purchase_back(anew: bool) -> None:  # noqa: FBT001
    """A tool that copies records with their times; a worker whose manifests, and stream time, are gone."""
    partition = used_up()
    partition.take(command(adjust(-1), partition.lot_expiries["L1"] + GRACE))
    if anew:
        restarted(partition)

    again = funds("L1", 125_000, bought_ms=NOW - HOUR, command_id="again")
    partition.take(command(again, NOW))

    assert refusals(partition) == ["purchase_expired"]


def test_a_purchase_of_another_year_may_use_a_name_again_that_was_forgotten() -> None:
    partition = used_up()
    later = partition.lot_expiries["L1"] + GRACE

    partition.take(command(funds("L1", 125_000, bought_ms=later, command_id="new"), later))

    assert refusals(partition) == []


def test_the_cut_of_batches_decides_nothing() -> None:
    later = NOW + YEAR + 3 * DAY
    history = [
        command(adjust(-1), later),
        command(funds("L1", 125_000, bought_ms=NOW - HOUR, command_id="x"), NOW + DAY),
        command(funds("L1", 125_000, bought_ms=later, command_id="y"), later),
        command(funds("L1", 125_000, bought_ms=later, command_id="z"), later + 9 * DAY),
    ]

    one, each = used_up().take(*history), used_up().take_each(history)

    assert one.entries() == each.entries()
    assert refusals(one) == ["purchase_expired", "lot_exists"]
    assert one.lots_changelog == each.lots_changelog


def test_an_account_remembers_so_many_ids_and_then_refuses_until_one_is_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lot_ids, "LOT_IDS_MAX", 3)
    partition = opened(("L1", UNIT), ("L2", UNIT)).take(command(adjust(-UNIT, "a")))

    for each in (funds("L3"), adjust(UNIT, "b"), adjust(-UNIT, "c")):
        partition.take(command(each))
    assert refusals(partition) == ["too_many_lot_ids"] * 3
    partition.take(command(funds("pi_1", recharge_seq=1, payment_command_id="p")))
    assert len(refusals(partition)) == 3

    later = partition.lot_expiries["L2"] + GRACE
    partition.take(command(funds("L3", bought_ms=later, command_id="later"), later))
    assert len(refusals(partition)) == 3


def test_the_bound_is_that_of_one_account_and_counts_what_was_read_back() -> None:
    shard = LotIdsShard()
    shard.load([lot_ids.record("acme", f"L{n}", None) for n in range(LOT_IDS_MAX)])

    assert shard.count("acme") == LOT_IDS_MAX == 20_000
    assert shard.count("globex") == 0


def test_the_same_id_read_twice_counts_once_and_a_tombstone_takes_it_away() -> None:
    shard = LotIdsShard()
    key, value = lot_ids.record("acme", "L1", NOW)
    shard.load([(key, value), (key, value)])
    assert (shard.count("acme"), shard.due(NOW - 1), shard.due(NOW)) == (1, [], [key])

    shard.load([(key, None), (key, None)])
    assert (shard.count("acme"), key in shard, shard.due(NOW)) == (0, False, [])


def test_bytes_that_are_no_lot_id_are_not_guessed_at() -> None:
    with pytest.raises(ValueError, match="lot ids changelog"):
        LotIdsShard().load([(b"lot 4 acme L1", b"{}")])
    with pytest.raises(ValueError, match="has a value that is none"):
        LotIdsShard().load([(b"lot 4 acme L1", b'{"kind":"remembered","layout":2}')])


@pytest.mark.parametrize(
    ("written", "found"), [(b'"layout":3,', "found 3"), (b"", "found none")], ids=["newer", "older"]
)
def test_a_lot_id_of_another_layout_is_refused_by_both_numbers(written: bytes, found: str) -> None:
    key, value = lot_ids.record("acme", "L1", NOW)
    other = value.replace(b'"layout":2,', written)

    with pytest.raises(ValueError, match=f"lot ids changelog layout: must be 2, {found}: another"):
        LotIdsShard().load([(key, other)])


def test_adjustments_with_long_ids_have_lots_of_their_own() -> None:
    long = "x" * 127
    partition = opened().take(command(adjust(UNIT, long + "1")), command(adjust(UNIT, long + "2")))

    assert refusals(partition) == []
    names = {e["lot"]["lot_id"] for e in partition.entries() if e["kind"] == "adjusted"}
    assert [len(name) for name in names] == [128, 128]


GIVEN = {"category": "promotional", "expires_at": to_text(NOW + DAY)}
BACK = {
    "payment_id": "G1",
    "amount_micros": 5,
    "reversed_micros": 5,
    "currency": "USD",
    "reversal_id": "re_1",
    "reversal": "refund",
}


@pytest.mark.parametrize("uses", [[], [adjust(-UNIT, "uses-up")]], ids=["there", "used up"])
def test_promotional_credit_is_not_refunded_while_its_id_is_remembered(uses: list[Any]) -> None:
    partition = opened().take(command(funds("G1", UNIT, **GIVEN)))
    partition.take(*[command(each) for each in uses])
    partition.take(command(order("reverse_payment", "back", **BACK)))
    assert partition.entries()[-1]["reason"] == "not_refundable"

    again = opened().take(command(funds("G1", UNIT, **GIVEN)), *[command(each) for each in uses])
    again.take(command(order("reverse_payment", "back", **BACK)))
    assert again.entries()[-1]["reason"] == "not_refundable"


def test_the_id_of_promotional_credit_is_remembered_until_its_own_grace_is_over() -> None:
    partition = opened().take(command(funds("G1", UNIT, **GIVEN)))
    shard = LotIdsShard()
    shard.load(list(partition.lots_changelog.items()))
    key = lot_key("acme", "G1")

    assert (shard.due(NOW + DAY + GRACE - 1), shard.promotional) == ([], {key})
    assert shard.due(NOW + DAY + GRACE) == [key]
    shard.load([(key, None)])
    assert shard.promotional == set()


def test_promotional_credit_cannot_come_again_when_its_id_is_forgotten() -> None:
    partition = opened().take(command(funds("G1", UNIT, **GIVEN)))
    later = NOW + DAY + GRACE + HOUR
    partition.take(command({**funds("G1", UNIT, **GIVEN), "command_id": "again"}, later))

    assert partition.entries()[-1]["reason"] == "purchase_expired"
