"""Answers: a verdict as a switch reads it; every field is always there, null where it does not apply."""

import msgspec
from msgspec import Struct

from rater.core.authorisation.holds import cost_of
from rater.core.authorisation.verdict import Verdict
from rater.wire.authorisation.standings import Known

BAD_REQUEST = "bad_request"
_encode = msgspec.json.Encoder().encode


class Answer(Struct, frozen=True):
    """What is answered to a question."""

    allowed: bool
    max_duration_s: int | None
    """None: nothing bounds the call; 0: it may not start."""
    reason: str | None
    """Why it is refused, or why nobody pays it."""
    code: int | None
    """Of a refusal, for call control, where it has one."""
    detail: str | None
    """The refusal in a sentence, for people, where there is more to say."""
    charge_micros: int | None
    """What the longest call would be charged with, as its entry says it; None, as the two below: it has no price."""
    waived_micros: int | None
    """What of that nobody pays."""
    pools_s: int | None
    """Seconds of it that pools would pay, in whole units."""
    currency: str | None
    account_seq: int | None
    """Of the ledger entry after which this holds."""
    deck_id: str | None
    deck_version: int | None
    plan_version: int | None
    settings_version: int | None
    view_age_ms: int | None
    """How long ago all that is known was the latest; None: it never was."""
    hold_id: str | None = None


def answer_of(
    verdict: Verdict, known: Known | None, age_ms: int | None, hold_id: str | None = None
) -> Answer:
    """Return the answer that a verdict makes."""
    rated, status = verdict.rated, None if known is None else known.status
    funding = None if rated is None else rated.funding
    return Answer(
        verdict.allowed,
        verdict.longest_s,
        verdict.reason,
        verdict.code,
        verdict.detail,
        None if rated is None else rated.charge_micros,
        None if rated is None else rated.charge_micros - cost_of(verdict),
        None if rated is None else 0 if funding is None else funding.paid_s,
        None if status is None else status.currency,
        None if status is None else status.seq,
        None if rated is None else rated.deck_id,
        None if rated is None else rated.deck_version,
        None if funding is None else funding.plan_version,
        verdict.settings_version,
        age_ms,
        hold_id,
    )


def encode_answer(answer: Answer) -> bytes:
    """Return an answer as JSON."""
    return _encode(answer)


def encode_bad_request(detail: str, line: int | None = None) -> bytes:
    """Return an answer to what cannot be read, as JSON: it allows nothing, and says why; `line`: of several, which."""
    fields = {"allowed": False, "max_duration_s": 0, "reason": BAD_REQUEST, "detail": detail}
    return _encode(fields if line is None else {**fields, "line": line})
