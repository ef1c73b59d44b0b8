"""The simulator: what its book says is what it answers, whatever the script."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest

from rater.shell.gateway.metrics import name_of
from rater.shell.gateway.providers.provider import (
    LateOutcome,
    MovedBack,
    Outcome,
    Succeeded,
    TroubleError,
    Unknown,
)
from rater.shell.gateway.providers.simulator.capture_book import CaptureBook, Payment
from rater.shell.gateway.providers.simulator.declines import declined
from rater.shell.gateway.providers.simulator.provider import Simulator
from tests.shell.gateway.commands import command

AMOUNT = 200_000_000


@pytest.fixture
async def simulator(tmp_path: Path) -> AsyncIterator[Simulator]:
    provider = Simulator(tmp_path / "book.sqlite")
    yield provider
    await provider.close()


@pytest.fixture
def payments(tmp_path: Path) -> Callable[[], list[Payment]]:
    def read() -> list[Payment]:
        book = CaptureBook(tmp_path / "book.sqlite")
        found = book.payments()
        book.close()
        return found

    return read


async def outcomes(simulator: Simulator, method: str, count: int) -> list[str]:
    """Charge so many commands; say what became of each."""
    found = []
    for number in range(count):
        try:
            found.append(name_of(await simulator.charge(command(f"c{number}", method))))
        except TroubleError as trouble:
            found.append(trouble.status)
    return found


async def told(simulator: Simulator, seconds: float) -> list[LateOutcome]:
    """Return what the simulator tells by itself in so much time."""
    heard: list[LateOutcome] = []

    async def publish(late: LateOutcome) -> None:
        heard.append(late)

    try:
        async with asyncio.timeout(seconds):
            await simulator.tell_late_outcomes(publish)
    except TimeoutError:
        return heard
    pytest.fail("it stopped telling")


async def told_next(simulator: Simulator, count: int) -> list[LateOutcome]:
    """Return what the simulator tells by itself: so much, however long it takes, and what comes close behind."""
    heard: list[LateOutcome] = []
    complete = asyncio.Event()

    async def publish(late: LateOutcome) -> None:
        heard.append(late)
        if len(heard) == count:
            complete.set()

    telling = asyncio.create_task(simulator.tell_late_outcomes(publish))
    async with asyncio.timeout(60):
        await complete.wait()
    await asyncio.sleep(0.2)
    telling.cancel()
    with suppress(asyncio.CancelledError):
        await telling
    return heard


async def test_steps_are_used_up_one_a_command_and_the_last_one_stays(
    simulator: Simulator,
) -> None:
    assert await outcomes(simulator, "sim:insufficient_funds*2,ok", 5) == [
        *["declined"] * 2, *["succeeded"] * 3,
    ]  # fmt: skip


async def test_each_tenant_and_each_method_goes_through_the_script_by_itself(
    simulator: Simulator,
) -> None:
    script = "sim:expired_card,ok"
    first = await simulator.charge(command("a", script))
    other_tenant = await simulator.charge(command("b", script, tenant_id="globex"))
    second = await simulator.charge(command("c", script))

    assert ["declined", "declined", "succeeded"] == [
        name_of(o) for o in (first, other_tenant, second)
    ]


async def test_the_same_command_gets_the_same_answer_and_is_captured_once(
    simulator: Simulator, payments: Callable[[], list[Payment]]
) -> None:
    answers = [await simulator.charge(command()) for _ in range(3)]

    assert [answers[0]] * 3 == answers
    assert [("acme/r1/1", "captured")] == [(p.command_id, p.status) for p in payments()]
    assert answers[0] == await simulator.look_up(command())


async def test_two_gateways_that_charge_the_same_command_at_once_capture_it_once(
    simulator: Simulator, tmp_path: Path, payments: Callable[[], list[Payment]]
) -> None:
    other = Simulator(tmp_path / "book.sqlite")
    charges: list[Awaitable[Outcome]] = [
        provider.charge(command(f"c{n}")) for n in range(50) for provider in (simulator, other)
    ]
    await asyncio.gather(*charges)
    await other.close()

    assert [1] * 50 == [sum(p.command_id == f"c{n}" for p in payments()) for n in range(50)]


async def test_a_forgotten_key_is_no_protection_but_the_look_up_is(
    simulator: Simulator, payments: Callable[[], list[Payment]]
) -> None:
    paid = await simulator.charge(command())
    simulator._book._db.execute("DELETE FROM keys")

    assert paid == await simulator.look_up(command())
    await simulator.charge(command())
    assert len({p.payment_id for p in payments()}) == 2, "the book must be able to tell"


async def test_429_and_500_remember_nothing_and_pass(
    simulator: Simulator, payments: Callable[[], list[Payment]]
) -> None:
    again = []
    for _ in range(4):
        try:
            again.append(name_of(await simulator.charge(command("c", "sim:429*2,500,ok"))))
        except TroubleError as trouble:
            again.append(trouble.status)

    assert ["429", "429", "500", "succeeded"] == again
    assert len(payments()) == 1


async def test_a_time_out_captures_nothing_and_the_same_command_may_succeed_later(
    simulator: Simulator, payments: Callable[[], list[Payment]]
) -> None:
    first = await simulator.charge(command("c", "sim:timeout,ok"))
    assert isinstance(first, Unknown)
    assert payments() == []
    assert await simulator.look_up(command("c")) is None

    assert name_of(await simulator.charge(command("c", "sim:timeout,ok"))) == "succeeded"


async def test_a_late_success_is_unclear_until_a_look_up_finds_it(simulator: Simulator) -> None:
    late = command("c", "sim:late=300ms")
    assert name_of(await simulator.charge(late)) == "unknown"
    found = await simulator.look_up(late)
    assert found is not None
    assert name_of(found) == "undecided"
    assert name_of(await simulator.charge(late)) == "undecided"

    assert await told(simulator, 0.4) == []
    assert isinstance(await simulator.look_up(late), Succeeded)


async def test_a_webhook_tells_a_late_success(simulator: Simulator) -> None:
    assert name_of(await simulator.charge(command("c", "sim:webhook=200ms"))) == "undecided"

    (late,) = await told_next(simulator, 1)
    assert (late.command_id, late.tenant_id) == ("c", "acme")
    assert isinstance(late.outcome, Succeeded)
    assert await told(simulator, 0.2) == [], "told once"


@pytest.mark.parametrize(
    ("script", "answer", "afterwards"),
    [
        ("sim:duplicate", "succeeded", "succeeded"),
        ("sim:out_of_order", "succeeded", "declined"),
        ("sim:reversed", "declined", "succeeded"),
    ],
)
async def test_what_is_told_afterwards(
    simulator: Simulator, script: str, answer: str, afterwards: str
) -> None:
    assert await outcomes(simulator, script, 1) == [answer]
    assert [afterwards] == [name_of(late.outcome) for late in await told_next(simulator, 1)]


async def test_wrong_money_is_told_as_it_is(simulator: Simulator) -> None:
    amount = await simulator.charge(command("a", "sim:wrong_amount"))
    currency = await simulator.charge(command("b", "sim:wrong_currency"))

    assert isinstance(amount, Succeeded)
    assert isinstance(currency, Succeeded)
    assert (amount.amount_micros, amount.currency) == (AMOUNT + 1_000_000, "USD")
    assert (currency.amount_micros, currency.currency) == (AMOUNT, "EUR")


async def test_a_delayed_answer_is_late_although_the_capture_is_not(
    simulator: Simulator, payments: Callable[[], list[Payment]]
) -> None:
    charging = asyncio.create_task(simulator.charge(command("c", "sim:delay=300ms")))
    await asyncio.sleep(0.15)

    assert not charging.done()
    assert ["captured"] == [p.status for p in payments()]
    assert isinstance(await charging, Succeeded)


async def test_an_unknown_script_is_a_hard_decline(simulator: Simulator) -> None:
    answer = await simulator.charge(command("c", "pm_card_visa"))

    assert answer == declined("bad_script", getattr(answer, "payment_id", None))
    assert getattr(answer, "decline_class", "") == "hard"


async def test_random_trouble_passes_at_the_second_try(simulator: Simulator) -> None:
    for number in range(40):
        drawn = command(f"c{number}", "sim:random:3")
        try:
            await simulator.charge(drawn)
        except TroubleError:
            assert isinstance(await simulator.charge(drawn), Succeeded)


class Clock:
    """The simulator's clock, which stands until it is set forward."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ms = 1_790_000_000_000
        for module in ("provider", "reversals"):
            name = f"rater.shell.gateway.providers.simulator.{module}.now_ms"
            monkeypatch.setattr(name, lambda: self.ms)


