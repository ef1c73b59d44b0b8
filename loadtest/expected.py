"""Expected: what charging some traffic must lead to, worked out while the traffic is made."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Expected:
    """Counts per outcome, named as batch manifests name them, and each tenant's money."""

    outcomes: Counter[str] = field(default_factory=Counter)
    """`rated`, `free`, `duplicate`, `suspended.REASON`, `dead.REASON`."""
    charges: Counter[str] = field(default_factory=Counter)
    """Charge entries per tenant, free calls included."""
    charged_micros: Counter[str] = field(default_factory=Counter)
    funded_micros: Counter[str] = field(default_factory=Counter)
    used_s: dict[str, Counter[str]] = field(default_factory=dict)
    """Seconds drawn on each pool, per tenant; empty without plans."""
    pooled: int = 0
    """Charges of which pools pay at least a second."""

    def balance_micros(self, tenant_id: str) -> int:
        """Return what the account must hold in the end; below zero it is debt."""
        return self.funded_micros[tenant_id] - self.charged_micros[tenant_id]

    def charge(self, tenant_id: str, micros: int | None) -> None:
        """Expect a charge entry; None means that the call is free by itself, without a price."""
        self.outcomes["free" if micros is None else "rated"] += 1
        self.charges[tenant_id] += 1
        self.charged_micros[tenant_id] += micros or 0
