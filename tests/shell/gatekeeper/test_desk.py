"""Desk: questions in, answers out; without Kafka, on a view that the test fills."""

from typing import Any

import msgspec
import pytest

from rater.core.authorisation.holds import Holds, HoldTerms
from rater.core.limits import DURATION_S_MAX
from rater.core.pricing.rules import Rules
from rater.shell.gatekeeper.desk import Desk
from rater.shell.gatekeeper.metrics import GatekeeperMetrics
from rater.shell.process.metrics import Metrics
from rater.wire.authorisation.answers import Answer
from rater.wire.authorisation.questions import BadRequest, OtherCall
from rater.wire.authorisation.standings import Standings
from tests.build import NOW, RULES, UNIT, YEAR
from topics.records import AccountStatus, Funds

CALL = {"tenant_id": "acme", "to": "+33142685300", "call_type": "user_out"}
"""0.02 a minute."""


class Seen:
    """What a desk knows: one tenant, and how old that is."""

    def __init__(self, micros: int = UNIT, age_ms: int | None = 100) -> None:
        self.standings = Standings()
        self.age: int | None = age_ms
        self.rules: Rules = RULES
        funds = (Funds(NOW + 10 * YEAR, micros),)
        fields = (
            "acme",
            2,
            NOW,
            "open",
            "prepaid",
            "UTC",
            (),
            (),
            "USD",
            micros,
            0,
            None,
            ("acs",),
        )
        status = AccountStatus(*fields, funds)  # type: ignore[arg-type]
        self.standings.take(b"acme", msgspec.json.encode(status))

    def age_ms(self) -> int | None:
        return self.age


