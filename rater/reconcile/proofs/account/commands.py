"""Commands: every account command that was read was carried out as it says, refused, or found to be a duplicate."""

from collections.abc import Iterator
from typing import Any

from rater.reconcile.difference import Complaint, Difference
from rater.reconcile.folds.books import (
    ORDERS,
    UNASKED,
    Books,
    LedgerEntry,
)
from rater.reconcile.folds.causes import command_id_of, is_by_command
from rater.reconcile.inputs import Inputs
from rater.reconcile.proofs.account.call_commands import freed, recycled
from rater.reconcile.reading.log import Record
from rater.reconcile.reading.sources import SourceCommand, millis
from topics import catalog
from topics import records as r
from topics.authority import TOPIC_OF
from topics.fields import NO_CURRENCY

PROOF = "commands"

_KINDS = {
    "open_account": "account_opened",
    "add_funds": "funds_added",
    "set_thresholds": "thresholds_set",
    "adjust": "adjusted",
    "reverse_payment": "payment_reversed",
    "restore_payment": "payment_restored",
    "close_account": "account_closed",
    "reopen_account": "account_reopened",
    "open_credits": "credits_opened",
    "set_decks": "decks_set",
    "set_entitlements": "entitlements_set",
    "set_billing_mode": "billing_mode_set",
    "set_user": "user_set",
    "set_unlicensed_calls": "unlicensed_calls_set",
    "set_auto_recharge": "auto_recharge_set",
    "set_payment_methods": "payment_methods_set",
    "set_recipients": "recipients_set",
    "set_spend_limits": "spend_limits_set",
    "set_time_zone": "time_zone_set",
    "resume_recharge": "recharge_resumed",
    "carry_forward": "balance_carried_forward",
    "drop_call": "call_dropped",
}
"""The kind of entry that carries out each type of command; a timer's `expire_lots` has none of its own."""


def prove(evidence: Inputs) -> Iterator[Difference]:
    """Prove it for every command in the range of the batches."""
    for topic in ORDERS:
        yield from _prove_topic(evidence, topic)


def _prove_topic(evidence: Inputs, topic: str) -> Iterator[Difference]:
    books = evidence.books
    outcomes = evidence.outcomes[topic]
    entered = {
        (entry.tenant_id, _command_id(books, entry))
        for entry in books.ledger.values()
        if entry.source_topic == topic
    }
    for offset, record in books.sources[topic].items():
        came_to = outcomes.get(offset, [])
        is_dead = any(outcome.topic == catalog.DEAD.name for outcome in came_to)
        if is_dead or evidence.batches[topic].locate(offset) is None:
            continue
        if not came_to and not evidence.kept.has_all(topic, offset):
            continue
        command = books.commands[topic].get(offset)
        is_repeated = not came_to and evidence.may_be_repeated(record.at_ms)
        if command is None or not (came_to or is_repeated or _may_be_silent(command, entered)):
            wrong = Complaint("outcome", "an entry, a dead letter or a first copy", None)
            yield evidence.differ(PROOF, topic, offset, record.key, wrong)
            continue
        for outcome in came_to:
            entry = books.ledger[outcome.offset]
            for wrong in _hold(command, record, entry):
                yield evidence.differ(PROOF, outcome.topic, outcome.offset, entry.tenant_id, wrong)


def _command_id(books: Books, entry: LedgerEntry) -> str | None:
    """Return the command that an entry carries out or refuses."""
    if not is_by_command(entry):
        return command_id_of(entry)
    command = books.commands[entry.source_topic].get(entry.source_offset)
    return None if command is None else command.command_id


def _may_be_silent(command: SourceCommand, entered: set[tuple[str, str | None]]) -> bool:
    """Say whether a command may leave no entry: the timer's, a re-rating without a difference, and a second copy."""
    return (
        command.type in ("expire_lots", "rerate_call")
        or (command.tenant_id, command.command_id) in entered
    )


