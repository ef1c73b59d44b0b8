"""Turns and the waiting room: nobody waits for what somebody else has made slow, and what waits is bounded."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rater.shell.notifier.turns import Turns
from rater.shell.notifier.waiting_room import WaitingRoom


class Bench:
    """Tasks that hold a turn until they are let go."""

    def __init__(self, turns: Turns) -> None:
        self.turns = turns
        self.holding: list[tuple[str, str]] = []
        self.tasks: list[asyncio.Task[None]] = []
        self.let_go: dict[tuple[str, str], asyncio.Event] = {}

    async def ask(self, tenant: str, host: str, times: int = 1) -> None:
        for _ in range(times):
            self.tasks.append(asyncio.create_task(self._hold(tenant, host)))
        await self.settle()

    async def _hold(self, tenant: str, host: str) -> None:
        async with self.turns.turn(tenant, host):
            self.holding.append((tenant, host))
            try:
                await self.let_go.setdefault((tenant, host), asyncio.Event()).wait()
            finally:
                self.holding.remove((tenant, host))

    async def settle(self) -> None:
        for _ in range(10):
            await asyncio.sleep(0)

    async def end(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


async def test_a_tenant_has_no_more_than_its_turns_and_a_host_of_it_no_more_than_its() -> None:
    bench = Bench(Turns(10, per_tenant=4, per_host=2))
    await bench.ask("pit", "slow.example", 50)
    assert bench.holding == [("pit", "slow.example")] * 2
    await bench.ask("pit", "fast.example", 50)
    assert len(bench.holding) == 4
    # The same host, slow for one tenant, is free for another.
    await bench.ask("acme", "slow.example")
    assert ("acme", "slow.example") in bench.holding
    await bench.end()
    assert bench.holding == []


async def test_those_who_wait_go_by_tenant_and_a_tenants_own_in_order() -> None:
    turns, order = Turns(1), []

    async def go(tenant: str, number: int) -> None:
        async with turns.turn(tenant, ""):
            order.append((tenant, number))
            await asyncio.sleep(0)

    many = [go("many", n) for n in range(5)]
    await asyncio.gather(*many, go("few", 0), go("one", 0))
    assert order == [
        ("many", 0),
        ("many", 1),
        ("few", 0),
        ("one", 0),
        *(("many", n) for n in (2, 3, 4)),
    ]


async def test_who_is_cut_short_takes_no_turn_with_him() -> None:
    bench = Bench(Turns(1))
    await bench.ask("a", "x", 3)
    for task in (bench.tasks[1], bench.tasks[0]):
        task.cancel()
        await bench.settle()
    await bench.ask("b", "y")
    bench.let_go.setdefault(("a", "x"), asyncio.Event()).set()
    await bench.settle()
    assert bench.holding == [("b", "y")]
    await bench.end()


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz"), st.integers(0, 4))),
    st.integers(1, 6), st.integers(1, 4), st.integers(1, 3), st.data(),
)  # fmt: skip
def test_no_bound_is_passed_and_nobody_is_forgotten(
    asked: list[tuple[str, str, int]], total: int, tenant: int, host: int, data: st.DataObject
) -> None:
    cut = data.draw(st.sets(st.integers(0, max(0, len(asked) - 1))))

    async def play() -> None:
        turns = Turns(total, min(tenant, total), min(host, tenant, total))
        holding: Counter[tuple[str, str]] = Counter()
        done = 0

        async def go(who: str, where: str, steps: int) -> None:
            nonlocal done
            async with turns.turn(who, where):
                holding[who, where] += 1
                try:
                    assert holding.total() <= total
                    assert sum(n for (w, _), n in holding.items() if w == who) <= tenant
                    assert holding[who, where] <= host
                    for _ in range(steps):
                        await asyncio.sleep(0)
                finally:
                    holding[who, where] -= 1
            done += 1

        tasks = [asyncio.create_task(go(*each)) for each in asked]
        await asyncio.sleep(0)
        for number in cut & set(range(len(tasks))):
            tasks[number].cancel()
        found = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 5)
        assert done == sum(each is None for each in found)
        assert all(each is None or isinstance(each, asyncio.CancelledError) for each in found)

    asyncio.run(play())


def test_a_room_is_bounded_for_each_tenant_and_in_all() -> None:
    room = WaitingRoom(total=10, per_tenant=4)
    assert [room.enter("pit") for _ in range(6)] == [True] * 4 + [False] * 2
    assert [room.enter("other") for _ in range(6)] == [True] * 4 + [False] * 2
    assert [room.enter("third") for _ in range(4)] == [True, True, True, False]
    # Full: whoever has less than an equal share is still let in, whoever has more is not.
    assert room.waiting == 11
    assert room.enter("acme")
    assert not room.enter("pit")
    room.leave("pit")
    assert not room.enter("pit")


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.booleans()), max_size=200))
def test_the_room_never_holds_more_than_twice_its_bound(moves: list[tuple[str, bool]]) -> None:
    room, inside = WaitingRoom(total=5, per_tenant=3), Counter[str]()
    for tenant, is_leaving in moves:
        if is_leaving and inside[tenant]:
            room.leave(tenant)
            inside[tenant] -= 1
        elif not is_leaving and room.enter(tenant):
            inside[tenant] += 1
        assert room.waiting == inside.total() <= 10
        assert max(inside.values(), default=0) <= 3


@pytest.mark.parametrize("crowd", [200])
async def test_a_tar_pit_of_one_tenant_delays_no_other(crowd: int) -> None:
    bench = Bench(Turns(128, 4, 2))
    for number in range(crowd):
        await bench.ask("pit", f"host-{number % 50}.pit.example")
    await bench.ask("acme", "hooks.acme.example")
    assert Counter(tenant for tenant, _ in bench.holding) == {"pit": 4, "acme": 1}
    await bench.end()
