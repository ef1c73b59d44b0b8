"""What the recycler is told at its start."""

from typing import ClassVar

from rater.shell.process.settings.declaration import setting
from rater.shell.process.settings.service import ServiceSettings, metrics_port


class RecyclerSettings(ServiceSettings):
    """Of `rater recycler`."""

    table: ClassVar[str] = "recycler"

    every_s: float = setting(
        30.0, "Seconds from one look at what waits to the next.", low=0.2, high=3_600.0
    )
    balance_percent: int = setting(
        25,
        "Of a tenant's balance, what may be taken in an hour without asking; above it an operator must release.",
        low=0,
        high=100,
    )
    calls_a_minute: int = setting(
        1_000,
        "Calls of a tenant that may be released in a minute without asking; likewise.",
        low=1,
        high=100_000,
    )
    answer_s: float = setting(
        60.0, "Seconds to wait for charging's answers to 500 calls.", low=1.0, high=600.0
    )
    metrics_port: int = metrics_port(9472)
