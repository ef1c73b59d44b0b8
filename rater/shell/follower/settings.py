"""What the reconciler is told that follows."""

from pathlib import Path
from typing import ClassVar

from rater.shell.process.settings.declaration import Names, setting
from rater.shell.process.settings.service import ServiceSettings, metrics_port

_HOUR_S = 3_600.0


class FollowerSettings(ServiceSettings):
    """Of `rater reconcile --follow`; without it only where Kafka is counts."""

    table: ClassVar[str] = "reconciler"

    every_s: float = setting(
        5.0, "With --follow: seconds from one look at the tail to the next.", low=0.2, high=60.0
    )
    checkpoint: str | None = setting(
        None,
        "With --follow: the folder of the checkpoints; without one each start begins at the first record.",
        Names(metavar="FOLDER"),
    )
    checkpoint_every_s: float = setting(
        30.0,
        "With --follow: seconds from one checkpoint of a partition to the next, at the least; where writing one takes "
        "long, twenty times as long as that.",
        low=1.0,
        high=_HOUR_S,
    )
    sweep_every_h: float = setting(
        24.0,
        "With --follow: hours from one sweep, which reads everything anew, to the next; 0: none.",
        low=0.0,
        high=744.0,
    )
    metrics_port: int = metrics_port(9471)

    @property
    def folder(self) -> Path | None:
        """Return the folder of the checkpoints."""
        return Path(self.checkpoint) if self.checkpoint else None