MOVES = pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("sim:refund=10ms", [("refund", AMOUNT, 0)]),
        ("sim:half_refund=10ms", [("refund", AMOUNT // 2, 0)]),
        ("sim:dispute=10ms", [("dispute", AMOUNT, 0)]),
        ("sim:dispute_won=10ms", [("dispute", AMOUNT, 0), ("dispute", AMOUNT, AMOUNT)]),
        ("sim:refund_fails=10ms", [("refund", AMOUNT, 0), ("refund", AMOUNT, AMOUNT)]),
    ],
)


def sums_of(told: list[LateOutcome]) -> list[tuple[str, int, int]]:
    """Return what was told of money that moved; something else is no such thing."""
    moved = [each.outcome for each in told if isinstance(each.outcome, MovedBack)]
    assert len(moved) == len(told)
    return [(m.reversal, m.reversed_micros, m.restored_micros) for m in moved]


@MOVES
async def test_money_goes_back_and_comes_back_as_the_script_says(
    simulator: Simulator,
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    expected: list[tuple[str, int, int]],
) -> None:
    clock = Clock(monkeypatch)
    assert isinstance(await simulator.charge(command("c", method)), Succeeded)

    for each in expected:
        clock.ms += 10
        assert sums_of(await told_next(simulator, 1)) == [each]


@MOVES
async def test_what_is_told_late_of_money_is_how_it_is_then(
    simulator: Simulator,
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    expected: list[tuple[str, int, int]],
) -> None:
    clock = Clock(monkeypatch)
    assert isinstance(await simulator.charge(command("c", method)), Succeeded)

    clock.ms += 1_000
    assert sums_of(await told_next(simulator, len(expected))) == [expected[-1]] * len(expected)
