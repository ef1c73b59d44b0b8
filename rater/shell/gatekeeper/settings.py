"""What the gatekeeper is told at its start."""

from typing import ClassVar

from rater.core.authorisation.holds import HoldTerms
from rater.core.limits import DURATION_S_MAX, SECOND_MS
from rater.shell.process.settings.declaration import Names, setting
from rater.shell.process.settings.service import Host, ServiceSettings, metrics_port


class GatekeeperSettings(ServiceSettings):
    """Of `rater gatekeeper`."""

    table: ClassVar[str] = "gatekeeper"

    host: Host = setting("127.0.0.1", "Where questions are taken.")
    port: int = setting(
        8090,
        "For /v1/authorise and /v1/release; 0 takes a free one and logs it.",
        low=0,
        high=65_535,
    )
    stale_after_s: float = setting(
        10.0,
        "Seconds after which what is known is not relied on: paid calls are refused.",
        low=1.0,
        high=3_600.0,
    )
    longest_s: int = setting(
        14_400, "Seconds that a call is allowed at most.", low=1, high=DURATION_S_MAX
    )
    hold_for_s: int = setting(
        120,
        "Seconds that a hold outlasts the longest that its call may last: for ringing, and for its CDR.",
        low=1,
        high=86_400,
    )
    settle_for_s: int = setting(
        30,
        "Seconds that a hold outlasts its release: until the call's charge is seen.",
        low=1,
        high=86_400,
    )
    calls_per_tenant: int = setting(
        1_000, "Holds of a tenant at once.", Names(unit="holds"), low=1, high=100_000
    )
    calls_per_user: int = setting(
        10, "Holds of a user at once.", Names(unit="holds"), low=1, high=100_000
    )
    metrics_port: int = metrics_port(9468)

    @property
    def holds(self) -> HoldTerms:
        """Return for how long calls are held, and how many at once."""
        times_ms = (self.hold_for_s * SECOND_MS, self.settle_for_s * SECOND_MS)
        return HoldTerms(*times_ms, self.calls_per_tenant, self.calls_per_user)

    @property
    def stale_after_ms(self) -> int:
        """Return how long ago what is known may have been known last, as it is compared with the age of the view."""
        return int(self.stale_after_s * 1_000)
