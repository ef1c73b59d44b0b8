"""What would become of charges: as it becomes of them, and nothing is kept."""

from typing import Any

from rater.batch.charging.rerating_trial import Rerated, ReratingTrials
from tests.batch.charging.test_any_order import MOBILE, Version, funded, sent
from tests.batch.charging.test_rerating import charges, funded_by, reprice, rerate
from tests.build import NOW, UNIT, Partition, call, read_entry
from topics.records import Charge
from topics.records.rerating import RerateCall


def tried(partition: Partition, **changes: Any) -> list[Rerated]:
    """Try each charge out, in the ledger's order."""
    trials = ReratingTrials(partition.shard, partition.rules)
    found = []
    for offset, value in enumerate(partition.ledger):
        entry = read_entry(value)
        if isinstance(entry, Charge):
            named = (entry.tenant_id, entry.cdr_id, entry.version, entry.entry_id)
            order = RerateCall("x", *named, offset, 0, "j1", "ann")
            found.append(trials.try_out(order, entry, NOW))
    return found


def test_it_says_what_would_be_posted_and_posts_nothing() -> None:
    partition = reprice(funded_by().take(call(), call(cdr_id="c2", to="+33142685300")))
    before = list(partition.ledger)

    assert tried(partition) == [
        Rerated("posted", 125_000, 150_000),
        Rerated("unchanged", 20_000, 20_000),
    ]
    assert [each.difference_micros for each in tried(partition)] == [25_000, 0]
    assert partition.ledger == before
    assert partition.account().balance == 50 * UNIT - 145_000


def test_what_cannot_be_rated_again_says_why() -> None:
    partition = funded_by().take(call())
    partition.rules = partition.rules.with_book(type(partition.rules.book).of([]))

    ((outcome, before, after, detail),) = tried(partition)
    assert (outcome, before, after) == ("not_priced", 125_000, 125_000)
    assert detail.startswith("unknown_deck")


def test_an_account_that_is_not_there_is_said_to_be_so() -> None:
    partition = funded_by().take(call())
    entry = read_entry(partition.ledger[-1])
    order = RerateCall("x", "acme", "c1", 1, entry.entry_id, 2, 0, "j1", "ann")

    assert ReratingTrials(Partition().shard, partition.rules).try_out(order, entry, NOW)[0] == (
        "unknown_tenant"
    )


def test_each_finds_what_those_before_it_leave_and_so_do_the_orders() -> None:
    """Of a pool of three minutes the first call gives back two, and draws them again."""
    partition = funded([UNIT])
    for n, minutes in enumerate((2, 3)):
        partition.take(*sent([Version("final", minutes, MOBILE)], cdr_id=f"c{n}"))
    reprice(partition, 200_000)
    would = tried(partition)
    for n, each in enumerate(charges(partition)):
        partition.take(rerate(each["entry_id"], f"r{n}", cdr_id=each["cdr_id"]))

    assert [each.after_micros for each in would] == [0, 400_000]
    assert [(e["cdr_id"], e["charge_micros"]) for e in charges(partition)[2:]] == [("c1", 400_000)]
