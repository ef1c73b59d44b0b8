"""Metric page: every family of every service with type, labels, unit and help, from the registries that they serve."""

from collections.abc import Callable, Iterator
from typing import Any

from prometheus_client import CollectorRegistry

from deploy.reference.tables import cell, code, table, unit_of
from rater.shell.canary.metrics import CanaryMetrics
from rater.shell.charging.metrics import ChargingMetrics
from rater.shell.charging.suspense_metrics import SuspenseMetrics
from rater.shell.follower.metrics import FollowerMetrics
from rater.shell.gatekeeper.metrics import GatekeeperMetrics
from rater.shell.gateway.metrics import GatewayMetrics
from rater.shell.notifier.metrics import NotifierMetrics
from rater.shell.process.maintenance_metrics import MaintenanceMetrics
from rater.shell.process.metrics import Metrics
from rater.shell.recharge.metrics import RechargeMetrics
from rater.shell.recycler.metrics import RecyclerMetrics
from rater.shell.versions.plan_metrics import PlanMetrics
from rater.shell.watch.letter_metrics import LetterMetrics
from rater.shell.watch.metrics import WatchMetrics

_INTRO = """\
# Metrics

Every service serves its own families in the text format of Prometheus on `/metrics` (charging on port 9464, recharge
9465, gateway 9466, notifier 9467, gatekeeper 9468, watch 9469, canary 9470, reconciler 9471, recycler 9472), beside
`/livez` and `/readyz`. No label is a tenant, a call, a number or an address, so that the number of series is bounded. A
gauge that nobody knows at the moment has no series: absence is not 0.

"""


def _charging() -> CollectorRegistry:
    registry = Metrics().registry
    PlanMetrics(registry)
    SuspenseMetrics(registry)
    ChargingMetrics(registry)
    MaintenanceMetrics(registry, "charging")
    return registry


def _recharge() -> CollectorRegistry:
    registry = Metrics(rooms=["worker"]).registry
    RechargeMetrics(registry)
    MaintenanceMetrics(registry, "payments")
    return registry


def _gateway() -> CollectorRegistry:
    shared = Metrics(rooms=())
    GatewayMetrics(shared)
    return shared.registry


def _gatekeeper() -> CollectorRegistry:
    shared = Metrics(rooms=())
    GatekeeperMetrics(shared)
    PlanMetrics(shared.registry)
    return shared.registry


def _canary() -> CollectorRegistry:
    shared = Metrics(rooms=())
    CanaryMetrics(shared)
    return shared.registry


def _reconciler() -> CollectorRegistry:
    shared = Metrics(rooms=())
    FollowerMetrics(shared, 0.0)
    return shared.registry


def _recycler() -> CollectorRegistry:
    shared = Metrics(rooms=())
    RecyclerMetrics(shared)
    return shared.registry


def _notifier() -> CollectorRegistry:
    return NotifierMetrics().process.registry


def _watch(*, exporter_names: bool = False) -> CollectorRegistry:
    shared = Metrics(rooms=())
    WatchMetrics(shared, exporter_names=exporter_names)
    LetterMetrics(shared)
    return shared.registry


SERVICES: dict[str, Callable[[], CollectorRegistry]] = {
    "charging": _charging,
    "recharge": _recharge,
    "gateway": _gateway,
    "notifier": _notifier,
    "gatekeeper": _gatekeeper,
    "watch": _watch,
    "canary": _canary,
    "reconciler": _reconciler,
    "recycler": _recycler,
}
"""What makes the metrics of each service, as its process does."""


def page() -> str:
    """Return the page."""
    served: dict[str, list[str]] = {}
    families: dict[str, Any] = {}
    for service, make in SERVICES.items():
        for family in families_of(make()):
            served.setdefault(family._name, []).append(service)
            families[family._name] = family
    everywhere = [name for name, by in served.items() if len(by) == len(SERVICES)]
    text = _INTRO + "## Every service\n\n" + _table(families[name] for name in everywhere)
    text += (
        "\nThe usual `process_*` families (CPU, memory, file descriptors, start) come with these.\n"
    )
    several = [name for name, by in served.items() if 1 < len(by) < len(SERVICES)]
    if several:
        names = " and ".join(dict.fromkeys(s for name in several for s in served[name]))
        text += f"\n## {names}\n\n" + _table(families[name] for name in several)
    for service in SERVICES:
        own = [name for name, by in served.items() if by == [service]]
        text += f"\n## {service} alone\n\n" + _table(families[name] for name in own)
    more = families_of(_watch(exporter_names=True))
    exported = [family for family in more if family._name not in families]
    return f"{text}\n## watch with `--exporter-names`\n\n" + _table(exported)


def families_of(registry: CollectorRegistry) -> Iterator[Any]:
    """Yield the families of ours; those of the process collector have no declaration."""
    seen = set()
    for collector in registry._names_to_collectors.values():
        if hasattr(collector, "_labelnames") and id(collector) not in seen:
            seen.add(id(collector))
            yield collector


def _table(families: Any) -> str:
    rows = []
    for family in sorted(families, key=lambda each: each._name):
        kind = family._type
        name = family._name + {"counter": "_total", "info": "_info"}.get(kind, "")
        rows.append((code(name), kind, ", ".join(code(label) for label in family._labelnames),
                     _unit(family), cell(family._documentation)))  # fmt: skip
    return table(("family", "type", "labels", "unit", "help"), rows)


def _unit(family: Any) -> str:
    """Return the unit that the name ends in; of a counter without one, what it counts stands in its help."""
    return "" if family._type == "info" else unit_of(family._name)
