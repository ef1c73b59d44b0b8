"""Settling: one order to one outcome; first the look-up, then the charge, again and again in case of trouble.

What must not be charged any more is withdrawn instead of charged: that is asked after the look-up, at the last moment.

Every round begins with the look-up, not only the first: a provider may answer 500 to a charge that it made,
and keep that answer under the key for ever. And a look-up that took long is no ground for a charge: a process that was
stopped amid it, and woken when its partitions had an heir, would charge a second time.
"""

import asyncio
import logging
import traceback
import zlib
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import TypeVar

from rater.shell.gateway.metrics import Asked, name_of
from rater.shell.gateway.providers.provider import (
    Declined,
    Outcome,
    Payments,
    Succeeded,
    TroubleError,
    Unknown,
)
from rater.shell.gateway.withdrawals import CANCELLED
from rater.shell.process.failpoints import failpoint
from topics.records.payments import PaymentCommand, PaymentOrder

ROUNDS_MAX = 6
LOOK_UP_GOOD_S = 5.0
"""From its question to the charge; an heir, who charges too, is there after the session's time-out at the earliest."""
FIRST_WAIT_S = 0.25
"""Doubled with each round; plus or minus a quarter, by the command's id."""

Against = Callable[[PaymentOrder], str | None]
"""Says by which code an order must not be charged now; None: it may be."""
Answer = TypeVar("Answer", bound=Outcome | None)

log = logging.getLogger(__name__)


async def settle(
    provider: Payments,
    order: PaymentOrder,
    against: Against,
    metrics: Asked,
    budget_s: float,
) -> Outcome:
    """Find out or bring about what becomes of an order; `Unknown` when the time runs out.

    A fault in an adapter is unclear, too: it must not stop the payments of others. It is in the log, loudly, but
    without the error's text, which may hold what the provider sent.
    """
    try:
        async with asyncio.timeout(budget_s):
            return await _rounds(provider, order, against, metrics, monotonic() + budget_s)
    except TimeoutError:
        return Unknown(f"no answer from the provider within {budget_s:g} s")
    except Exception as fault:  # noqa: BLE001
        where = traceback.extract_tb(fault.__traceback__)[-1]
        kind = type(fault).__name__
        log.critical(
            "command %(command_id)s: %(error)s at %(file)s:%(line)s",
            {
                "command_id": order.command_id,
                "recharge_id": order.recharge_id,
                "tenant_id": order.tenant_id,
                "error": kind,
                "file": where.filename,
                "line": where.lineno,
            },
        )
        return Unknown(f"the gateway failed ({kind})")


def log_settled(order: PaymentOrder, outcome: Outcome) -> None:
    """Say in the log what became of an order, once its result is written."""
    log.info(
        "command %(command_id)s: %(outcome)s",
        {
            "command_id": order.command_id,
            "recharge_id": order.recharge_id,
            "tenant_id": order.tenant_id,
            "outcome": name_of(outcome),
        },
    )


async def _rounds(
    provider: Payments,
    order: PaymentOrder,
    against: Against,
    metrics: Asked,
    end: float,
) -> Outcome:
    for number in range(ROUNDS_MAX):
        try:
            return await _round(provider, order, against, metrics)
        except TroubleError as trouble:
            wait_s = max(trouble.retry_after_s, backoff_s(order.command_id, number))
            last = number == ROUNDS_MAX - 1 or monotonic() + wait_s >= end
            log.warning(
                "command %(command_id)s, round %(round)d: %(trouble)s%(then)s",
                {
                    "command_id": order.command_id,
                    "recharge_id": order.recharge_id,
                    "tenant_id": order.tenant_id,
                    "round": number + 1,
                    "trouble": trouble,
                    "then": ", given up for now" if last else f", again in {wait_s:.2f} s",
                },
            )
            if last:
                return Unknown(str(trouble))
        await asyncio.sleep(wait_s)
    raise AssertionError("the last round returns")


async def _round(
    provider: Payments, order: PaymentOrder, against: Against, metrics: Asked
) -> Outcome:
    failpoint("before_look_up")
    began = monotonic()
    found = await _asked("look_up", provider.look_up(order), metrics)
    code = against(order)
    if isinstance(found, Succeeded | Declined) or (found is not None and code is None):
        return found
    if code is not None or not isinstance(order, PaymentCommand):
        failpoint("before_withdrawal")
        outcome = await _asked("withdraw", provider.withdraw(order, code or CANCELLED), metrics)
        failpoint("after_withdrawal")
        return outcome
    failpoint("before_charge")
    if monotonic() - began > LOOK_UP_GOOD_S:
        raise TroubleError("its look-up is old")
    outcome = await _asked("charge", provider.charge(order), metrics)
    failpoint("after_charge")
    return outcome


async def _asked(operation: str, question: Awaitable[Answer], metrics: Asked) -> Answer:
    """Await an answer, and note what it was and how long it took."""
    began, status = monotonic(), "broken_off"
    try:
        answer = await question
        status = "none" if answer is None else name_of(answer)
    except TroubleError as trouble:
        status = trouble.status
        raise
    finally:
        metrics.asked(operation, status, monotonic() - began)
    return answer


def backoff_s(command_id: str, number: int) -> float:
    """Return how long to wait after a round, counted from 0; commands that failed together do not return together."""
    spread = zlib.crc32(f"{command_id}/{number}".encode()) % 1_000 / 2_000
    return FIRST_WAIT_S * (1 << number) * (0.75 + spread)
