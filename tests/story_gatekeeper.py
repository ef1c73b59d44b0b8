"""Stories, continued: what the gatekeeper answers by the statuses that were written until then.

2024-01-20T12:00:00Z acme asks +33612345678 user_id=ann
    -> may last 120 s
    -> may not start: no_user_capability 580464
"""

from rater.core.authorisation.judge import judge
from rater.core.authorisation.request import CallRequest
from rater.core.pricing.rules import Rules
from rater.wire.authorisation.questions import CallQuestion, read_question, request_of
from rater.wire.authorisation.standings import Standings
from rater.wire.lines import Line
from topics import catalog

MOST_S = 36_000


class Gatekeeper:
    """What a gatekeeper knows while a story is told."""

    def __init__(self) -> None:
        self._standings = Standings()

    def take(self, line: Line) -> None:
        """Take what was written, where it is a status."""
        if line.topic == catalog.ACCOUNT_STATUS.name:
            self._standings.take(line.key, line.value)
        elif line.topic == catalog.USER_STATUS.name:
            self._standings.take_user(line.key, line.value)

    def answer(self, tenant: str, words: list[str], at_ms: int, rules: Rules) -> str:
        """Return whether a call may start, and for how long at most."""
        request = _request(tenant, words, at_ms)
        known = self._standings.known(tenant)
        assert known is not None, tenant
        found = judge(self._standings.standing(known, request), request, rules, MOST_S)
        if found.allowed:
            return "may start" if found.longest_s is None else f"may last {found.longest_s} s"
        return f"may not start: {found.reason}{'' if found.code is None else f' {found.code}'}"


def _request(tenant: str, words: list[str], at_ms: int) -> CallRequest:
    said = dict(word.split("=", 1) for word in words[1:])
    question = read_question({"call_type": "user_out", **said, "tenant_id": tenant, "to": words[0]})
    assert isinstance(question, CallQuestion), question
    return request_of(question, at_ms)
