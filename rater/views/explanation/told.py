"""Told: one source record of a CDR judged on what the entries before it left, with what led to it."""

from collections.abc import Sequence

from rater.core.pricing.rules import Rules
from rater.views.explanation.differences import Difference
from rater.views.explanation.evidence import Evidence, Posted, is_about
from rater.views.explanation.explanation import Explained, explained
from rater.views.explanation.folded import Folded
from rater.views.explanation.standing import standing_after
from rater.views.explanation.verdict import judge


def tell(
    group: Sequence[Posted],
    before: Sequence[Posted],
    folded: Folded | None,
    evidence: Evidence,
    rules: Rules,
) -> Explained:
    """Judge a group; `before`: the entries of the same CDR before it, `folded`: its account before it."""
    standing = standing_after(
        each.entry for each in before if is_about(each.entry, evidence.cdr_id)
    )
    return explained(group, judge(group, folded, standing, evidence, rules), folded, rules)


def unfounded(group: Sequence[Posted], whose: tuple[str, str]) -> Explained:
    """Return what there is to say of an entry that is remembered as a CDR's and is none of it."""
    entry = group[0].entry
    found = [entry.tenant_id, getattr(entry, "cdr_id", None), entry.kind]
    wanted = [*whose, "charge or charge_reversed"]
    wrong = Difference(entry.entry_id, "tenant_id, cdr_id, kind", wanted, found)
    return Explained(group, None, event_differences=[wrong])
