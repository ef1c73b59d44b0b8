"""Reratings: what was rated again is taken back and posted once for each job, as its command says, for a difference.

That it is taken back by its own draws, and priced by the deck that its charge names, is held as of any correction.
"""

from collections.abc import Iterator

from rater.reconcile.difference import Complaint, Difference
from rater.reconcile.folds.causes import is_rerated
from rater.reconcile.folds.purse_lots import is_waived
from rater.reconcile.inputs import Inputs
from rater.reconcile.proofs.stream.completeness import entry_facts
from topics import catalog
from topics import records as r

PROOF = "reratings"
LEDGER = catalog.LEDGER.name


def prove(evidence: Inputs) -> Iterator[Difference]:
    """Prove it for every call that was rated again."""
    charges: dict[str, r.Charge] = {}
    back: r.ChargeReversed | None = None
    wanted = {
        entry.reverses
        for entry in evidence.books.ledger.values()
        if entry.kind == "charge_reversed" and entry.by == "rerating"
    }
    for offset, entry in evidence.books.ledger.items():
        complaints: list[Complaint] = []
        if entry.kind == "charge_reversed":
            back = entry
            complaints = list(_taken_back(evidence, entry))
        elif entry.kind == "charge":
            if is_rerated(entry):
                complaints = list(_posted(entry, back, charges.get(entry.reverses or "")))
            if entry.entry_id in wanted:
                charges[entry.entry_id] = entry
        for wrong in complaints:
            yield evidence.differ(PROOF, LEDGER, offset, entry.tenant_id, wrong)


def _taken_back(evidence: Inputs, entry: r.ChargeReversed) -> Iterator[Complaint]:
    """Hold what takes a charge back against the command; of a correction or a void nobody asked."""
    said = (entry.job_id, entry.actor, entry.why)
    if entry.by != "rerating":
        if said != (None, None, None):
            yield Complaint("job_id, actor, why", f"nothing of a {entry.by}", said)
        return
    if entry.by_version != entry.version:
        yield Complaint("by_version", entry.version, entry.by_version)
    commands = evidence.books.commands.get(entry.source_topic, {})
    command = commands.get(entry.source_offset)
    if command is None:
        return
    asked = (command.type, command.entry_id, command.cdr_id, command.version)
    found = ("rerate_call", entry.reverses, entry.cdr_id, entry.version)
    who = (command.job_id, command.by, command.why)
    if (found, said) != (asked, who):
        names = "type, entry_id, cdr_id, version, job_id, actor, why"
        yield Complaint(names, f"{(*asked, *who)}, as in the command", (*found, *said))


def _posted(
    entry: r.Charge, back: r.ChargeReversed | None, original: r.Charge | None
) -> Iterator[Complaint]:
    """Hold the new charge against the one that it replaces, `original`, None where that is gone."""
    if original is not None and original.generation and original.job_id == entry.job_id:
        yield Complaint("job_id", "a job that rates no charge of its own again", entry.job_id)
    if back is None or (back.by, back.reverses, back.job_id) != (
        "rerating",
        entry.reverses,
        entry.job_id,
    ):
        taken = "what the entry before takes back, of the same job"
        yield Complaint("reverses, job_id", taken, (entry.reverses, entry.job_id))
    if original is None:
        return
    if entry.generation != original.generation + 1:
        yield Complaint("generation", original.generation + 1, entry.generation)
    for name, right in entry_facts(original).items():
        found = entry_facts(entry)[name]
        if found != right:
            yield Complaint(name, f"{right!r}, as charged before", found)
    if _moved(entry) == _moved(original):
        yield Complaint("charge_micros, draws", "another than before", _moved(entry))


def _moved(entry: r.Charge) -> tuple[int, list[tuple[str | None, int | None]], bool]:
    """Return what a charge comes to: money, seconds of pools, and whether nobody pays."""
    pools = [(draw.id, draw.quantity) for draw in entry.draws if draw.source == "pool"]
    return entry.charge_micros, sorted(pools, key=str), is_waived(entry)