def _hold(command: SourceCommand, record: Record, entry: LedgerEntry) -> Iterator[Complaint]:
    """Hold an entry against the command that it carries out or refuses."""
    for name, right, said in _facts(command, record, entry):
        if right != said:
            yield Complaint(name, f"{right!r}, as in the command", said)


def _facts(
    command: SourceCommand, record: Record, entry: LedgerEntry
) -> Iterator[tuple[str, object, object]]:
    """Yield name, the command's value and the entry's value of all that they have in common."""
    yield "at_ms", record.at_ms, entry.at_ms
    yield "tenant_id", command.tenant_id, entry.tenant_id
    if entry.kind != "command_rejected" or entry.reason != "misrouted":
        yield "key", command.tenant_id.encode(), record.key
    match entry.kind:
        case "command_rejected":
            yield "command_id", command.command_id, entry.command_id
            yield "command_type", command.type, entry.command_type
            yield from _waits(command, entry)
            yield from _refused_credit(command, entry)
            return
        case "account_opened" | "credits_opened":
            yield from _opened(command, entry)
        case "funds_added" | "adjusted" | "payment_reversed" | "payment_restored":
            yield from _money(command, entry)
        case "thresholds_set":
            asked, said = (
                [(t.threshold_id, t.amount_micros, t.hours, t.label) for t in each or ()]
                for each in (command.thresholds, entry.thresholds)
            )
            yield "thresholds", asked, said
        case "account_closed" | "account_reopened" | "decks_set" | "unlicensed_calls_set":
            yield from _standing(command, entry)
        case "entitlements_set" | "billing_mode_set" | "user_set":
            yield from _contract(command, record, entry)
        case "balance_carried_forward":
            yield "month_ms", command.due_ms, entry.month_ms
        case kind if kind in ("charge", "charge_reversed", *UNASKED):
            yield from freed(command, entry)
            return
        case _:
            yield from _setting(command, entry)
    yield "command_id", command.command_id, command_id_of(entry)
    yield "kind", _KINDS.get(command.type), entry.kind
    yield "source_topic", TOPIC_OF.get(command.type), entry.source_topic


def _opened(command: SourceCommand, entry: Any) -> Iterator[tuple[str, object, object]]:
    """Yield what the entry that opens an account, or its credits, repeats of its command."""
    yield "currency", command.currency or NO_CURRENCY, entry.currency
    yield "decks", command.decks or [], list(entry.decks)
    if entry.kind == "account_opened":
        yield "time_zone", command.time_zone, entry.time_zone


def _money(command: SourceCommand, entry: Any) -> Iterator[tuple[str, object, object]]:
    """Yield what the entry of money in or out repeats of its command."""
    yield "currency", command.currency, entry.currency
    match entry.kind:
        case "funds_added":
            bought = None if command.purchased_at is None else millis(command.purchased_at)
            yield "amount_micros", command.amount_micros, entry.amount_micros
            yield "lot.lot_id", command.lot_id, entry.lot.lot_id
            yield "lot.purchased_ms", bought, entry.lot.purchased_ms
            category = None if command.category == "paid" else command.category
            yield "lot.category", category, entry.lot.category
            if command.expires_at is not None:
                yield "lot.expires_ms", millis(command.expires_at), entry.lot.expires_ms
            yield "recharge_seq", command.recharge_seq, entry.recharge_seq
            yield "payment_command_id", command.payment_command_id, entry.payment_command_id
        case "adjusted":
            yield "amount_micros", command.amount_micros, entry.amount_micros
            yield "reason", command.reason, entry.reason
        case "payment_reversed" | "payment_restored":
            yield "moved_micros", command.amount_micros, entry.moved_micros
            for name in ("payment_id", "reversed_micros", "reversal_id", "reversal"):
                yield name, getattr(command, name), getattr(entry, name)


