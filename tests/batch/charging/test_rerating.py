"""Rerating: a charge that stands is priced anew, once for each job; at every cut, corrected, and redelivered."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xxhash import xxh3_128_digest

from rater.batch.charging.command_batch import CommandBatch
from rater.batch.charging.rerating import RERATED_MAX
from rater.core.charging_settings import SettingsBook
from rater.core.pricing.decks import Deck, Heading
from rater.core.pricing.rates import Row
from rater.core.pricing.rules import Rules
from rater.core.pricing.zones import UTC
from tests.batch.charging.test_any_order import (
    FREE,
    LANDLINE,
    MOBILE,
    PER_MINUTE,
    Version,
    funded,
    sent,
    shown,
    taken,
)
from tests.batch.charging.test_open_suspense import correction, waits
from tests.build import (
    DAY,
    HOUR,
    NOW,
    ROWS,
    RULES,
    UNIT,
    Partition,
    Sent,
    call,
    command,
    funds,
    opened,
    order,
    settings_version,
)
from tests.test_properties import FEW
from topics.manifests import IdState, head_key, unpack_ids

LATER = NOW + HOUR
WHO = {"by": "ann@acme.example", "why": "the deck was wrong", "job_id": "j1"}


def version_of(mobile: int, number: int = 2, valid_from_ms: int = 0) -> Deck:
    """Return a version of the deck that asks so many micros for a minute to a mobile."""
    rows = [row for row in ROWS if row.prefix != "336"]
    heading = Heading("acs", number, "USD", valid_from_ms, UTC)
    made = Deck.of(heading, [*rows, Row(3, "336", mobile * 1_000)])
    assert isinstance(made, Deck), made
    return made


def repriced(rules: Rules = RULES, mobile: int = 150_000, number: int = 2, since: int = 0) -> Rules:
    return rules.with_book(rules.book.with_deck(version_of(mobile, number, since)))


def reprice(partition: Partition, mobile: int = 150_000, number: int = 2) -> Partition:
    partition.rules = repriced(partition.rules, mobile, number)
    return partition


def rerate(entry_id: str, command_id: str = "r1", at_ms: int = LATER, **changes: Any) -> Sent:
    """Return an order on an entry; each lies where its number says, but the last of several tenants."""
    place = {"offset": int(entry_id.rpartition("/")[2]) - 1, "seen_ms": at_ms // DAY * DAY}
    named = {"cdr_id": "c1", "version": 1, "entry_id": entry_id, **place}
    return command(order("rerate_call", command_id, **{**named, **WHO, **changes}), at_ms)


def charges(partition: Partition) -> list[dict[str, Any]]:
    return [each for each in partition.entries() if each["kind"] == "charge"]


def reasons(partition: Partition) -> list[str]:
    return [e["reason"] for e in partition.entries() if e["kind"] == "command_rejected"]


def funded_by(micros: int = 50 * UNIT) -> Partition:
    return opened(("L1", micros))


def test_a_charge_is_taken_back_and_posted_at_the_price_of_now() -> None:
    partition = reprice(funded_by().take(call())).take(rerate("acme/3"))

    back, entry = partition.entries()[-2:]
    assert (back["kind"], back["by"], back["by_version"]) == ("charge_reversed", "rerating", 1)
    assert (back["reverses"], back["reversed_micros"]) == ("acme/3", 125_000)
    assert (back["job_id"], back["actor"], back["why"]) == (
        "j1",
        "ann@acme.example",
        "the deck was wrong",
    )
    assert (entry["charge_micros"], entry["deck_version"]) == (150_000, 2)
    assert (entry["reverses"], entry["generation"], entry["job_id"]) == ("acme/3", 1, "j1")
    assert entry["call"] == charges(partition)[0]["call"]
    assert (entry["source_topic"], entry["at_ms"]) == ("account.timers.v1", LATER)
    assert partition.account().balance == 50 * UNIT - 150_000
    assert partition.last.sums.rerated == {"posted": 1}


def test_what_costs_the_same_is_left_alone() -> None:
    partition = funded_by().take(call())
    before = list(partition.ledger)
    reprice(partition, 125_000).take(rerate("acme/3"))

    assert partition.ledger == before
    assert partition.outcomes["accepted"] == 3
    assert partition.last.sums.rerated == {"unchanged": 1}


def test_the_same_order_again_is_a_duplicate_and_another_of_the_same_job_is_refused() -> None:
    partition = reprice(funded_by().take(call())).take(rerate("acme/3"), rerate("acme/3"))
    partition.take(rerate("acme/3", "r1", LATER + HOUR), rerate("acme/3", "r2"))
    reprice(partition, 175_000, 3).take(rerate("acme/5", "r3"))

    assert partition.outcomes["duplicate"] == 2
    assert reasons(partition) == ["not_standing", "not_standing"]
    assert partition.account().balance == 50 * UNIT - 150_000


def test_an_order_whose_type_is_written_with_escapes_is_an_order_like_any() -> None:
    sent = rerate("acme/3")
    escaped = Sent(
        sent.topic, sent.key, (sent.value or b"").replace(b"rerate", rb"\u0072erate"), sent.at_ms
    )
    partition = reprice(funded_by().take(call())).take(escaped)

    assert partition.last.sums.rerated == {"posted": 1}
    assert partition.account().balance == 50 * UNIT - 150_000


def test_a_ledger_that_is_said_to_be_read_tomorrow_is_no_word_to_take() -> None:
    partition = funded_by().take(call(), call(version=2, kind="void"))
    late = NOW + 20 * DAY
    reprice(partition.take(call(late, cdr_id="now")))
    before = partition.account().balance
    partition.take(rerate("acme/3", at_ms=late, seen_ms=late + 2 * DAY))

    assert reasons(partition) == ["not_standing"]
    assert partition.account().balance == before


def test_another_job_rates_again_what_one_has_posted() -> None:
    partition = reprice(funded_by().take(call())).take(rerate("acme/3"))
    reprice(partition, 100_000, 3).take(rerate("acme/5", "r2", job_id="j2"))

    assert [(e["charge_micros"], e.get("generation", 0)) for e in charges(partition)] == [
        (125_000, 0),
        (150_000, 1),
        (100_000, 2),
    ]
    assert partition.account().balance == 50 * UNIT - 100_000


@pytest.mark.parametrize("cut", [1, 2])
def test_two_jobs_in_one_batch_take_a_charge_back_once(cut: int) -> None:
    asked = [rerate("acme/3"), rerate("acme/3", "r2", job_id="j2")]
    partition = reprice(funded_by().take(call()))
    for first in range(0, 2, cut):
        partition.take(*asked[first : first + cut])

    assert reasons(partition) == ["not_standing"]
    assert partition.account().balance == 50 * UNIT - 150_000


def test_the_head_moves_and_a_correction_takes_back_what_stands_by_then() -> None:
    partition = reprice(funded_by().take(call())).take(rerate("acme/3"))
    ids = {each.state: each for each in unpack_ids(partition.last.ids.tobytes())}
    partition.take(correction(2, LATER, billsec=120))

    assert (ids[IdState.HEAD].content, ids[IdState.HEAD].place) == (1, 4)
    back, entry = partition.entries()[-2:]
    assert (back["reverses"], back["by"]) == ("acme/5", "correction")
    assert (entry["charge_micros"], entry["version"], entry.get("generation")) == (300_000, 2, None)
    partition.take(correction(3, LATER, kind="void"))
    assert partition.account().balance == 50 * UNIT


def test_a_void_takes_back_what_was_rated_again_and_then_nothing_stands() -> None:
    partition = reprice(funded_by().take(call())).take(rerate("acme/3"))
    partition.take(correction(2, LATER, kind="void"), rerate("acme/5", "r2", job_id="j2"))

    assert partition.account().balance == 50 * UNIT
    assert reasons(partition) == ["not_standing"]


def test_the_version_that_stands_is_rated_again() -> None:
    partition = reprice(funded_by().take(call(), correction(2, billsec=120)))
    partition.take(rerate("acme/3"), rerate("acme/5", "r2", version=2))

    assert reasons(partition) == ["not_standing"]
    assert charges(partition)[-1]["charge_micros"] == 300_000
    assert charges(partition)[-1]["version"] == 2
    partition.take(correction(3, LATER, billsec=60))
    assert partition.account().balance == 50 * UNIT - 150_000


def test_a_copy_of_the_cdr_is_a_duplicate_still() -> None:
    partition = reprice(funded_by().take(call())).take(rerate("acme/3"), call())

    assert partition.outcomes["duplicate"] == 1


def test_a_call_that_was_released_from_suspense_is_rated_again() -> None:
    partition = funded_by().take(waits())
    row = Row(20, "999", 60_000_000)
    with_price = Deck.of(Heading("acs", 2, "USD", 0, UTC), [*ROWS, row])
    dearer = Deck.of(Heading("acs", 3, "USD", 0, UTC), [*ROWS, Row(20, "999", 90_000_000)])
    assert isinstance(with_price, Deck)
    assert isinstance(dearer, Deck)
    partition.rules = RULES.with_book(RULES.book.with_deck(with_price))
    released = {"cdr_id": "c1", "version": 1, "suspense_id": "cdr.raw.v1/0/0"}
    partition.take(command(order("release_call", "rel", **released, **WHO), LATER))
    partition.rules = RULES.with_book(RULES.book.with_deck(dearer))
    # The same job, which has released it and not rated it again.
    partition.take(rerate("acme/3"))

    assert charges(partition)[-1]["charge_micros"] == 90_000
    assert "waited" not in charges(partition)[-1]


def test_what_is_not_known_to_stand_is_refused() -> None:
    partition = reprice(funded_by().take(call()))
    partition.take(rerate("acme/3", cdr_id="c9"), rerate("acme/4", "r2"))
    partition.take(rerate("acme/3", "r3", version=2))

    assert reasons(partition) == ["not_standing"] * 3
    assert partition.last.sums.rerated == {"not_standing": 1}


LONG_AFTER = NOW + 40 * DAY


def long_after(partition: Partition) -> Partition:
    """Let so much time pass that nothing of the call is remembered."""
    return partition.take(call(LONG_AFTER, cdr_id="tick", disposition="busy", billsec=0))


def test_a_call_that_is_forgotten_is_rated_again_where_the_ledger_has_it() -> None:
    partition = reprice(long_after(funded_by().take(call())))
    partition.take(rerate("acme/3", at_ms=LONG_AFTER))

    assert partition.account().balance == 50 * UNIT - 150_000
    # Once: its head is remembered from now on. So a correction finds it, too.
    partition.take(rerate("acme/3", "r2", LONG_AFTER + DAY, job_id="j2"))
    assert reasons(partition) == ["not_standing"]
    partition.take(correction(2, LONG_AFTER + DAY, billsec=120))
    assert partition.account().balance == 50 * UNIT - 300_000


@pytest.mark.parametrize(
    "changes",
    [
        {"offset": 1},
        {"offset": 99},
        {"cdr_id": "c9"},
        {"entry_id": "acme/2"},
        {"seen_ms": LONG_AFTER - 7 * DAY},
        {"seen_ms": 0},
    ],
)
def test_what_is_said_of_a_forgotten_call_is_held_against_the_ledger(
    changes: dict[str, Any],
) -> None:
    partition = reprice(long_after(funded_by().take(call())))
    fields = {"entry_id": "acme/3", "offset": 2, "seen_ms": LONG_AFTER // DAY * DAY, **changes}
    partition.take(rerate(fields.pop("entry_id"), at_ms=LONG_AFTER, **fields))

    assert reasons(partition) == ["not_standing"]


def test_what_took_a_forgotten_call_back_lately_is_remembered() -> None:
    partition = reprice(long_after(funded_by().take(call())))
    partition.take(rerate("acme/3", at_ms=LONG_AFTER))
    seen = (LONG_AFTER - DAY) // DAY * DAY
    partition.take(rerate("acme/3", "r2", LONG_AFTER + 2 * DAY, job_id="j2", seen_ms=seen))

    assert reasons(partition) == ["not_standing"]


def test_a_tenant_without_an_account_is_told_so() -> None:
    partition = Partition().take(rerate("nobody/3", tenant_id="nobody"))

    assert reasons(partition) == ["unknown_tenant"]


def test_what_has_no_price_any_more_stays_as_it_was_charged() -> None:
    partition = funded_by().take(call())
    nothing = Deck.of(Heading("acs", 2, "USD", 0, UTC), [Row(4, "44", 15_000_000)])
    assert isinstance(nothing, Deck)
    partition.rules = RULES.with_book(RULES.book.with_deck(nothing))
    partition.take(rerate("acme/3"))

    (refused,) = [e for e in partition.entries() if e["kind"] == "command_rejected"]
    assert (refused["reason"], refused["detail"][:8]) == ("not_priced", "no_rate:")
    assert partition.account().balance == 50 * UNIT - 125_000


def test_where_no_corrections_are_taken_nothing_is_rated_again() -> None:
    rules = RULES.with_settings(SettingsBook(settings_version(0, corrections=False)))
    partition = opened(("L1", 50 * UNIT), rules=rules).take(call())
    reprice(partition).take(rerate("acme/3"))

    assert reasons(partition) == ["not_standing"]


def test_nor_where_they_are_taken_no_more() -> None:
    until = settings_version(2, LATER - 1, corrections=False)
    rules = RULES.with_settings(RULES.settings.with_version(until))
    partition = reprice(opened(("L1", 50 * UNIT), rules=rules).take(call())).take(rerate("acme/3"))

    (refused,) = [e for e in partition.entries() if e["kind"] == "command_rejected"]
    assert (refused["reason"], refused["settings_version"]) == ("not_priced", 2)


def test_late_money_counts_for_no_limit_and_for_the_users_month() -> None:
    partition = opened(("L1", 50 * UNIT))
    partition.take(
        command(order("set_spend_limits", spend_per_hour_micros=140_000), NOW - HOUR),
    )
    user = order("set_user", "u1", user_id="ann", usage_country="US", credits_licence=True)
    partition.take(command({**user, "valid_from": "2026-02-01T00:00:00Z"}, NOW - HOUR))
    partition.take(call(user_id="ann"))
    spent = partition.account().spending.spent
    entry_id = charges(partition)[-1]["entry_id"]
    reprice(partition, 900_000).take(rerate(entry_id, at_ms=NOW + 10_000))

    assert not any(each["kind"] == "spend_limit_tripped" for each in partition.entries())
    assert partition.account().spending.spent == spent == 125_000
    assert json.loads(partition.user_statuses[-1])["spent_micros"] == 900_000


def test_what_both_entries_cross_is_seen_once() -> None:
    """5.00 less 0.10, threshold 4.95: the money comes back, above it, and goes again; it had been told."""
    partition = opened(("L1", 5 * UNIT))
    near = [{"threshold_id": "near", "amount_micros": 4_950_000}]
    partition.take(command(order("set_thresholds", thresholds=near), NOW - HOUR), call())
    told = len(partition.events)
    reprice(partition, 130_000).take(rerate("acme/4"))

    assert partition.account().balance == 4_870_000
    assert [json.loads(each)["kind"] for each in partition.events[told:]] == []
    reprice(partition, 20_000, 3).take(rerate("acme/6", "r2", job_id="j2"))
    assert [json.loads(each)["kind"] for each in partition.events[told:]] == ["threshold_rearmed"]


@pytest.mark.parametrize("size", [1, 3, 100])
def test_many_are_rated_again_at_every_cut(size: int) -> None:
    partition = funded_by().take(*[call(cdr_id=f"c{n}") for n in range(9)])
    reprice(partition)
    asked = [rerate(f"acme/{3 + n}", f"r/{n}", cdr_id=f"c{n}") for n in range(9)]
    asked += asked[:4]
    for first in range(0, len(asked), size):
        partition.take(*asked[first : first + size])

    assert partition.account().balance == 50 * UNIT - 9 * 150_000
    assert partition.outcomes["duplicate"] == 4


def test_so_many_are_read_at_once_as_are_fetched_at_once() -> None:
    partition = funded_by()
    batch = CommandBatch(partition.shard, "account.timers.v1", partition.rules, 1)
    other = command(order("expire_lots", "e1", due_ms=NOW), LATER)
    records = [other, *[rerate("acme/3", f"r{n}") for n in range(RERATED_MAX + 5)]]

    assert batch.read(records) == RERATED_MAX + 1  # type: ignore[arg-type]
    assert batch.needs() == []


def test_redelivered_it_is_skipped() -> None:
    partition = reprice(funded_by().take(call())).take(rerate("acme/3"))
    topic, record = partition.log[-1]
    partition.redeliver(topic, [record])

    assert partition.outcomes["skipped"] == 1
    assert partition.account().balance == 50 * UNIT - 150_000


Calls = st.lists(
    st.tuples(st.integers(0, 6), st.sampled_from((MOBILE, LANDLINE, FREE))), min_size=1, max_size=6
)


@FEW
@given(Calls, st.integers(1, 400_000), st.integers(0, 400_000), st.data())
def test_property_a_stream_rated_again_is_the_stream_rated_right_at_once(
    calls: list[tuple[int, str]], lot: int, price: int, data: st.DataObject
) -> None:
    """R27: where no pool and no limit is involved, in any order of re-ratings, cut anywhere, asked for twice."""
    records = [
        each
        for n, (minutes, to) in enumerate(calls)
        for each in sent([Version("final", minutes, to)], cdr_id=f"c{n}")
    ]
    again = taken(funded([lot], licences=0), records, data)
    before = charges(again)
    reprice(again, price)
    orders = [
        rerate(each["entry_id"], f"r/{each['seq']}", cdr_id=each["cdr_id"]) for each in before
    ]
    asked = data.draw(st.permutations(orders + orders[:2]))
    taken(again, list(asked), data)
    at_once = funded([lot], licences=0)
    reprice(at_once, price).take(*records)

    assert again.account().balance == at_once.account().balance
    assert standing(again) == standing(at_once)
    per_minute = {**PER_MINUTE, MOBILE: price}
    assert sum(standing(again).values()) == sum(m * per_minute[to] for m, to in calls)
    assert reasons(again) == []


def standing(partition: Partition) -> dict[str, int]:
    """Return what stands of each call."""
    taken_back = {e["reverses"] for e in partition.entries() if e["kind"] == "charge_reversed"}
    return {
        each["cdr_id"]: each["charge_micros"]
        for each in charges(partition)
        if each["entry_id"] not in taken_back
    }


@FEW
@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 400_000))
def test_property_seconds_come_back_to_their_pool_and_are_drawn_again(
    first: int, second: int, price: int
) -> None:
    """R27: with pools, alone in its pool a call is as if it had been rated right at once."""
    partition = funded([UNIT]).take(*sent([Version("final", first, MOBILE)]))
    reprice(partition, price)
    partition.take(rerate(charges(partition)[-1]["entry_id"]))
    partition.take(*sent([Version("final", second, MOBILE)], cdr_id="c2"))
    alone = reprice(funded([UNIT]), price)
    alone.take(*sent([Version("final", first, MOBILE)]))
    alone.take(*sent([Version("final", second, MOBILE)], cdr_id="c2"))

    assert shown(partition.account()) == shown(alone.account())


def test_its_head_key_is_that_of_corrections() -> None:
    partition = reprice(funded_by().take(call())).take(rerate("acme/3"))

    hashes = {each.hash for each in unpack_ids(partition.last.ids.tobytes())}
    assert xxh3_128_digest(head_key("acme", "c1")) in hashes


def test_money_of_a_lot_that_is_forfeited_comes_back_in_one_of_its_own() -> None:
    """R26: the lot died, and its grace is over: what comes back lives for 30 days at the least."""
    partition = opened()
    old = NOW - 365 * DAY + HOUR
    partition.take(command(funds("L0", 200_000, bought_ms=old), NOW - HOUR), call())
    reprice(partition, 0).take(rerate("acme/3", at_ms=NOW + 6 * DAY))

    back = partition.entries()[-2]
    assert back["kind"] == "charge_reversed"
    assert back["lot"]["lot_id"] == "returned:acme/3"
    assert back["lot"]["expires_ms"] >= NOW + 36 * DAY
