"""Who: somebody who asks for something that is written down for good, why, and as a part of what."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Who:
    """Who asks for something, why, and as a part of what."""

    job_id: str
    by: str
    why: str | None = None
