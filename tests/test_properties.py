"""Properties: what holds for every history, not only for those that somebody thought of (I1-I15).

Derandomised and short, so that every run is the same; RATER_EXAMPLES=2000 runs long, at random.
"""

import json
import os
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any, Literal
from zoneinfo import ZoneInfo

import msgspec
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from rater.batch.charging.batch import begin
from rater.batch.charging.lot_ids import LotIdsShard
from rater.batch.charging.open_suspense import SuspenseShard
from rater.batch.charging.users import UsersShard
from rater.core.account.account import Account, pays_later
from rater.core.account.applying import apply
from rater.core.account.burn import hours_remaining
from rater.core.account.user_terms import terms_of, with_terms
from rater.core.cdr import Cdr
from rater.core.limits import GRACE_MS, WINDOW_DAYS
from rater.core.pricing.rules import Rules
from rater.core.suspension import Suspension
from rater.core.times import from_millis
from rater.reconcile.folds.burn import Burn
from rater.shell.admin.validation import RecordCheck
from rater.shell.stream.pieces import pieces
from rater.wire.account.commands import decode_command
from rater.wire.account.state import decode_account, decode_head, encode_account
from rater.wire.account.user_rows import decode_user
from rater.wire.cdrs import decode_cdr
from rater.wire.malformed import Malformed
from rater.wire.outputs import encode_dead, encode_suspended, timer_command
from tests.build import (
    DAY,
    HOUR,
    NOW,
    RULES,
    UNIT,
    Partition,
    Sent,
    Stored,
    call,
    command,
    funds,
    opening,
    order,
    read_entry,
    settings_version,
    shortfall_of,
    source,
)
from tests.strategies import (
    NUMBERS,
    SHORT_PAUSES_MS,
    TENANTS,
    WHOLE_CDR,
    WHOLE_COMMAND,
    accounts,
    batches,
    damaged,
    histories,
    odd_cdrs,
)
from topics import records as r
from topics.catalog import (
    ACCOUNT_STATUS,
    ACCOUNT_TIMERS,
    BALANCE_EVENTS,
    CDR_RAW,
    DEAD,
    LEDGER,
    SUSPENSE,
    USER_STATUS,
    Topic,
)

EXAMPLES = os.environ.get("RATER_EXAMPLES")
COMMON = {
    "deadline": None,
    "derandomize": not EXAMPLES,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large],
}
FEW = settings(max_examples=int(EXAMPLES or 80), **COMMON)  # type: ignore[arg-type]
MANY = settings(max_examples=int(EXAMPLES or 300), **COMMON)  # type: ignore[arg-type]


def played(history: Sequence[Sent], rules: Rules = RULES) -> Partition:
    return Partition(rules).take_each(history)


def entries_of(partition: Partition, tenant_id: str) -> list[Any]:
    """Return the entries that changed an account, in order."""
    found = [read_entry(value) for value in partition.ledger]
    return [
        entry
        for entry in found
        if entry.tenant_id == tenant_id and not isinstance(entry, r.CommandRejected)
    ]


def events_of(partition: Partition) -> list[dict[str, Any]]:
    """Return the events of those entries, in order: a refusal is told as often as it is made."""
    found = map(json.loads, partition.events)
    return [event for event in found if event["kind"] != "credit_refused"]


def known_tenants(partition: Partition) -> list[str]:
    return [name for name in TENANTS if partition.shard.accounts.get(name.encode())]


def fold(entries: Sequence[Any]) -> Account:
    first = entries[0]
    account = Account(first.tenant_id, first.currency, first.time_zone, first.decks)
    for entry in entries:
        apply(account, entry)
    return account


@FEW
@given(histories())
def test_property_money_is_conserved(history: list[Sent]) -> None:
    partition = played(history)

    for tenant_id in known_tenants(partition):
        entries = entries_of(partition, tenant_id)
        account = partition.account(tenant_id)
        assert account.balance == sum(entry.amount_micros for entry in entries)
        assert account.balance == sum(lot.remaining for lot in account.lots) - account.debt
        assert [entry.balance_micros for entry in entries][-1] == account.balance
        assert all(lot.remaining > 0 for lot in account.lots + account.expired)
        check_lots(entries, account)


