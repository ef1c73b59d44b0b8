"""Job: the charges that differ are sent to charging, by tenant and in the order of their calls, a few hundred at once.

Ended in the middle and begun again under its name, it finds on the ledger what it has posted, and leaves that alone;
what it had asked for and what was not decided yet is asked for again, and decided once.
"""

from collections.abc import Callable
from typing import Final

import msgspec

from rater.kafka.broker import Broker
from rater.shell.admin.answers import Answer
from rater.shell.admin.publish import Ready
from rater.shell.recycling.job import send_orders
from rater.shell.rerating.found import Differs, Found

_encode: Final = msgspec.json.Encoder().encode


async def post(
    broker: Broker,
    found: Found,
    timeout_s: float,
    took: Callable[[Differs, Answer | None], None],
) -> None:
    """Have what differs posted; `took` is told what came of each, None where nobody answered in time."""

    def order(each: Differs) -> Ready:
        return Ready(each.order.tenant_id.encode(), _encode(each.order), None)

    await send_orders(broker, found.partitions, found.calls, order, timeout_s, took)
