"""Settings of the workers, charging and recharge: the same, but for the port of their metrics."""

from typing import ClassVar

from rater.kafka.bounded_records import RECORDS_PER_BATCH
from rater.shell.process.settings.declaration import Names, setting
from rater.shell.process.settings.service import GroupSettings, metrics_port
from rater.shell.stream.turns import PARTITIONS_AT_ONCE


class WorkerSettings(GroupSettings):
    """What any worker is told at its start."""

    records_per_batch: int = setting(
        RECORDS_PER_BATCH, "The most records of one transaction.", Names(unit="records"),
        low=1, high=RECORDS_PER_BATCH,
    )  # fmt: skip
    partitions_at_once: int = setting(
        PARTITIONS_AT_ONCE,
        "The most partitions whose transactions are under way at the same time. More shorten the delay where the "
        "broker is far and processors are idle, and lengthen it where they are busy.",
        Names(unit="partitions"),
        low=1,
    )
    stuck_after_s: float = setting(
        60.0,
        "Seconds without progress while there is lag, after which the worker ends itself.",
        low=5.0,
    )


class ChargingWorkerSettings(WorkerSettings):
    """Of `rater worker charging`."""

    table: ClassVar[str] = "charging"
    metrics_port: int = metrics_port(9464)


class RechargeWorkerSettings(WorkerSettings):
    """Of `rater worker recharge`."""

    table: ClassVar[str] = "recharge"
    metrics_port: int = metrics_port(9465)