class Case:
    """A desk, its view, and a clock that the test sets."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now_ms = NOW
        self.view = Seen()
        self.metrics = GatekeeperMetrics(Metrics(rooms=()))
        self.holds = Holds(HoldTerms(60_000, 10_000, 3, 2))
        monkeypatch.setattr("rater.shell.gatekeeper.desk.now_ms", lambda: self.now_ms)
        self.desk = Desk(10_000, DURATION_S_MAX, self.view, self.holds, self.metrics)  # type: ignore[arg-type]

    def ask(self, **changes: Any) -> Answer:
        answer = self.desk.authorise(msgspec.json.encode(CALL | changes))
        assert isinstance(answer, Answer)
        return answer

    def counted(self, outcome: str, reason: str = "") -> float | None:
        labels = {"outcome": outcome, "reason": reason}
        registry = self.metrics.shared.registry
        return registry.get_sample_value("rater_gatekeeper_answers_total", labels)


@pytest.fixture
def case(monkeypatch: pytest.MonkeyPatch) -> Case:
    return Case(monkeypatch)


def test_an_answer_names_what_it_holds_for_and_how_old_that_is(case: Case) -> None:
    answer = case.ask()

    assert (answer.allowed, answer.max_duration_s, answer.account_seq) == (True, 3_000, 2)
    assert (answer.view_age_ms, answer.hold_id) == (100, None)
    assert case.counted("allowed") == 1


@pytest.mark.parametrize(("age_ms", "reason"), [(None, "not_ready"), (10_001, "stale")])
def test_a_view_that_cannot_be_relied_on_allows_emergency_calls_alone(
    case: Case, age_ms: int | None, reason: str
) -> None:
    case.view.age = age_ms

    assert (case.ask().allowed, case.ask().reason) == (False, reason)
    assert case.ask(hold=True).reason == reason
    assert (case.ask(to="112").allowed, case.ask(to="112").reason) == (True, "emergency")
    assert case.counted("refused", reason) == 3
    case.view.age = 10_000
    assert case.ask().allowed


def test_a_tenant_of_whom_nothing_is_known_is_refused(case: Case) -> None:
    answer = case.ask(tenant_id="globex")

    assert (answer.allowed, answer.reason, answer.account_seq) == (False, "unknown_tenant", None)


def test_what_cannot_be_read_is_counted_as_bad(case: Case) -> None:
    assert isinstance(case.desk.authorise(b"{"), BadRequest)
    assert isinstance(case.desk.release({"hold_id": ""}), BadRequest)
    assert case.counted("bad") == 1


def test_no_permission_is_longer_than_asked_for(case: Case) -> None:
    assert case.ask(longest_s=90).max_duration_s == 90


def test_a_held_call_leaves_less_to_the_next_and_gives_back_what_it_has_not_cost(
    case: Case,
) -> None:
    """1.00 pays 50 minutes; 20 are held, of which one is used."""
    first = case.ask(hold=True, longest_s=1_200)
    assert (first.max_duration_s, first.charge_micros) == (1_200, 400_000)
    assert case.ask().max_duration_s == 30 * 60

    case.now_ms += 60_000
    assert case.desk.release({"hold_id": first.hold_id or "", "duration_s": "60"}) is True
    assert case.ask().max_duration_s == 49 * 60
    case.now_ms += 10_000
    assert case.ask().max_duration_s == 50 * 60
    assert case.desk.release({"hold_id": first.hold_id or ""}) is False


def test_a_call_that_never_was_holds_nothing(case: Case) -> None:
    first = case.ask(hold=True)
    assert case.ask().reason == "held"
    assert case.desk.release({"hold_id": first.hold_id or "", "duration_s": "0"}) is True
    assert case.ask().max_duration_s == 50 * 60


def test_a_hold_is_released_for_its_own_tenant_alone(case: Case) -> None:
    hold_id = case.ask(hold=True).hold_id or ""

    assert case.desk.release({"hold_id": hold_id, "tenant_id": "other", "duration_s": "0"}) is False
    assert case.ask().reason == "held"
    assert case.desk.release({"hold_id": hold_id, "tenant_id": "acme", "duration_s": "0"}) is True
    assert case.ask().max_duration_s == 50 * 60


def test_a_hold_that_is_made_longer_is_of_the_same_call_from_its_beginning(case: Case) -> None:
    first = case.ask(hold=True, longest_s=600)
    case.now_ms += 500_000
    longer = case.ask(hold=True, longest_s=1_200, hold_id=first.hold_id)

    assert (longer.hold_id, longer.max_duration_s, longer.charge_micros) == (first.hold_id, 1_200, 400_000)  # fmt: skip
    assert len(case.holds) == 1


def test_a_hold_that_is_not_there_is_not_made_longer_and_no_other_is_opened(case: Case) -> None:
    gone = case.ask(hold=True, longest_s=60).hold_id
    case.now_ms += 120_001
    for hold_id in (gone, "nope"):
        answer = case.ask(hold=True, hold_id=hold_id)
        assert (answer.allowed, answer.max_duration_s, answer.reason) == (False, 0, "unknown_hold")
        assert answer.detail == f"hold_id: {hold_id} is no hold of acme, or no more"
        assert answer.hold_id is None
    assert case.ask().max_duration_s == 50 * 60
    assert case.ask(hold=True, hold_id="nope", to="112").reason == "emergency"


OTHERS = {
    "to": ({"to": "+33612345678"}, {}),
    "from": ({"from": "+4930123456"}, {}),
    "direction": ({"direction": "in", "service_number_type": "toll_free"}, {}),
    "call_type": ({"call_type": "conf_out"}, {}),
    "service_number_type": ({"service_number_type": "toll_free"}, {}),
    "usage_country": ({"usage_country": "DE"}, {}),
    "user_id": ({"user_id": "bob"}, {"user_id": "ann"}),
    "organizer_id": ({}, {"organizer_id": "ann"}),
    "routing_number": ({"routing_number": "+33612345678"}, {}),
}


@pytest.mark.parametrize("field", OTHERS)
def test_a_hold_is_not_made_longer_by_another_call(case: Case, field: str) -> None:
    """Whose call it is, where to, and what its CDR will say: all of it is as it was when it was first asked for."""
    later, first = OTHERS[field]
    hold_id = case.ask(hold=True, longest_s=600, **first).hold_id
    left = case.ask().max_duration_s
    case.now_ms += 1_000
    call = CALL | first | later if later else CALL
    asked = {**call, "hold": True, "longest_s": 1_200, "hold_id": hold_id}
    said = case.desk.authorise(msgspec.json.encode(asked))

    assert isinstance(said, OtherCall)
    assert said.detail == f"hold_id: is of another call, by its {field}"
    assert (case.counted("bad"), len(case.holds)) == (1, 1)
    assert case.ask().max_duration_s == left == 40 * 60
    assert case.ask(**first, hold=True, hold_id=hold_id, longest_s=1_200).max_duration_s == 1_200


@pytest.mark.parametrize(
    ("call", "reason"), [({"to": "112"}, "emergency"), ({"direction": "in"}, "inbound")]
)
def test_a_call_that_nobody_pays_is_allowed_whatever_hold_it_names_and_that_one_stays(
    case: Case, call: dict[str, str], reason: str
) -> None:
    hold_id = case.ask(hold=True, longest_s=600).hold_id
    answer = case.ask(**call, hold=True, longest_s=1_200, hold_id=hold_id)

    assert (answer.allowed, answer.reason, answer.hold_id) == (True, reason, None)
    assert case.ask().max_duration_s == 40 * 60


def test_where_a_ported_number_leads_the_call_is_the_same_by_both_numbers(case: Case) -> None:
    ported = {"to": "+33612345678", "routing_number": "+33142685300"}
    hold_id = case.ask(hold=True, longest_s=600, **ported).hold_id

    longer = case.ask(hold=True, longest_s=1_200, hold_id=hold_id, **ported)
    assert (longer.hold_id, longer.charge_micros) == (hold_id, 400_000)


def test_a_hold_of_another_tenant_is_not_there(case: Case) -> None:
    theirs = case.ask(hold=True, longest_s=60).hold_id

    assert case.ask(tenant_id="globex", hold=True, hold_id=theirs).reason == "unknown_hold"


def test_of_a_user_so_many_calls_are_held_at_once_and_emergency_calls_are_not_counted(
    case: Case,
) -> None:
    for _ in range(2):
        assert case.ask(hold=True, longest_s=60, user_id="ann").allowed
    more = case.ask(hold=True, longest_s=60, user_id="ann")

    assert (more.allowed, more.reason) == (False, "too_many_calls")
    assert case.ask(hold=True, to="112", user_id="ann").allowed
    assert case.ask(hold=True, longest_s=60, user_id="bob").allowed
    assert case.ask(hold=True, longest_s=60, user_id="eve").reason == "too_many_calls"


def test_a_user_who_holds_as_many_as_may_be_is_told_that_though_nothing_is_left_either(
    case: Case,
) -> None:
    assert case.ask(hold=True, longest_s=1_200, user_id="ann").allowed
    assert case.ask(hold=True, user_id="ann").max_duration_s == 30 * 60

    assert case.ask(hold=True, user_id="ann").reason == "too_many_calls"
    assert case.ask(hold=True, user_id="bob").reason == "held"
    assert case.ask(user_id="ann").reason == "held"
