"""Running sums: what accounts hold and what led there, carried from step to step; and that both agree."""

import json

import msgspec
import pytest

from rater.batch.charging.batch import decide
from rater.batch.charging.partition_state import BatchesShard
from rater.batch.charging.running_sums import begun, begun_anew, can_be_said
from rater.core.account.lots import CreditLot
from tests.build import (
    DAY,
    HOUR,
    NOW,
    RULES,
    UNIT,
    Partition,
    call,
    command,
    correcting,
    funds,
    opened,
    opening,
    order,
)
from topics.catalog import ACCOUNT_COMMANDS, CDR_RAW
from topics.manifests import split_manifest
from topics.records.running_sums import SUM_MICROS_MAX, CurrencySums, RunningSums

CALL = 125_000


def sums_of(partition: Partition) -> RunningSums:
    sums = partition.shard.batches.sums
    assert sums is not None
    return sums


def usd(partition: Partition) -> CurrencySums:
    return sums_of(partition).currencies["USD"]


def adds_up(sums: CurrencySums) -> bool:
    came = sums.opening_micros + sums.funds_added_micros + sums.adjusted_micros
    back = sums.charge_reversed_micros + sums.payment_restored_micros
    went = sums.charged_micros + sums.payment_reversed_micros + sums.forfeited_micros
    return came + back - went == sums.held_micros


def manifest_of(partition: Partition, end: int = 1) -> bytes:
    return partition.last.manifest(end - 1, end)


def test_a_charge_takes_from_what_is_held() -> None:
    partition = opened(("L1", UNIT)).take(call(), call(), call(cdr_id="b"))

    held = UNIT - 2 * CALL
    assert usd(partition) == CurrencySums(held, funds_added_micros=UNIT, charged_micros=2 * CALL)
    assert sums_of(partition).step == 3


def test_a_shortfall_is_debt_which_is_held_the_other_way_round() -> None:
    partition = opened().take(call(), call(cdr_id="b"))

    assert usd(partition) == CurrencySums(-2 * CALL, charged_micros=2 * CALL)


def test_what_expires_is_held_in_grace_until_it_is_forfeited() -> None:
    partition = opened(("L1", UNIT))
    year = 366 * DAY
    partition.take(command(order("expire_lots", due_ms=NOW), NOW + year))
    assert (usd(partition).held_micros, usd(partition).in_grace_micros) == (UNIT, UNIT)

    partition.take(command(order("expire_lots", command_id="e2", due_ms=NOW), NOW + year + 3 * DAY))
    assert usd(partition) == CurrencySums(0, funds_added_micros=UNIT, forfeited_micros=UNIT)


def test_a_correction_gives_back_and_charges_again() -> None:
    partition = Partition(correcting())
    partition.take(command(opening(), NOW - HOUR), command(funds("L1", UNIT), NOW - HOUR), call())
    partition.take(call(version=2, kind="correction", billsec=120))

    sums = usd(partition)
    assert sums.charge_reversed_micros == CALL
    assert sums.charged_micros > CALL
    assert adds_up(sums)


def test_money_by_hand_is_signed() -> None:
    partition = opened(("L1", UNIT))
    partition.take(command(order("adjust", amount_micros=-300_000, currency="USD", reason="r")))

    assert usd(partition).adjusted_micros == -300_000
    assert adds_up(usd(partition))


def test_each_currency_has_sums_of_its_own_and_one_in_which_nothing_happened_has_none() -> None:
    partition = opened(("L1", UNIT))
    partition.take(command(opening("globex", currency="EUR")))
    assert sums_of(partition).currencies.keys() == {"USD"}

    more = funds("L1", 7 * UNIT, currency="EUR", tenant_id="globex")
    partition.take(command(more))
    assert sums_of(partition).currencies["EUR"] == CurrencySums(
        7 * UNIT, funds_added_micros=7 * UNIT
    )


def test_they_are_read_back_from_the_last_manifest_whatever_its_source() -> None:
    partition = opened(("L1", UNIT)).take(call())
    first = manifest_of(partition)
    partition.take(command(funds("L2", UNIT)))
    last = manifest_of(partition, 9)

    shard = BatchesShard()
    shard.load([(None, first), (None, last)])
    assert shard.sums == sums_of(partition)
    assert shard.next_offsets == {CDR_RAW.name: 1, ACCOUNT_COMMANDS.name: 9}


