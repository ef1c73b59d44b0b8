"""Orders: every account command that was read was carried out as it says, refused, or found to be a duplicate."""

from collections.abc import Iterator

from rater.reconcile.books import COMMANDS, LedgerEntry, command_id_of
from rater.reconcile.difference import Complaint, Difference
from rater.reconcile.evidence import Evidence
from rater.reconcile.log import Record
from rater.reconcile.sources import SourceCommand, millis
from topics import catalog

PROOF = "commands"

_KINDS = {
    "open_account": "account_opened",
    "add_funds": "funds_added",
    "set_thresholds": "thresholds_set",
    "adjust": "adjusted",
    "close_account": "account_closed",
}
"""The kind of entry that carries out each type of command; a timer's `expire_lots` has none of its own."""


def prove(evidence: Evidence) -> Iterator[Difference]:
    """Prove it for every command in the range of the batches."""
    books = evidence.books
    outcomes = evidence.outcomes[COMMANDS]
    entered = {(entry.tenant_id, command_id_of(entry)) for entry in books.ledger.values()}
    for offset, record in books.sources[COMMANDS].items():
        came_to = outcomes.get(offset, [])
        is_dead = any(outcome.topic == catalog.DEAD.name for outcome in came_to)
        if is_dead or evidence.batches[COMMANDS].locate(offset) is None:
            continue
        command = books.commands.get(offset)
        if command is None or not (came_to or _may_be_silent(command, entered)):
            wrong = Complaint("outcome", "an entry, a dead letter or a first copy", None)
            yield evidence.differ(PROOF, COMMANDS, offset, record.key, wrong)
            continue
        for outcome in came_to:
            entry = books.ledger[outcome.offset]
            for wrong in _hold(command, record, entry):
                yield evidence.differ(PROOF, outcome.topic, outcome.offset, entry.tenant_id, wrong)


def _may_be_silent(command: SourceCommand, entered: set[tuple[str, str | None]]) -> bool:
    """Say whether a command may leave no entry: the timer's, and a second copy."""
    return command.type == "expire_lots" or (command.tenant_id, command.command_id) in entered


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
            return
        case "account_opened":
            yield "currency", command.currency, entry.currency
            yield "decks", command.decks, list(entry.decks)
            yield "time_zone", command.time_zone, entry.time_zone
        case "funds_added":
            bought = None if command.purchased_at is None else millis(command.purchased_at)
            yield "currency", command.currency, entry.currency
            yield "amount_micros", command.amount_micros, entry.amount_micros
            yield "lot.lot_id", command.lot_id, entry.lot.lot_id
            yield "lot.purchased_ms", bought, entry.lot.purchased_ms
        case "thresholds_set":
            asked = [(t.threshold_id, t.amount_micros) for t in command.thresholds or ()]
            said = [(t.threshold_id, t.amount_micros) for t in entry.thresholds]
            yield "thresholds", asked, said
        case "adjusted":
            yield "currency", command.currency, entry.currency
            yield "amount_micros", command.amount_micros, entry.amount_micros
            yield "reason", command.reason, entry.reason
        case "account_closed":
            yield "reason", command.reason, entry.reason
        case _:
            return
    yield "command_id", command.command_id, entry.command_id
    yield "kind", _KINDS.get(command.type), entry.kind
