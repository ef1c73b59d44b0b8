"""Job: orders on calls that wait, sent a few hundred at once, each few in one transaction; and what came of them.

Ended in the middle and begun again under its id it sends the same orders: those that were carried out are duplicates.
"""

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from rater.core.pricing.plans.book import NO_BOOK
from rater.kafka.broker import Broker
from rater.shell.admin.answers import Answer, listening
from rater.shell.admin.publish import Ready, publish
from rater.shell.admin.who import Who
from rater.shell.recycling.selection import Waits
from rater.wire.account.recycling import Order, encode_order
from topics.catalog import ACCOUNT_TIMERS

Call = TypeVar("Call")
AT_ONCE: Final = 500
"""Orders of one transaction; the answers to them are waited for before the next."""


async def send(  # noqa: PLR0913, PLR0917
    broker: Broker,
    partitions: int,
    kind: Order,
    calls: Sequence[Waits],
    who: Who,
    timeout_s: float,
    took: Callable[[Waits, Answer | None], None],
) -> None:
    """Send orders in this order; `took` is told what came of each, None where nobody answered in time."""

    def order(each: Waits) -> Ready:
        said = encode_order(kind, each.row, who.job_id, who.by, who.why, each.seen_ms)
        return Ready(each.row.tenant_id.encode(), said, None)

    await send_orders(broker, partitions, calls, order, timeout_s, took)


async def send_orders(  # noqa: PLR0913, PLR0917
    broker: Broker,
    partitions: int,
    calls: Sequence[Call],
    order: Callable[[Call], Ready],
    timeout_s: float,
    took: Callable[[Call, Answer | None], None],
) -> None:
    """Send likewise what `order` makes of each call."""
    for first in range(0, len(calls), AT_ONCE):
        some = calls[first : first + AT_ONCE]
        records = [order(each) for each in some]
        async with listening(broker, ACCOUNT_TIMERS.name, partitions, NO_BOOK) as answers:
            places = await publish(broker, ACCOUNT_TIMERS, records, partitions, lambda: None)
            found = await answers.to(places, timeout_s)
        for each, place in zip(some, places, strict=True):
            took(each, found.get(place))
        if len(found) < len(some):
            return