def _standing(command: SourceCommand, entry: Any) -> Iterator[tuple[str, object, object]]:
    yield "reason", command.reason, entry.reason
    if entry.kind == "unlicensed_calls_set":
        yield "calls", command.calls, entry.calls
    if entry.kind == "decks_set":
        yield "decks", command.decks, list(entry.decks)


_USER = (
    *("user_id", "usage_country", "credits_licence", "monthly_spend_limit_micros"),
    *("outbound_calls", "conference_dial_out"),
)


def _contract(
    command: SourceCommand, record: Record, entry: Any
) -> Iterator[tuple[str, object, object]]:
    from_ms = record.at_ms if command.valid_from is None else millis(command.valid_from)
    yield "valid_from_ms", from_ms, entry.valid_from_ms
    yield "reason", command.reason, entry.reason
    if entry.kind == "user_set":
        yield "dated_back", from_ms < record.at_ms, entry.dated_back
        yield "plan_ids", command.plan_ids or [], list(entry.plan_ids)
        for name in _USER:
            yield name, getattr(command, name), getattr(entry, name)
        return
    if entry.kind == "billing_mode_set":
        yield "mode", command.mode, entry.mode
        yield "credit_limit_micros", command.credit_limit_micros, entry.credit_limit_micros
        return
    asked, said = (
        [(e.plan_id, e.usage_country, e.licences) for e in each or ()]
        for each in (command.entitlements, entry.entitlements)
    )
    yield "entitlements", asked, said


def _waits(
    command: SourceCommand, entry: r.CommandRejected
) -> Iterator[tuple[str, object, object]]:
    """Yield what a refusal says of the call that waits on; of any other nothing."""
    said, is_waiting = entry.waits, entry.reason == "still_waits"
    wanted = (command.cdr_id, command.version, command.suspense_id) if is_waiting else None
    found = None if said is None else (said.cdr_id, said.version, said.suspense_id)
    yield "waits", wanted, found


def _refused_credit(
    command: SourceCommand, entry: r.CommandRejected
) -> Iterator[tuple[str, object, object]]:
    """Yield what a refusal says of captured money; of any other command nothing."""
    is_credit = command.type == "add_funds" and command.recharge_seq is not None
    for name, asked, said in (
        ("lot_id", command.lot_id, entry.lot_id),
        ("credit_micros", command.amount_micros, entry.credit_micros),
        ("payment_command_id", command.payment_command_id, entry.payment_command_id),
    ):
        yield name, asked if is_credit else None, said


_LIMITS = (
    *("spend_per_hour_micros", "cost_per_call_micros"),
    *("high_rate_micros", "new_high_rate_destinations_max"),
)
_AUTO_RECHARGE = (
    *("enabled", "trigger_micros", "trigger_h", "mode"),
    *("target_micros", "count_cap", "money_cap_micros"),
)


def _setting(command: SourceCommand, entry: LedgerEntry) -> Iterator[tuple[str, object, object]]:
    """Yield what the entry of a setting repeats of its command."""
    if entry.kind == "call_dropped":
        yield from recycled(command, entry)
        return
    names: tuple[str, ...] = ("actor", "actor_role")
    match entry.kind:
        case "auto_recharge_set":
            names += _AUTO_RECHARGE
            yield "recharge_micros", command.amount_micros, entry.recharge_micros
        case "payment_methods_set":
            asked = [(m.reference, m.customer, m.label) for m in command.methods or ()]
            yield "methods", asked, [(m.reference, m.customer, m.label) for m in entry.methods]
        case "recipients_set":
            asked_of = (len(command.emails or ()), command.language, command.webhook is not None)
            yield "statements", command.statements, entry.statements
            yield (
                "emails, language, webhook",
                asked_of,
                (*(entry.emails, entry.language, entry.webhook),),
            )
        case "spend_limits_set":
            names += _LIMITS
        case "recharge_resumed":
            names += ("reason",)
        case "time_zone_set":
            names += ("time_zone", "reason")
    for name in names:
        yield name, getattr(command, name), getattr(entry, name)