def test_without_a_manifest_that_has_them_they_begin_with_what_the_accounts_hold() -> None:
    partition = opened(("L1", UNIT)).take(call())
    header, ids = split_manifest(manifest_of(partition))
    del header["sums"]
    partition.shard.batches.load([(None, json.dumps(header).encode() + b"\n" + ids)])
    assert partition.shard.batches.sums is None

    partition.take(call(cdr_id="b"))
    held = UNIT - CALL
    assert usd(partition) == CurrencySums(held - CALL, opening_micros=held, charged_micros=CALL)
    assert sums_of(partition).step == 1


def test_bad_sums_are_refused_with_the_field() -> None:
    header, ids = split_manifest(manifest_of(opened(("L1", UNIT))))
    header["sums"]["currencies"]["USD"]["held_micros"] = "much"
    value = json.dumps(header).encode() + b"\n" + ids

    with pytest.raises(ValueError, match=r"batch manifest: sums: .*held_micros"):
        BatchesShard().load([(None, value)])


def test_sums_beyond_their_bounds_are_not_said_and_begin_anew() -> None:
    partition = opened(("L1", UNIT))
    full = CurrencySums(UNIT, charged_micros=SUM_MICROS_MAX, funds_added_micros=SUM_MICROS_MAX)
    partition.shard.batches.sums = RunningSums(7, {"USD": full}, 5)
    partition.take(call())

    header, _ = split_manifest(manifest_of(partition))
    assert "sums" not in header
    assert sums_of(partition) == RunningSums(
        0, {"USD": CurrencySums(UNIT - CALL, opening_micros=UNIT - CALL)}, 2 + 1
    )
    partition.take(call(cdr_id="b"))
    header, _ = split_manifest(manifest_of(partition))
    assert header["sums"]["step"] == 1


def test_they_are_the_same_wherever_a_batch_is_cut() -> None:
    sent = [call(cdr_id=f"c{n}") for n in range(7)]
    whole = opened(("L1", UNIT)).take(*sent)
    cut = opened(("L1", UNIT)).take_each(sent)

    assert sums_of(whole).currencies == sums_of(cut).currencies
    assert sums_of(whole).ledger_next_offset == sums_of(cut).ledger_next_offset


def test_they_can_be_said_up_to_their_bounds() -> None:
    assert can_be_said(RunningSums(1, {"USD": CurrencySums(-SUM_MICROS_MAX)}))
    assert not can_be_said(RunningSums(1, {"USD": CurrencySums(-SUM_MICROS_MAX - 1)}))
    assert begun([]) == RunningSums(0, {})
    assert begun_anew(RunningSums(3, {"USD": CurrencySums(0, charged_micros=0)})).currencies == {}


def test_a_lot_that_lost_money_without_an_entry_is_a_difference() -> None:
    partition = opened(("L1", UNIT))
    decision = decide(partition.shard, CDR_RAW.name, [], RULES, 1)
    account = partition.account()
    decision.conservation.touch(account)
    account.lots[0].remaining -= 3

    # Once from what was moved, once from what the balance says.
    assert decision.conservation.differences() == {"USD": 6}


def test_an_entry_that_no_account_took_is_a_difference() -> None:
    partition = opened(("L1", UNIT))
    decision = decide(partition.shard, CDR_RAW.name, [], RULES, 1)
    paid_in = msgspec.structs.replace(partition.last_entries[0], amount_micros=5)
    decision.conservation.entry(paid_in)

    assert decision.conservation.differences() == {"USD": 5}


def test_balances_that_are_not_their_lots_are_a_difference_though_both_sums_agree() -> None:
    account = opened(("L1", UNIT)).account()
    account.lots.append(CreditLot("L2", NOW, NOW + DAY, 4, NOW))
    decision = decide(opened().shard, CDR_RAW.name, [], RULES, 1)
    decision.conservation.touch(account)

    assert decision.conservation.differences() == {"USD": 4}
