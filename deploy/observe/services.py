"""Services: the jobs that Prometheus scrapes, and what it means that nobody of one answers."""

from typing import Final, NamedTuple

from deploy.observe.alert import Severity


class Service(NamedTuple):
    """A service and its job."""

    name: str
    port: int
    severity: Severity
    """How bad it is that none of it runs."""
    down: str
    """What happens then."""

    @property
    def job(self) -> str:
        """Return the name of its job."""
        return f"rater-{self.name}"


SERVICES: Final = (
    Service("charging", 9464, "critical", "CDRs wait on their topic, balances stand still"),
    Service("recharge", 9465, "critical", "nobody is recharged"),
    Service("gateway", 9466, "critical", "payments wait; after their time they are only looked up"),
    Service("notifier", 9467, "warning", "letters and webhooks wait"),
    Service("gatekeeper", 9468, "critical", "switches refuse paid calls"),
    Service("watch", 9469, "critical", "nobody sees from outside that others have stopped"),
    Service(
        "canary",
        9470,
        "warning",
        "no known call is played, so that nothing says whether charges are right",
    ),
    Service("reconciler", 9471, "warning", "nobody proves what charging writes"),
    Service(
        "recycler", 9472, "warning", "calls in suspense wait, also when what they wait for is there"
    ),
)