def check_lots(entries: Sequence[Any], account: Account) -> None:
    """Hold what each lot was granted against what it paid, has left, and forfeited."""
    granted: Counter[str] = Counter()
    gone: Counter[str] = Counter({lot.lot_id: lot.remaining for lot in account.lots})
    gone.update({lot.lot_id: lot.remaining for lot in account.expired})
    for entry in entries:
        if lot := getattr(entry, "lot", None):
            granted[lot.lot_id] += lot.granted_micros
            gone[lot.lot_id] += lot.overdraft_paid_micros
        for part in getattr(entry, "draws", ()):
            assert part.source in ("lot", "shortfall", "post_paid")
            if part.source == "lot":
                gone[part.id] += part.amount_micros or 0
        if isinstance(entry, r.LotForfeited):
            gone[entry.lot_id] += entry.forfeited_micros

    assert gone == granted


@FEW
@given(histories())
def test_property_the_ledger_alone_rebuilds_the_account(history: list[Sent]) -> None:
    partition = played(history)

    for tenant_id in known_tenants(partition):
        account = partition.account(tenant_id)
        again = fold(entries_of(partition, tenant_id))
        for name in REBUILT:
            assert getattr(again, name) == getattr(account, name), name
        for kept, made in (
            (account.thresholds, again.thresholds),
            (account.hour_thresholds, again.hour_thresholds),
        ):
            shown = [(t.threshold_id, t.amount) for t in kept]
            assert [(t.threshold_id, t.amount) for t in made] == shown


@FEW
@given(histories())
def test_property_the_ledger_alone_rebuilds_the_users(history: list[Sent]) -> None:
    partition = played(history)
    made: dict[tuple[str, str], tuple[r.UserTerms, ...]] = {}

    for entry in map(read_entry, partition.ledger):
        if isinstance(entry, r.UserSet):
            name = (entry.tenant_id, entry.user_id)
            new = terms_of(entry, entry.valid_from_ms, entry.seq)
            made[name] = with_terms(made.get(name, ()), new, entry.at_ms)
    kept = [decode_user(value) for _, value in partition.shard.users.items()]
    assert {(each.tenant_id, each.user_id): each.terms for each in kept} == made


REBUILT = (
    *("seq", "balance", "debt", "lots", "expired", "closed_ms", "forfeited_to_ms"),
    *("recharge_seq", "spending", "currency", "decks", "past", "contract", "time_zone"),
)
"""All but what is said already (thresholds that are armed, statuses), and what follows from the rest."""


@FEW
@given(histories())
def test_property_the_same_records_give_the_same_bytes(history: list[Sent]) -> None:
    assert played(history).outputs() == played(history).outputs()


sizes = st.lists(st.integers(1, 12), min_size=1, max_size=5)


@FEW
@given(histories(), sizes)
def test_property_where_a_batch_is_cut_changes_no_byte(
    history: list[Sent], sizes: list[int]
) -> None:
    check_cut(history, batches(history, sizes))


@settings(FEW, phases=[Phase.generate])
@given(histories(), sizes)
def test_property_where_a_batch_over_several_days_is_cut_changes_no_byte(
    history: list[Sent], sizes: list[int]
) -> None:
    check_cut(history, batches(history, sizes, across_days=True))


