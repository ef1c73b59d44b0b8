"""Held: no payment was asked for while the charging settings held payments of its tenant, for all or by name.

Proven of each payment command, as it was first sent, by the time that it says of itself, `requested_ms`. What is sent
again is the same command, and what is taken back asks for nothing: both go on in a stop.

Where a version was dated back it is believed either way until all know it (its `known_from`): only a command that each
version in question holds is a difference. Not proven: that a tenant that waited was recharged when the stop ended.
"""

from collections.abc import Iterator
from typing import Final

from rater.reconcile.difference import Complaint, Difference
from rater.reconcile.folds.recharge_books import PAYMENTS
from rater.reconcile.inputs import Inputs

PROOF = "payments held"
AHEAD_MS: Final = 3_600_000
"""By so much clocks may be ahead of each other, as with versions that are dated back."""


def prove(evidence: Inputs) -> Iterator[Difference]:
    """Prove it for every payment command that is left."""
    for (tenant_id, _), sent in evidence.recharge.sent.items():
        possible = evidence.settings.possible(sent.command.requested_ms)
        if all(version.holds_payments(tenant_id) for version in possible):
            right = f"no new payment, version {possible[0].version} of the settings holds them"
            wrong = Complaint("requested_ms", right, sent.command.requested_ms)
            yield evidence.differ(PROOF, PAYMENTS, sent.offset, tenant_id, wrong)


def may_be_held(evidence: Inputs, tenant_id: str, at_ms: int) -> bool:
    """Say whether payments may have been held when recharge heard of what was written at an instant.

    Its time is the latest of what it has heard, by the clocks of others, which may be ahead by up to an hour.
    """
    settings = evidence.settings
    soon = (each for each in settings.versions if at_ms < each.valid_from_ms <= at_ms + AHEAD_MS)
    return any(each.holds_payments(tenant_id) for each in (*settings.possible(at_ms), *soon))
