"""Dashboards on a real run: every query of every dashboard returns data from a real Prometheus that has scraped it.

Real workers, gateway, notifier, gatekeeper, watch and canary; payments are declined, disputed and refunded, webhooks
fail; charging is killed until its lag alert is received, and recovers. `make check-dashboards`; needs Prometheus and
Alertmanager.
"""

from __future__ import annotations

import json
import math
import time
from typing import TYPE_CHECKING

import pytest

from loadtest.observe.__main__ import ABSENT, LATE, OF_CDRS, fire
from loadtest.observe.drawn.dashboards import FOLDER, Target, dashboards
from loadtest.observe.drawn.series import Line, Prometheus, Range
from loadtest.observe.monitors import missing
from loadtest.observe.run import Run, running

if TYPE_CHECKING:
    from pathlib import Path

    from loadtest.observe.web import Alert

pytestmark = [
    pytest.mark.kafka,
    pytest.mark.slow,
    pytest.mark.timeout(1_500),
    pytest.mark.skipif(
        bool(missing()), reason=f"not installed: {', '.join(missing())} (apt-get install)"
    ),
]

CALM_S = 90.0
GIVEN_UP = "Calls given for free, released, dropped, rated again"
NEVER_HERE = {
    ("Transactions that failed", 1): "By kind; none has failed, and the sum of all is 0.",
    (GIVEN_UP, 1): "By reason; calls are freed after days.",
    (GIVEN_UP, 2): "By outcome; nobody orders a release.",
    (GIVEN_UP, 3): "By outcome; nobody has anything rated again.",
    ("Taken back, given back, in quarantine", 1): "By reason; nothing is in quarantine.",
    ("Looks that came to nothing", 1): "By reason; the broker answers, and the sum of all is 0.",
}
"""Panel and place of a query whose series come into being with what does not happen here."""
PROVOKED = {
    "The way of recharges": "crossed|asked for|captured|credits",
    "Results of payments": "succeeded|declined",
    "Taken back, given back, in quarantine": "reversed|restored",
    "Told by the provider itself": "reversed",
    "CDRs by outcome": "rated",
    "Lag in seconds": "rater-charging cdr.raw.v1",
    "Oldest CDR that waits": "age",
    "What waits": "CDRs",
    "Offered and achieved": "offered|achieved",
    "Recoveries": "rater-charging|rater-recharge",
    "Released by itself": "all",
    "Charged": "USD",
    "In": "USD funds_added",
    "Out": "USD charge",
    "E-mails": "sent",
    "Handled": "sent|partly",
    "Webhooks": "sent|deferred|undelivered",
    "Circuits of webhooks": "open now|became open|became half_open|became closed",
    "Not for everyone, by kind": "all",
    "Payments of canary tenants": "succeeded",
    "Rounds": "passed",
    "Answers": "allowed|refused unknown_tenant",
    "Seconds paid by pools": "drawn",
    "Burn rate of freshness": "5m",
    "From a CDR to its payment command": "p50|p99",
}
"""Panel -> series that are above 0 at some time."""


def tell(alert: Alert) -> None:
    print("over" if not alert.firing else "FIRING", alert.name, alert.labels, flush=True)


def has_value(lines: list[Line]) -> bool:
    return any(math.isfinite(value) for line in lines for _, value in line.points)


async def test_every_query_of_every_dashboard_returns_data(tmp_path: Path) -> None:
    async with running(tmp_path, tell, every_s=5, calls_per_s=60) as run:
        began_s = time.time()
        await passed(run, CALM_S)
        await fire(run)
        await passed(run, CALM_S)

        names = [alert.name for alert in run.received.alerts if alert.firing]
        assert {ABSENT, LATE, "RaterPaymentReversed"} <= set(names)
        assert not run.received.fires(LATE, **OF_CDRS)
        await all_return_data(run, Range(began_s, time.time(), run.every_s))


async def passed(run: Run, seconds: float) -> None:
    until_s = time.monotonic() + seconds
    await run.until(lambda: time.monotonic() > until_s, "time", seconds + 60)


async def all_return_data(run: Run, over: Range) -> None:
    """Ask all; a query without data, and a series that stays at 0 though it was provoked, are told together."""
    empty: list[str] = []
    flat = {title: set(names.split("|")) for title, names in PROVOKED.items()}
    asked = Prometheus(run.prometheus)
    try:
        for panel in (panel for board in dashboards().values() for panel in board.panels):
            for place, target in enumerate(panel.targets):
                lines = await asked.lines(target, over)
                if not has_value(lines) and (panel.title, place) not in NEVER_HERE:
                    empty.append(f"{panel.title}: {target.expr}")
                above = {line.name for line in lines if any(v > 0 for _, v in line.points)}
                flat.get(panel.title, set()).difference_update(above)
        for path in FOLDER.iterdir():
            for each in json.loads(path.read_text())["annotations"]["list"]:
                lines = await asked.lines(Target(each["expr"], ""), over)
                assert has_value(lines), f"{path.name}: {each['expr']}"
    finally:
        await asked.close()
    assert empty == []
    assert {title: left for title, left in flat.items() if left} == {}
