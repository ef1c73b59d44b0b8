"""What the canary is told at its start."""

import re
from collections.abc import Iterator
from typing import ClassVar

from rater.shell.process.settings.declaration import Names, setting
from rater.shell.process.settings.service import ServiceSettings, Wrong, metrics_port
from topics.fields import TENANT_PATTERN


class CanarySettings(ServiceSettings):
    """Of `rater canary`."""

    table: ClassVar[str] = "canary"

    tenant_id: str = setting(
        ...,
        "One of canary_tenants of the charging settings; any other is refused.",
        Names("tenant", option="--tenant", metavar="TENANT"),
    )
    every_s: float = setting(
        60.0, "Seconds between the beginnings of two rounds.", low=1.0, high=86_400.0
    )
    refill_every_s: float = setting(
        3_600.0,
        "Seconds between two rounds that go below the trigger and are refilled: a hundred in a day is the most.",
        low=900.0,
        high=86_400.0,
    )
    patience_s: float = setting(30.0, "Seconds for each step of a round.", low=1.0, high=600.0)
    metrics_port: int = metrics_port(9470)

    def contradictions(self) -> Iterator[Wrong]:
        """Yield what else is wrong, also with the tenant's name."""
        yield from super().contradictions()
        if not re.fullmatch(TENANT_PATTERN, self.tenant_id):
            yield "tenant_id", "must be letters, digits and . _ : @ - only"