@FEW
@given(histories(), odd_cdrs())
def test_property_a_batch_in_pieces_of_any_size_writes_the_same_bytes(
    history: list[Sent], odd: dict[str, Any]
) -> None:
    middle = history[len(history) // 2].at_ms if history else NOW
    said = (json.dumps(odd).encode(), b"{not json", b"{}")
    strange = [Sent(CDR_RAW.name, b"acme", value, middle) for value in said]
    history = [*history[: len(history) // 2], *strange, *history[len(history) // 2 :]]
    whole = in_pieces(history, 5_000)

    assert all(whole == in_pieces(history, size) for size in (1, 7, 256))


def in_pieces(history: Sequence[Sent], size: int) -> list[Any]:
    """Take a history in the largest batches, each in pieces of so many records; return all that is written."""
    partition, written, ends = Partition(), [], Counter[str]()
    for sent in batches(list(history), [5_000], across_days=True):
        topic = sent[0].topic
        records = [
            Stored(ends[topic] + n, each.at_ms, each.key, each.value) for n, each in enumerate(sent)
        ]
        ends[topic] += len(records)
        batch = begin(partition.shard, topic, partition.rules, 1)
        outputs: dict[str, list[Any]] = defaultdict(list)
        for piece in pieces(records, size):
            batch.read(piece)
            batch.decide()
            for name, some in batch.decision.outputs():
                outputs[name] += some
        decision = batch.decision
        decision.place({name: range(len(outputs[name])) for name in decision.PLACED})
        manifest = decision.manifest(records[0].offset, records[-1].offset + 1)
        written.append((outputs, decision.changelogs(), manifest, decision.charged))
        partition.shard.apply(decision)
    return written


def check_cut(history: list[Sent], cut: list[list[Sent]]) -> None:
    one_by_one = played(history)
    partition = Partition()
    for batch in cut:
        partition.take(*batch)

    assert partition.outputs() == one_by_one.outputs()
    assert partition.outcomes == one_by_one.outcomes
    assert dict(partition.shard.accounts.items()) == dict(one_by_one.shard.accounts.items())
    assert dict(partition.shard.users.items()) == dict(one_by_one.shard.users.items())


@FEW
@given(histories(), st.sampled_from((1, 2)), st.booleans())
def test_property_a_record_that_comes_again_changes_nothing(
    history: list[Sent],
    copies: int,
    late: bool,  # noqa: FBT001
) -> None:
    once = played(history)

    again = played(with_copies(history, copies, late=late))

    for tenant_id in TENANTS:
        assert without_places(again, tenant_id) == without_places(once, tenant_id)
    assert events_of(again) == events_of(once)
    assert again.outcomes["duplicate"] >= once.outcomes["duplicate"]


def with_copies(history: list[Sent], copies: int, *, late: bool) -> list[Sent]:
    """Return the history with copies of every record: right behind it, or almost a week later.

    Not a week later of one whose id was there before: a conflict is not remembered, and the first content may be
    forgotten by then (D8).
    """
    names: set[tuple[Any, ...]] = set()
    out: list[Sent] = []
    waiting: list[Sent] = []
    for record in history:
        due = [each for each in waiting if each.at_ms + 6 * DAY < record.at_ms]
        # In the order in which the originals came; at the time of what came last.
        out += [
            Sent(each.topic, each.key, each.value, out[-1].at_ms if out else each.at_ms)
            for each in due
            if out[-1].at_ms < each.at_ms + 6 * DAY
        ]
        waiting = [each for each in waiting if each not in due]
        out.append(record)
        if late:
            fields = json.loads(record.value or b"{}")
            name = (record.key, fields.get("cdr_id"), fields.get("command_id"))
            waiting += [] if name in names else [record]
            names.add(name)
        else:
            out += [record] * copies
    return out


def without_places(partition: Partition, tenant_id: str) -> list[Any]:
    """Return a tenant's entries without the offsets that they name, which copies of records move."""
    places = ("source_offset", "cdr_offset", "command_offset", "request_offset")
    return [
        {name: said for name, said in msgspec.to_builtins(entry).items() if name not in places}
        for entry in entries_of(partition, tenant_id)
    ]


def is_a_forgotten_repeat(partition: Partition, topic: str, record: Stored) -> bool:
    """Tell whether a record repeats a command whose id has been forgotten since (D8).

    A repeat changes nothing, its account has not applied its offset, and a broker delivers it again only as long as
    the batch that found it a repeat is not committed.
    """
    command_id = json.loads(record.value or b"{}").get("command_id")
    if command_id is None:
        return False
    first = next(
        each
        for of, each in partition.log
        if of == topic
        and each.key == record.key
        and json.loads(each.value or b"{}").get("command_id") == command_id
    )
    newest_ms = max(each.timestamp for _, each in partition.log)
    return first is not record and newest_ms - first.timestamp > (WINDOW_DAYS - 1) * DAY


@FEW
@given(histories(), st.integers(1, 30))
def test_property_records_delivered_again_after_a_crash_change_no_money(
    history: list[Sent], last: int
) -> None:
    partition = played(history)
    money = money_of(partition)

    for topic, record in partition.log[-last:]:
        if not is_a_forgotten_repeat(partition, topic, record):
            partition.redeliver(topic, [record])

    assert money_of(partition) == money


def money_of(
    partition: Partition,
) -> tuple[list[Any], list[dict[str, Any]], dict[str, int]]:
    entries = [entry for name in TENANTS for entry in entries_of(partition, name)]
    balances = {name: partition.account(name).balance for name in known_tenants(partition)}
    return entries, events_of(partition), balances


turns = st.lists(st.tuples(st.sampled_from(("last", "first")), st.integers(-1, 40)), max_size=3)
"""Versions of the settings: when promotional credit is drawn, and from which day after NOW on."""


def turning(turns: Sequence[tuple[Literal["first", "last"], int]]) -> Rules:
    """Return the rules with versions of the settings that say when promotional credit is drawn."""
    book = RULES.settings
    for number, (drawn, day) in enumerate(turns, 1):
        since_ms = NOW + day * DAY
        book = book.with_version(settings_version(number, since_ms, promotional_credit=drawn))
    return RULES.with_settings(book)


@FEW
@given(histories(), turns)
def test_property_lots_pay_in_order_and_never_after_their_expiry(
    history: list[Sent], turns: list[tuple[Literal["first", "last"], int]]
) -> None:
    rules = turning(turns)
    partition = played(history, rules)
    ended = {}
    for record in history:
        cdr = decode_cdr(record.value) if record.topic == CDR_RAW.name else None
        if isinstance(cdr, Cdr):
            to = cdr.to if cdr.dialled is None else cdr.dialled
            ended[cdr.tenant_id, cdr.cdr_id, cdr.answered_ms, to, cdr.billsec] = cdr.ended_ms

    for tenant_id in known_tenants(partition):
        entries = entries_of(partition, tenant_id)
        account = fold(entries[:1])
        for entry in entries[1:]:
            if isinstance(entry, r.Charge) and entry.charge_micros:
                place = (
                    tenant_id,
                    entry.cdr_id,
                    entry.call.answered_ms,
                    entry.call.to,
                    entry.call.duration_s,
                )
                drawn = rules.settings.at(entry.at_ms).promotional_credit
                check_draws(account, entry, (ended[place], drawn), owing_month(entries, entry))
                paid = [(d.amount_micros or 0) for d in entry.draws if d.source != "pool"]
                assert sum(paid) == entry.charge_micros
            apply(account, entry)


def owing_month(entries: Sequence[Any], charge: r.Charge) -> str | None:
    """Return the month that owes what lots do not pay: the mode that was known is the one at the call's start."""
    call = charge.call
    started_ms = call.answered_ms if call.started_ms is None else call.started_ms
    known = [e for e in entries if isinstance(e, r.BillingModeSet) and e.seq < charge.seq]
    begun = [(e.valid_from_ms, e.seq, e.mode) for e in known if e.valid_from_ms <= started_ms]
    is_later = bool(begun) and max(begun)[2] == "post_paid"
    known = [e for e in entries if e.seq < charge.seq]
    return month_of(known, started_ms) if is_later else None


def month_of(entries: Sequence[Any], at_ms: int) -> str:
    """Return the month of an instant by the time zones that entries have set, of an account that began in UTC."""
    turns: list[r.TimeZoneSet] = []
    for each in entries:
        if isinstance(each, r.TimeZoneSet):
            turns = [turn for turn in turns if turn.valid_from_ms < each.valid_from_ms]
            turns.append(each)
    begun = [turn for turn in turns if turn.valid_from_ms <= at_ms]
    zone = ZoneInfo(begun[-1].time_zone if begun else "UTC")
    shown = f"{from_millis(at_ms).astimezone(zone):%Y-%m}"
    return max(shown, begun[-1].month) if begun else shown


def check_draws(
    account: Account, charge: r.Charge, call: tuple[int, str], month: str | None
) -> None:
    """Hold the draws against a model that takes one step after the other; `call`: its end, and what is drawn first."""
    ended_ms, drawn = call
    expected = []
    left = charge.charge_micros
    for lots, grace in ((account.expired, True), (account.lots, False)):
        turn = {(True, "first"): 0, (False, "last"): 0}
        for lot in sorted(
            lots,
            key=lambda lot: (
                turn.get((lot.category is not None, drawn), 1),
                *(lot.purchased_ms, lot.lot_id),
            ),
        ):
            part = min(left, lot.remaining) if ended_ms <= lot.expires_ms else 0
            if part:
                expected.append((lot.lot_id, part, grace))
            left -= part

    assert [(d.id, d.amount_micros, d.grace) for d in charge.draws if d.source == "lot"] == expected
    assert shortfall_of(charge) == (0 if month else left)
    later = [(d.id, d.amount_micros) for d in charge.draws if d.source == "post_paid"]
    assert later == ([(month, left)] if month and left else [])


@FEW
@given(histories())
def test_property_a_month_owes_what_was_drawn_of_it_and_a_limit_is_told_in_time(
    history: list[Sent],
) -> None:
    partition = Partition()
    for record in history:
        partition.take(record)
        for account in partition.last.changed.values():
            contract = account.contract
            if contract is None or not contract.billing.limit:
                continue
            now_ms = max(record.at_ms, contract.billing.said_ms)
            month = month_of(entries_of(partition, account.tenant_id), now_ms)
            reached = contract.owed.get(month, 0) >= contract.billing.limit
            assert contract.billing.is_reached == reached
    for tenant_id in known_tenants(partition):
        owed: Counter[str] = Counter()
        for entry in entries_of(partition, tenant_id):
            for draw in getattr(entry, "draws", ()):
                if draw.source == "post_paid":
                    owed[draw.id] += draw.amount_micros or 0
        contract = partition.account(tenant_id).contract
        assert owed == ({} if contract is None else contract.owed)


@FEW
@given(histories())
def test_property_expired_lots_leave_in_time(history: list[Sent]) -> None:
    partition = Partition()
    for record in history:
        partition.take(record)
        # Money that recharge has captured is taken whatever its date; the next record has such a lot leave.
        opened = {e.lot.lot_id for e in partition.last_entries if isinstance(e, r.FundsAdded)}
        for account in partition.last.changed.values():
            left = [lot for lot in account.lots if lot.lot_id not in opened]
            assert all(lot.expires_ms > record.at_ms for lot in left)
            late = [lot for lot in account.expired if lot.expires_ms + GRACE_MS <= record.at_ms]
            assert late == []


@FEW
@given(histories())
def test_property_thresholds_are_edges_and_none_is_missing(history: list[Sent]) -> None:
    partition = played(history)
    seen: dict[str, list[tuple[int, str, str]]] = defaultdict(list)
    for value in map(json.loads, partition.events):
        if value["kind"] in {"threshold_crossed", "threshold_rearmed"}:
            seen[value["tenant_id"]].append((value["seq"], value["kind"], value["threshold_id"]))
        if value["kind"] in {"balance_exhausted", "balance_restored", "settings_changed"}:
            seen[value["tenant_id"]].append((value["seq"], value["kind"], ""))

    for tenant_id in known_tenants(partition):
        assert seen[tenant_id] == expected_edges(entries_of(partition, tenant_id))
        account = partition.account(tenant_id)
        if pays_later(account):
            continue
        assert all(t.armed == (account.balance >= t.amount) for t in account.thresholds)
        runway = hours_remaining(account)
        for t in account.hour_thresholds:
            assert t.armed == (runway is None or runway >= t.amount)


Armed = dict[tuple[int, str], bool]


def expected_edges(entries: Sequence[Any]) -> list[tuple[int, str, str]]:
    """Say which edges the entries of an account must have fired, from balances and an independent burn alone."""
    edges: list[tuple[int, str, str]] = []
    armed: Armed = {}
    hours: Armed = {}
    balance, later = 0, False
    burn = Burn()
    for entry in entries:
        burn.take(entry)
        if isinstance(entry, r.ThresholdsSet):
            edges.append((entry.seq, "settings_changed", ""))
            kept = {name for _, name in (*armed, *hours) if name.startswith("auto_recharge")}
            amounts = {t.threshold_id: t.amount_micros for t in entry.thresholds}
            armed = rearranged(armed, amounts, kept)
            hours = rearranged(hours, {t.threshold_id: t.hours for t in entry.thresholds}, kept)
        if isinstance(entry, r.AutoRechargeSet):
            on = entry.enabled
            others = {"low", "mid", "top"}
            armed = rearranged(armed, {"auto_recharge": on and entry.trigger_micros}, others)
            hours = rearranged(hours, {"auto_recharge_hours": on and entry.trigger_h}, others)
        was_funded, balance = balance > 0 or later, entry.balance_micros
        if isinstance(entry, r.BillingStateChanged):
            later = entry.state != "prepaid"
        if later:
            # Nothing is crossed, but that the balance is not asked for any more.
            edges += [] if was_funded else [(entry.seq, "balance_restored", "")]
            continue
        down, up = turned(armed, balance)
        edges += [(entry.seq, "threshold_crossed", name) for name in down]
        if balance <= 0 and was_funded:
            edges.append((entry.seq, "balance_exhausted", ""))
        if balance > 0 and not was_funded:
            edges.append((entry.seq, "balance_restored", ""))
        edges += [(entry.seq, "threshold_rearmed", name) for name in up]
        down, up = turned(hours, 10**9 if (h := burn.hours_remaining(balance)) is None else h)
        edges += [(entry.seq, "threshold_crossed", name) for name in down]
        edges += [(entry.seq, "threshold_rearmed", name) for name in up]
    return edges


def rearranged(armed: Armed, wanted: dict[str, Any], kept: set[str]) -> Armed:
    """Return the thresholds wanted and kept, as armed as before."""
    keys = [(-amount, name) for name, amount in wanted.items() if amount]
    keys += [key for key in armed if key[1] in kept - set(wanted)]
    # A threshold of nothing is one, but a trigger of none is none.
    keys += [(0, name) for name, amount in wanted.items() if amount == 0 and amount is not False]
    return {key: armed.get(key, True) for key in keys}


def turned(armed: Armed, level: int) -> tuple[list[str], list[str]]:
    """Turn the thresholds that a level crosses or re-arms; return their names in order."""
    crossed = [key for key in sorted(armed) if armed[key] and level < -key[0]]
    rearmed = [key for key in sorted(armed, reverse=True) if not armed[key] and level >= -key[0]]
    armed |= dict.fromkeys(crossed, False) | dict.fromkeys(rearmed, True)
    return [name for _, name in crossed], [name for _, name in rearmed]


@FEW
@given(histories())
def test_property_sequence_numbers_have_no_gap(history: list[Sent]) -> None:
    partition = played(history)

    for tenant_id in known_tenants(partition):
        entries = entries_of(partition, tenant_id)
        assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
        assert partition.account(tenant_id).seq == len(entries)


@FEW
@given(histories())
def test_property_every_record_is_counted_once(history: list[Sent]) -> None:
    partition = played(history)
    kinds = [json.loads(value)["kind"] for value in partition.ledger]
    outcomes = partition.outcomes

    assert outcomes.total() == len(history)
    assert outcomes["rated"] + outcomes["free"] == kinds.count("charge")
    assert kinds.count("command_rejected") == sum(
        count for name, count in outcomes.items() if name.startswith("rejected.")
    )
    assert len(partition.suspense) == sum(
        count for name, count in outcomes.items() if name.startswith("suspended.")
    )


@FEW
@given(histories(pauses=SHORT_PAUSES_MS))
def test_property_a_call_is_charged_at_most_once(history: list[Sent]) -> None:
    charged = Counter(
        (entry["tenant_id"], entry["cdr_id"])
        for entry in played(history).entries()
        if entry["kind"] == "charge"
    )

    assert set(charged.values()) <= {1}


@FEW
@given(histories())
def test_property_one_tenant_does_not_touch_another(history: list[Sent]) -> None:
    together = played(history)

    for tenant_id in TENANTS:
        alone = played([record for record in history if record.key == tenant_id.encode()])
        assert without_places(together, tenant_id) == without_places(alone, tenant_id)


@FEW
@given(histories(closes=False, pauses=(0,)), st.randoms(use_true_random=False))
def test_property_the_order_of_calls_does_not_change_what_they_cost(
    history: list[Sent], shuffled: Any
) -> None:
    orders = [record for record in history if record.topic != CDR_RAW.name]
    calls = unique_calls(history)
    mixed = list(calls)
    shuffled.shuffle(mixed)

    assert charges(played(orders + calls)) == charges(played(orders + mixed))


def unique_calls(history: Sequence[Sent]) -> list[Sent]:
    """Return the calls without those that share an id: which of them is first is charged."""
    by_id: dict[tuple[str, str], Sent] = {}
    for record in history:
        cdr = decode_cdr(record.value) if record.topic == CDR_RAW.name else None
        if isinstance(cdr, Cdr):
            by_id.setdefault((cdr.tenant_id, cdr.cdr_id), record)
    return list(by_id.values())


def charges(partition: Partition) -> dict[tuple[str, str], int]:
    return {
        (entry["tenant_id"], entry["cdr_id"]): entry["charge_micros"]
        for entry in partition.entries()
        if entry["kind"] == "charge"
    }


@FEW
@given(histories())
def test_property_what_is_written_is_in_the_published_language(history: list[Sent]) -> None:
    partition = played(history)
    told = (BALANCE_EVENTS, ACCOUNT_STATUS, USER_STATUS)
    topics: tuple[Topic, ...] = (LEDGER, *told, SUSPENSE, DEAD)

    for topic, values in zip(topics, partition.outputs(), strict=True):
        for value in values:
            assert CHECKS[topic.name].problems(json.loads(value)) == [], value


CHECKS = {
    topic.name: RecordCheck(topic)
    for topic in (CDR_RAW, LEDGER, BALANCE_EVENTS, ACCOUNT_STATUS, USER_STATUS, SUSPENSE, DEAD)
}


@FEW
@given(histories())
def test_property_a_partition_read_back_from_bytes_goes_on_alike(history: list[Sent]) -> None:
    """Restart after every record: accounts as they stand in the changelog, decoded anew."""
    without = played(history)
    partition = Partition()
    for record in history:
        partition.take(record)
        kept = list(partition.shard.accounts.items())
        partition.shard.accounts = type(partition.shard.accounts)()
        partition.shard.accounts.load(kept)
        partition.shard.lot_ids = LotIdsShard()
        partition.shard.lot_ids.load(list(partition.lots_changelog.items()))
        partition.shard.users = UsersShard()
        partition.shard.users.load(list(partition.users_changelog.items()))
        partition.shard.suspense = SuspenseShard()
        partition.shard.suspense.load(list(partition.suspense_changelog.items()))

    assert partition.outputs() == without.outputs()
    assert dict(partition.shard.users.items()) == dict(without.shard.users.items())
    assert dict(partition.shard.suspense.items()) == dict(without.shard.suspense.items())


@MANY
@given(accounts)
def test_property_an_account_comes_back_from_its_bytes(account: Account) -> None:
    value = encode_account(account)
    head = decode_head(value)

    assert decode_account(value) == account
    assert (head.dirty, head.due_ms) == (account.dirty, account.due_ms)
    offsets = account.cdr_offset, account.command_offset, account.request_offset
    assert head.offsets == (*offsets, account.timer_offset)
    assert encode_account(decode_account(value)) == value


def must_not_raise(value: bytes) -> None:
    """Read bytes as a CDR and as a command, and write what has to be written of them."""
    for decode in (decode_cdr, decode_command):
        found = decode(value)
        if isinstance(found, Malformed):
            letter = json.loads(encode_dead(b"acme", value, source(), found))
            assert CHECKS[DEAD.name].problems(letter) == []
        elif isinstance(found, Cdr):
            why = Suspension("no_rate", "to: no prefix matches")
            record = json.loads(encode_suspended(found, value, source(), why))
            assert CHECKS[SUSPENSE.name].problems(record) == []
            assert record["cdr"].encode() == value


@MANY
@given(st.one_of(st.binary(max_size=60), st.text(max_size=60).map(str.encode)))
def test_property_no_bytes_make_the_readers_raise(value: bytes) -> None:
    must_not_raise(value)


@MANY
@given(st.one_of(damaged(WHOLE_CDR), damaged(WHOLE_COMMAND)))
def test_property_no_damage_makes_the_readers_raise(value: bytes) -> None:
    must_not_raise(value)


@MANY
@given(
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
        lambda inner: st.one_of(
            st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=12), inner, max_size=4)
        ),
        max_leaves=12,
    ),
    st.sampled_from(("note", "cdr_id", "to", "billsec", "started_at", "thresholds", "type")),
)
def test_property_no_json_makes_the_readers_raise(anything: Any, name: str) -> None:
    for whole in (WHOLE_CDR, WHOLE_COMMAND):
        must_not_raise(json.dumps({**json.loads(whole), name: anything}).encode())
    must_not_raise(json.dumps(anything).encode())


