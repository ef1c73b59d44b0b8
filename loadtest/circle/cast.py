"""The cast: tenants just above their trigger, each with payment methods that behave in a way of their own.

The same cast gives the same bytes. One call takes a tenant below its trigger; what then must happen is told by what its
methods do.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from loadtest.accounts import Record, encode, tenant
from loadtest.calls import Call, Clock
from loadtest.calls import encode as encode_call

UNIT = 1_000_000
TRIGGER_UNITS = 100
AMOUNT_UNITS = 200
FUNDED_MICROS = 100_100_000
"""A call to France of 219 s costs 0.1264 by the sample deck: 100.10 falls below 100."""
NUMBER = "+33612345678"
SECONDS = 219

SIMPLE = ("sim:ok",)
DECLINED = ("sim:expired_card",)
FALLBACK = ("sim:lost_card", "sim:ok")
SOFT = ("sim:insufficient_funds,ok",)
SPENT = ("sim:insufficient_funds",)
LATE = ("sim:late=2s",)
DUPLICATE = ("sim:duplicate",)
SLOW = ("sim:delay=700ms",)
BUSY = ("sim:429*2,500,ok",)
DISORDER = ("sim:out_of_order",)
TIMEOUT = ("sim:timeout,ok",)
TOLD = ("sim:webhook=1s",)
REFUNDED = ("sim:half_refund=1s",)
DISPUTED = ("sim:dispute=1s",)
WON = ("sim:dispute_won=1s",)

DEMO = (
    *(SIMPLE, SIMPLE, SIMPLE, SIMPLE, DECLINED, FALLBACK, SOFT, DUPLICATE, SLOW, BUSY, DISORDER),
    *(TOLD, REFUNDED, DISPUTED, WON),
)
"""What the demo shows; each in turn."""
ROUGH = (
    *DEMO,
    SPENT,
    TIMEOUT,
    LATE,
    ("sim:reversed",),
    ("sim:random:7",),
    ("sim:refund=1s",),
    ("sim:refund_fails=1s",),
)
"""What the kill test plays."""


@dataclass(frozen=True, slots=True)
class Cast:
    """So many tenants; `methods` are given to them in turn."""

    tenants: int
    start_ms: int
    methods: tuple[tuple[str, ...], ...] = DEMO
    partitions: int = 8
    deck_id: str = "sample"
    currency: str = "USD"
    prefix: str = "circle"
    webhooks: tuple[str, ...] = ()
    """URLs that are told, too; given to tenants in turn."""

    def name(self, number: int) -> str:
        """Return the id of a tenant."""
        return f"{self.prefix}-{number:04}"

    def names(self) -> list[str]:
        """Return the ids of all tenants."""
        return [self.name(number) for number in range(self.tenants)]

    def methods_of(self, number: int) -> tuple[str, ...]:
        """Return the payment methods of a tenant, in order."""
        return self.methods[number % len(self.methods)]

    def language_of(self, number: int) -> str:
        """Return the language of its letters."""
        return "fr" if number % 3 == 1 else "en"

    def commands(self) -> Iterator[Record]:
        """Yield what opens each account, funds it, and sets its recharge up."""
        clock = Clock()
        for number in range(self.tenants):
            who = tenant(self.name(number), number, self.partitions)
            for kind, fields in self._orders(number, clock):
                command = {
                    "type": kind,
                    "command_id": f"{who.tenant_id}-{kind}",
                    "tenant_id": who.tenant_id,
                    **fields,
                }
                yield who.partition, who.key, encode(command)

    def calls(self, round_number: int = 0, seconds: int = SECONDS) -> Iterator[Record]:
        """Yield a call of each tenant; the first round of calls as long as these takes every one below its trigger."""
        clock = Clock()
        for number in range(self.tenants):
            who = tenant(self.name(number), number, self.partitions)
            cdr_id = f"{self.prefix}-{round_number}-{number:06}"
            call = Call(who, cdr_id, NUMBER, seconds, self.start_ms // 1000, 3, number)
            yield who.partition, who.key, encode_call(call, clock)

    def _orders(self, number: int, clock: Clock) -> Iterator[tuple[str, dict[str, object]]]:
        name = self.name(number)
        yield (
            "open_account",
            {"currency": self.currency, "decks": [self.deck_id], "time_zone": "UTC"},
        )
        yield (
            "add_funds",
            {
                "lot_id": f"{name}-lot-1",
                "amount_micros": FUNDED_MICROS,
                "currency": self.currency,
                "purchased_at": clock[self.start_ms // 1000 - 86_400],
            },
        )
        yield "set_recipients", self._recipients(number)
        references = self.methods_of(number)
        methods = [
            {"reference": each, "label": f"Card {place}"}
            for place, each in enumerate(references, 1)
        ]
        yield "set_payment_methods", {"methods": methods}
        yield (
            "set_auto_recharge",
            {
                "enabled": True,
                "trigger_micros": TRIGGER_UNITS * UNIT,
                "amount_micros": AMOUNT_UNITS * UNIT,
            },
        )

    def _recipients(self, number: int) -> dict[str, object]:
        told: dict[str, object] = {
            "emails": [f"billing@{self.name(number)}.example"],
            "language": self.language_of(number),
        }
        if self.webhooks:
            told["webhook"] = self.webhooks[number % len(self.webhooks)]
        return told
