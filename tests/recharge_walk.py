"""A walk through a world: what may happen to a tenant, by chance. The state machine of Hypothesis uses it too."""

from collections.abc import Callable, Sequence
from random import Random

from tests.recharge_world import AMOUNT, TRIGGER, World
from tests.units import DAY, HOUR, MINUTE, UNIT
from topics.records import balance as v

Act = Callable[[World, Random], None]


def wander(world: World, chance: Random, steps: int, acts: Sequence[Act] | None = None) -> None:
    """Let so many things happen; without `acts` it is those of ACTS."""
    world.methods("pm_1", "pm_2")
    world.settle()
    for _ in range(steps):
        chance.choice(acts or ACTS)(world, chance)


def spend(world: World, chance: Random) -> None:
    """Charge a little, or much."""
    world.spend(chance.choice((UNIT, 30 * UNIT, 60 * UNIT, 200 * UNIT)))


def top_up(world: World, chance: Random) -> None:
    """Add funds by hand."""
    world.top_up(chance.choice((10, 60, 300)) * UNIT, f"manual-{world.seq}")


def arrive(world: World, chance: Random) -> None:
    """Let the account carry out a credit."""
    world.arrive()


def refuse(world: World, chance: Random) -> None:
    """Let the account refuse a credit, now and then."""
    if chance.random() < 0.3:
        world.refuse(chance.choice(("lot_exists", "amount_too_large")))


def succeed(world: World, chance: Random) -> None:
    """Tell a success, of any command, again or late."""
    if world.sent:
        world.succeed(_one(world, chance))


def succeed_last(world: World, chance: Random) -> None:
    """Tell the success of the command in flight."""
    if world.sent:
        world.succeed(world.last)


def decline(world: World, chance: Random) -> None:
    """Tell a decline, of any command."""
    if world.sent:
        world.decline(_one(world, chance), hard=chance.random() < 0.4)


def decline_again(world: World, chance: Random) -> None:
    """Tell soft declines of the command in flight until none is left, or until the cap is lowered."""
    if not world.sent or chance.random() < 0.7:
        return
    if chance.random() < 0.5:
        world.decline(world.last, hard=False)
        world.settle(money_cap_micros=AMOUNT)
        return
    for _ in range(4):
        world.decline(world.last, hard=False)
        world.wait(5 * HOUR)


def expire(world: World, chance: Random) -> None:
    """Tell that a command, of any age, came too late."""
    if world.sent:
        world.expire(_one(world, chance))


def close(world: World, chance: Random) -> None:
    """Close the account, seldom."""
    if chance.random() < 0.02:
        world.close()


def unclear(world: World, chance: Random) -> None:
    """Tell that nobody knows."""
    if world.sent:
        world.unclear(_one(world, chance))


def doubt(world: World, chance: Random) -> None:
    """Tell a result that is not what was asked for; of a payment that is captured, that is loud and no more."""
    if not world.sent:
        return
    state, is_new = world.state, world.last not in world.captured
    assert world.succeed(world.last, amount_micros=AMOUNT + 1).startswith("quarantined.")
    if is_new:
        del world.captured[world.last]  # It was somebody else's money.
    else:
        assert world.state == state


def wait(world: World, chance: Random) -> None:
    """Let time pass."""
    world.wait(chance.choice((MINUTE, 20 * MINUTE, 2 * HOUR, 8 * HOUR, 2 * DAY, 31 * DAY)))


def settle(world: World, chance: Random) -> None:
    """Change the settings."""
    world.settle(
        enabled=chance.random() < 0.8,
        trigger=chance.choice((TRIGGER, 2 * TRIGGER)),
        mode=chance.choice(("fixed", "fixed", "gap", "target")),
        target_micros=250 * UNIT,
        count_cap=chance.choice((None, 1, 2)),
        money_cap_micros=chance.choice((None, 3 * AMOUNT)),
    )


def methods(world: World, chance: Random) -> None:
    """Replace the payment methods."""
    world.methods(*chance.choice((("pm_1",), ("pm_1", "pm_2"), ("pm_3",), ())))


def suspect(world: World, chance: Random) -> None:
    """Trip the breaker, use up a pool of a plan or a credit limit, or end a month, which are no matter of recharge."""
    draw = chance.random()
    if draw > 0.95:
        world.event(v.CreditLimitReached, "2024-01", UNIT, 2 * UNIT, world.now + DAY)
    elif draw > 0.9:
        world.event(v.PoolUsed, "2024-01/PLAN/domestic", "A plan", 100, 6_000, 6_000)
    elif draw > 0.85:
        world.event(v.RecipientsChanged, ("ann@acme.example",), "en", None, True)
        world.event(v.MonthEnded, "2024-01")
    if draw < 0.3:
        world.event(
            v.FraudSuspected, "spend_per_hour", 1000 * UNIT, 1001 * UNIT, ("international",)
        )


def resume(world: World, chance: Random) -> None:
    """Let an administrator resume."""
    world.resume()


def take_back(world: World, chance: Random) -> None:
    """Take money of a payment back, or give it back, and tell it: now, an older state, or of the future."""
    if not world.sent:
        return
    command_id = _one(world, chance)
    amount = chance.choice((1, UNIT, AMOUNT // 2, AMOUNT, 2 * AMOUNT))
    before = world.sums.get(command_id)
    act = world.give_back if before and chance.random() < 0.4 else world.take_back
    act(command_id, amount)
    now = world.sums[command_id]
    world.tell_sums(command_id, chance.choice((now, now, before or now)))


def move_back(world: World, chance: Random) -> None:
    """Let the account carry out a reversal."""
    world.move_back()


def hold(world: World, chance: Random) -> None:
    """Hold payments, now and then."""
    if chance.random() < 0.3:
        world.hold()


def hold_a_retry(world: World, chance: Random) -> None:
    """Decline what is in flight for now, and hold payments until its retry is due."""
    if world.sent and chance.random() < 0.3:
        world.decline(world.last, hard=False)
        world.hold()
        world.wait(2 * HOUR)


def lift(world: World, chance: Random) -> None:
    """End a stop, where there is one."""
    world.lift()


def _one(world: World, chance: Random) -> str:
    return chance.choice([world.last, world.last, *world.sent])


ACTS: tuple[Act, ...] = (
    *(spend, spend, top_up, arrive, arrive, succeed, succeed_last, succeed_last, decline, decline),
    *(unclear, doubt, wait, wait, settle, methods, suspect, resume, refuse),
    *(take_back, take_back, move_back, move_back, resume, expire, close, decline_again),
)
WITH_STOPS: tuple[Act, ...] = (*ACTS, hold, lift, hold_a_retry)
