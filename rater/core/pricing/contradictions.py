"""Contradictions: CDRs whose own fields disagree, so that no charge of them would be right.

Rule 1: a call that was not answered has no seconds after an answer.
Rule 2: the seconds that are billed are those between answer and end, give or take a tolerance: more
        than it in seconds, and more than it in percent of the longer of the two, is a contradiction.
        Where the CDR names no answer, ringing may be in between: fewer seconds are no contradiction.
"""

from rater.core.cdr import Cdr
from rater.core.charging_settings import ChargingSettings
from rater.core.limits import SECOND_MS
from rater.core.pricing.unrated import Refusal, Unrated


def contradicts(cdr: Cdr, settings: ChargingSettings) -> bool:
    """Tell whether a CDR's disposition, seconds and times cannot all be true."""
    if cdr.disposition != "answered":
        return cdr.is_answer_named and cdr.billsec > 0
    talked_ms = cdr.ended_ms - cdr.answered_ms
    billed_ms = cdr.billsec * SECOND_MS
    more_ms = billed_ms - talked_ms
    if more_ms < 0:
        if not cdr.is_answer_named:
            return False
        more_ms = -more_ms
    if more_ms <= settings.duration_tolerance_s * SECOND_MS:
        return False
    longer_ms = max(billed_ms, talked_ms)
    return more_ms * 100 > longer_ms * settings.duration_tolerance_percent


def contradiction(cdr: Cdr, settings: ChargingSettings) -> Refusal:
    """Say in what a CDR that contradicts itself does so."""
    if cdr.disposition != "answered":
        detail = (
            f"disposition: {cdr.disposition}, but answered_at is there and billsec is {cdr.billsec}"
        )
        return Refusal(Unrated.CONTRADICTORY, detail)
    since = "answered_at" if cdr.is_answer_named else "started_at"
    talked_s = (cdr.ended_ms - cdr.answered_ms) // SECOND_MS
    detail = (
        f"billsec: {cdr.billsec}, but {talked_s} s lie between {since} and ended_at;"
        f" {settings.duration_tolerance_s} s or {settings.duration_tolerance_percent} % are tolerated"
    )
    return Refusal(Unrated.CONTRADICTORY, detail)
