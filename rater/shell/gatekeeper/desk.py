"""Desk: questions and releases in, answers out. It knows the view, the holds and the time; no HTTP."""

import secrets
from collections.abc import Mapping
from time import monotonic

from rater.core.authorisation.holds import Holds
from rater.core.authorisation.judge import judge, judge_blind
from rater.core.authorisation.request import CallRequest, differs_in
from rater.core.authorisation.standing import NOTHING_HELD
from rater.core.authorisation.verdict import Refused, Verdict, refused
from rater.shell.gatekeeper.metrics import GatekeeperMetrics
from rater.shell.gatekeeper.view import View
from rater.shell.process.clock import now_ms
from rater.wire.authorisation.answers import Answer, answer_of
from rater.wire.authorisation.questions import (
    BadRequest,
    CallQuestion,
    OtherCall,
    read_question,
    read_release,
    request_of,
)
from rater.wire.authorisation.standings import Known

UNRELIABLE = frozenset((Refused.NOT_READY.value, Refused.STALE.value))
"""Refusals that another gatekeeper may not have to make."""
_ID_BYTES = 12
_Found = tuple[Verdict, str | None] | OtherCall
"""A verdict, and the hold of its call where it has one."""


class Desk:
    """Answers."""

    def __init__(
        self,
        stale_after_ms: int,
        longest_s: int,
        view: View,
        holds: Holds,
        metrics: GatekeeperMetrics,
    ) -> None:
        """Take how old the view may be, and how long a call may last at most."""
        self._stale_after_ms = stale_after_ms
        self._longest_s = longest_s
        self._view = view
        self._holds = holds
        self._metrics = metrics

    def authorise(self, given: bytes | Mapping[str, str]) -> Answer | BadRequest:
        """Answer whether a call may start, and for how long at most."""
        begun = monotonic()
        question = read_question(given)
        if isinstance(question, BadRequest):
            self._metrics.answered("bad", "", monotonic() - begun)
            return question
        age_ms = self._view.age_ms()
        known = self._view.standings.known(question.tenant_id)
        found = self._verdict(question, known, age_ms)
        if isinstance(found, OtherCall):
            self._metrics.answered("bad", "", monotonic() - begun)
            return found
        verdict, hold_id = found
        outcome = "allowed" if verdict.allowed else "refused"
        self._metrics.answered(outcome, verdict.reason or "", monotonic() - begun)
        return answer_of(verdict, known, age_ms, hold_id)

    def release(self, given: bytes | Mapping[str, str]) -> bool | BadRequest:
        """Take that a held call has ended; False: there is no such hold of the tenant, or no more."""
        said = read_release(given)
        if isinstance(said, BadRequest):
            return said
        at_ms = now_ms()
        hold = self._holds.find(said.hold_id, at_ms)
        if hold is None or said.tenant_id not in {None, hold.request.tenant_id}:
            return False
        if said.duration_s == 0:
            self._holds.drop(hold)
            return True
        cost = None
        if said.duration_s is not None:
            known = self._view.standings.known(hold.request.tenant_id)
            cost = self._judged(hold.request, known, said.duration_s, None)
        is_known = cost is not None and cost.allowed and cost.longest_s == said.duration_s
        self._holds.settle(hold, cost if is_known else None, at_ms)
        return True

    def _verdict(self, question: CallQuestion, known: Known | None, age_ms: int | None) -> _Found:
        at_ms = now_ms()
        request = request_of(question, at_ms)
        if age_ms is None:
            detail = "not all topics are read to their ends"
            return judge_blind(request, self._view.rules, Refused.NOT_READY, detail), None
        if age_ms > self._stale_after_ms:
            detail = f"what is known is {age_ms / 1_000:.1f} s old"
            return judge_blind(request, self._view.rules, Refused.STALE, detail), None
        longest_s = min(question.longest_s or self._longest_s, self._longest_s)
        if not question.hold:
            return self._judged(request, known, longest_s, (at_ms, None)), None
        return self._with_hold(question, request, known, longest_s)

    def _with_hold(
        self, question: CallQuestion, request: CallRequest, known: Known | None, longest_s: int
    ) -> _Found:
        """Judge a call, and hold for it what it may cost."""
        at_ms, own_id = request.at_ms, question.hold_id
        if own_id is not None:
            own = self._holds.find(own_id, at_ms)
            if own is None or own.request.tenant_id != request.tenant_id:
                # When the call began is not known any more: a hold from now on could be for longer than money pays.
                detail = f"hold_id: {own_id} is no hold of {request.tenant_id}, or no more"
                return judge_blind(request, self._view.rules, Refused.UNKNOWN_HOLD, detail), None
            if other := differs_in(own.request, request):
                return self._of_another(request, other)
            # The same call, made longer: it began when it was first asked for.
            request = own.request
        verdict = self._judged(request, known, longest_s, (at_ms, own_id))
        is_held = verdict.reason == Refused.HELD
        if (not verdict.allowed or verdict.longest_s is None) and not is_held:
            return verdict, own_id
        if self._holds.is_full(request, verdict, at_ms, own_id):
            return refused(Refused.TOO_MANY_CALLS, "as many calls are held for as may be"), None
        if is_held:
            return verdict, own_id
        hold_id = own_id or secrets.token_urlsafe(_ID_BYTES)
        self._holds.put(hold_id, request, verdict, at_ms)
        return verdict, hold_id

    def _of_another(self, request: CallRequest, field: str) -> _Found:
        """Refuse a call that comes with the hold of another one; but whoever calls for help is let through."""
        detail = f"hold_id: is of another call, by its {field}"
        verdict = judge_blind(request, self._view.rules, Refused.UNKNOWN_HOLD, detail)
        return (verdict, None) if verdict.allowed else OtherCall(detail)

    def _judged(
        self,
        request: CallRequest,
        known: Known | None,
        longest_s: int,
        held_at: tuple[int, str | None] | None,
    ) -> Verdict:
        """Judge a call by what is known of its tenant; where `held_at` is None, whatever others hold."""
        rules = self._view.rules
        if known is None:
            detail = f"no status of {request.tenant_id} is known"
            return judge_blind(request, rules, Refused.UNKNOWN_TENANT, detail)
        standing = self._view.standings.standing(known, request)
        held = self._holds.held(request, *held_at) if held_at else NOTHING_HELD
        return judge(standing, request, rules, longest_s, held)