@settings(MANY, max_examples=int(EXAMPLES or 1500))
@given(odd_cdrs())
def test_property_the_schema_and_the_worker_agree_on_every_cdr(fields: dict[str, Any]) -> None:
    """Known differences, all deliberate, are kept out: see `differs`."""
    value = json.dumps(fields).encode()
    read = decode_cdr(value)
    problems = CHECKS[CDR_RAW.name].problems(json.loads(value))

    if not differs(fields, read):
        assert isinstance(read, Malformed) == bool(problems), (read, problems)


def differs(fields: dict[str, Any], read: Cdr | Malformed) -> bool:
    """Say whether schema and worker differ on purpose.

    The schema sees one field at a time: it knows no order of times. The worker does not look into what decides no
    charge: which year `ingest_ts` has, which characters the ids of others.
    """
    if isinstance(read, Malformed) and "not in order" in read.detail:
        return True
    unlooked_at = ("ingest_ts", "user_id", "organizer_id", "leg_of", "conference_id")
    return (
        isinstance(read, Cdr)
        and CHECKS[CDR_RAW.name].problems({**fields, **dict.fromkeys(unlooked_at)}) == []
    )


class Life(RuleBasedStateMachine):
    """A partition under whatever order of calls, orders, copies and time; checked after every step."""

    def __init__(self) -> None:
        """Begin with nothing."""
        super().__init__()
        self.partition = Partition()
        self.now = NOW
        self.calls: list[Sent] = []
        self.numbers = iter(range(10**6))

    @initialize(thresholds=st.lists(st.integers(-2, 6), max_size=3, unique=True))
    def open(self, thresholds: list[int]) -> None:
        """Open the account, with thresholds."""
        settings = [
            {"threshold_id": f"t{units}", "amount_micros": units * UNIT} for units in thresholds
        ]
        self.order(opening())
        self.order(order("set_thresholds", "thresholds", thresholds=settings))

    @rule(amount=st.integers(1, 4 * UNIT), days=st.sampled_from((0, 0, 100, 364, 365, 366, 370)))
    def fund(self, amount: int, days: int) -> None:
        """Add a lot that was bought some days ago."""
        number = next(self.numbers)
        self.order(funds(f"L{number}", amount, bought_ms=self.now - days * DAY))

    @rule(amount=st.integers(-3 * UNIT, 3 * UNIT))
    def adjust(self, amount: int) -> None:
        """Change the balance by hand."""
        fields = {"amount_micros": amount, "currency": "USD", "reason": "by hand"}
        self.order(order("adjust", f"a{next(self.numbers)}", **fields))

    @rule(
        to=st.sampled_from(NUMBERS),
        seconds=st.integers(0, 1_200),
        age_ms=st.sampled_from((0, 1_000, HOUR, 40 * HOUR, 3 * DAY)),
    )
    def call(self, to: str, seconds: int, age_ms: int) -> None:
        """Charge a call that ended some time ago."""
        fields = {"cdr_id": f"c{next(self.numbers)}", "to": to, "billsec": seconds}
        self.calls.append(call(self.now, ended_ms=self.now - age_ms, **fields))
        self.partition.take(self.calls[-1])

    @precondition(lambda self: self.calls)
    @rule(which=st.integers(0, 10**6))
    def repeat(self, which: int) -> None:
        """Deliver a call of the last days once more: nothing of it is new."""
        recent = [sent for sent in self.calls if sent.at_ms + 3 * DAY > self.now]
        if recent:
            sent = recent[which % len(recent)]
            before = list(self.partition.ledger)
            self.partition.take(Sent(sent.topic, sent.key, sent.value, self.now))
            kinds = [json.loads(value)["kind"] for value in self.partition.ledger[len(before) :]]
            assert "charge" not in kinds

    @rule(pause_ms=st.sampled_from((1, 500, 1_000, HOUR, 47 * HOUR, 2 * DAY, 30 * DAY, 200 * DAY)))
    def wait(self, pause_ms: int) -> None:
        """Let time pass, and the timers fire that are due."""
        self.now += pause_ms
        # Months that were missed end one by one (A104).
        for _ in range(2 + pause_ms // (28 * DAY)):
            for key, due_ms in self.partition.shard.accounts.due(self.now):
                value = self.partition.shard.accounts.get(key)
                assert value is not None
                order = timer_command(decode_account(value), due_ms)
                self.partition.take(Sent(ACCOUNT_TIMERS.name, key, order, self.now))
        assert self.partition.shard.accounts.due(self.now) == []

    @rule()
    def flush(self) -> None:
        """Publish what is owed; then nothing is."""
        self.partition.flush(self.now)
        assert self.partition.shard.accounts.dirty() == []

    def order(self, fields: dict[str, Any]) -> None:
        """Send an order now."""
        self.partition.take(command(fields, self.now))

    @invariant()
    def the_books_are_right(self) -> None:
        """Hold the account against its ledger, its lots and its thresholds."""
        entries = entries_of(self.partition, "acme")
        if not entries:
            return
        account = self.partition.account()
        assert account.balance == sum(entry.amount_micros for entry in entries)
        assert account.balance == sum(lot.remaining for lot in account.lots) - account.debt
        assert [entry.seq for entry in entries] == list(range(1, account.seq + 1))
        assert all(t.armed == (account.balance >= t.amount) for t in account.thresholds)
        assert account.dirty == (b"acme" in self.partition.shard.accounts.dirty())
        check_lots(entries, account)

    @invariant()
    def what_is_allowed_is_published(self) -> None:
        """Hold the last status against the account: an owed one hides a balance, not what is allowed."""
        if self.partition.statuses:
            account = self.partition.account()
            status = json.loads(self.partition.statuses[-1])
            assert (account.balance > 0) == (status["blocked"] == [])
            assert account.dirty or status["balance_micros"] == account.balance


TestPropertyLife = Life.TestCase
TestPropertyLife.settings = settings(FEW, stateful_step_count=25)
