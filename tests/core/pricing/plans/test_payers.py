"""What a catalog was asked once it is not asked again."""

from rater.core.pricing.plans.payers import Payers
from rater.core.pricing.plans.pools import Choice, Held, PlanCall, Pool

OWN = Pool("P", "own", "", "calling_plan", "user", 60, 60, ())
SHARED = Pool("Q", "all", "", "calling_plan", "licence", 60, 60, ())


def asked_of() -> tuple[Payers, list[PlanCall]]:
    asked: list[PlanCall] = []

    def answer(_held: tuple[Held, ...], call: PlanCall) -> Choice:
        asked.append(call)
        return Choice((OWN, SHARED))

    return Payers((("P", "US"),), answer), asked


def test_calls_alike_are_asked_for_once() -> None:
    payers, asked = asked_of()
    for _ in range(2):
        for direction in ("out", "in"):
            for call_type in (None, "user_out"):
                choices = payers.choices(direction, call_type)
                for destination in ("US", "PR"):
                    choices.of(destination, "mobile")
                    choices.of(destination, "landline")

    assert len(asked) == len(set(asked)) == 16


def test_what_is_forgotten_is_asked_for_again() -> None:
    payers, asked = asked_of()
    payers.choices("out", None).of("US", "mobile")
    payers.forget()
    payers.choices("out", None).of("US", "mobile")

    assert len(asked) == 2


def test_who_is_not_known_has_no_pools_of_single_users() -> None:
    choice = Choice((OWN, SHARED))

    assert choice.plan_ids == ("P", "Q")
    assert choice.shared().pools == (SHARED,)
    assert choice.shared().plan_ids == ("Q",)
    assert choice.shared().shared() is choice.shared()
