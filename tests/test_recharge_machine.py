"""A state machine of Hypothesis over the rules of recharge: whatever happens in whatever order, I7 to I10 hold.

The world checks itself after every step (`tests/recharge_world.py`); here are the things that may happen, and what must
be true at the end: all that was captured and told is credited, once.
"""

from random import Random

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from rater.core.recharge.machine import IN_FLIGHT, State
from rater.core.recharge.state import due_ms
from tests.recharge_walk import WITH_STOPS
from tests.recharge_world import World

chances = st.integers(0, 2**16).map(Random)


class RechargeMachine(RuleBasedStateMachine):
    """One tenant; every rule is an act of the walk."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()

    @initialize()
    def set_up(self) -> None:
        self.world.methods("pm_1", "pm_2")
        self.world.settle()

    @rule(act=st.sampled_from(WITH_STOPS), chance=chances)
    def something_happens(self, act: object, chance: Random) -> None:
        assert callable(act)
        act(self.world, chance)

    @invariant()
    def what_waits_has_a_time(self) -> None:
        recharge = self.world.recharge
        waits = recharge.state in (*IN_FLIGHT, State.BACKING_OFF, State.CREDITING, State.CAPPED)
        assert (due_ms(recharge) < 2**62) == waits

    @invariant()
    def an_attempt_is_at_work_only_where_one_can_be(self) -> None:
        recharge = self.world.recharge
        works = recharge.state in (*IN_FLIGHT, State.BACKING_OFF)
        assert (recharge.attempt is not None) == works

    @invariant()
    def nobody_waits_for_a_stop_that_is_over(self) -> None:
        assert self.world.held or self.world.recharge.state is not State.PAYMENTS_HELD

    @invariant()
    def every_notice_has_an_id_of_its_own(self) -> None:
        ids = [notice.notification_id for notice in self.world.notices]
        assert len(set(ids)) == len(ids)

    def teardown(self) -> None:
        """All that was captured and told is on the account, or refused by it, when credits have arrived."""
        world = self.world
        while world.waiting:
            world.arrive()
        assert world.recharge.awaited == []


TestRechargeMachine = RechargeMachine.TestCase
TestRechargeMachine.settings = settings(
    max_examples=150, stateful_step_count=60, deadline=None, derandomize=True
)
