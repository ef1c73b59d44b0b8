"""Routes: to which provider an order goes. Canary tenants have the simulator, all others the gateway's own (R32).

Rule 1: who is a canary is asked by the time at which the payment was asked for, which stands in the order. So the same
        command, sent again at any time, and what takes it back, go to the same provider: nobody is paid for at both.
Rule 2: a canary's method that is not the simulator's is refused, by a withdrawal at the provider whose method it may
        be: what was captured there before is told, and nothing can be any more. The simulator never sees it.
Rule 3: no other tenant ever comes to the simulator, unless the gateway has no other provider.
Rule 4: before the charging settings are known, nobody is paid for.
"""

from collections.abc import Callable
from dataclasses import dataclass

from rater.shell.gateway.metrics import CanaryMetrics, GatewayMetrics
from rater.shell.gateway.providers.declines import CANARY_METHOD
from rater.shell.gateway.providers.provider import Provider
from rater.shell.gateway.results import Origin
from topics.records.payments import PaymentOrder

IsCanary = Callable[[str, int], bool]
"""Says whether a tenant is a canary, for what was asked for at an instant."""


@dataclass(frozen=True, slots=True)
class Route:
    """A provider, whose word its results are, and who counts them."""

    provider: Provider
    metrics: GatewayMetrics | CanaryMetrics
    refusal: str | None = None
    """The code by which whatever comes this way is refused."""

    @property
    def origin(self) -> Origin:
        """Whose word a result is."""
        return Origin(self.provider.name, self.provider.mode)


class Routes:
    """The ways to the gateway's own provider, and to that of canary tenants, which may be the same."""

    def __init__(
        self,
        own: Provider,
        of_canaries: Provider,
        method_prefix: str,
        is_canary: IsCanary,
        metrics: GatewayMetrics,
    ) -> None:
        canary_metrics = metrics.of_canaries()
        self._own = Route(own, metrics)
        self._of_canaries = Route(of_canaries, canary_metrics)
        self._refused = Route(own, canary_metrics, CANARY_METHOD)
        self._prefix = method_prefix
        self._is_canary = is_canary

    def of(self, order: PaymentOrder) -> Route:
        """Return where an order goes."""
        if not self._is_canary(order.tenant_id, order.requested_ms):
            return self._own
        return self._of_canaries if order.method.startswith(self._prefix) else self._refused

    def all(self) -> tuple[Route, ...]:
        """Return a way to each provider that may tell something of its own accord."""
        is_one = self._own.provider is self._of_canaries.provider
        return (self._own,) if is_one else (self._own, self._of_canaries)
