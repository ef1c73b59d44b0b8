"""Alerts page: the tables between the marks of docs/operating/alerts.md: objectives, paces, services, alerts."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

from deploy.observe.alert import Alert
from deploy.observe.groups import GROUPS
from deploy.observe.services import SERVICES
from deploy.observe.slo import PACES, SLOS, Slo
from deploy.reference.tables import cell, code, table

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "operating" / "alerts.md"
_MARKED = re.compile(r"(<!-- generated: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def page() -> str:
    """Return the page with the tables between its marks made anew."""
    text = PAGE.read_text(encoding="utf-8")
    return _MARKED.sub(lambda m: f"{m[1]}{_TABLES[m[2]]()}{m[3]}", text)


def _objectives() -> str:
    return table(
        ("objective", "promised", "metric", "share", "errors in 30 days"),
        (
            (slo.name, slo.promise, _metric(slo), f"{100 * slo.objective:g} %", f"{100 * slo.budget:g} %")
            for slo in SLOS
        ),
    )  # fmt: skip


def _metric(slo: Slo) -> str:
    if slo.errors:
        return f"{code(slo.errors)} of {code(slo.total)} are errors"
    return f"{code(slo.good)} of {code(slo.total)} are good"


def _paces() -> str:
    return table(
        ("long window", "short window", "burn rate", "for", "severity", "used by then"),
        (
            (pace.long, pace.short, f"{pace.factor:g}", pace.for_, pace.severity, pace.used)
            for pace in PACES
        ),
    )


def _services() -> str:
    return table(
        ("job", "port", "if none of it runs"),
        ((code(each.job), str(each.port), each.down) for each in SERVICES),
    )


def _alerts() -> str:
    rows = {alert.name: _row(alert) for group in GROUPS.values() for alert in reversed(group)}
    first = {alert.name: None for group in GROUPS.values() for alert in group}
    return table(("alert", "severity", "for", "summary"), (rows[name] for name in first))


def _row(alert: Alert) -> tuple[str, ...]:
    """Return the row of an alert; of those that burn budgets, the fastest pace."""
    summary = re.sub(r"\{\{ \$labels\.(\w+) \}\}", r"*\1*", alert.summary)
    link = f"[{alert.name}](runbooks/{alert.name}.md)"
    return link, alert.severity, alert.for_, cell(summary)


_TABLES: Final[dict[str, Callable[[], str]]] = {
    "objectives": _objectives,
    "paces": _paces,
    "services": _services,
    "alerts": _alerts,
}
