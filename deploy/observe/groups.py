"""Groups: all alerts, by what is wrong; each group is one file of tests."""

from typing import Final

from deploy.observe import (
    burning,
    gateway,
    paying,
    pricing,
    reconciling,
    recycling,
    remembering,
    running,
    stopping,
    streaming,
    telling,
    watching,
)
from deploy.observe.alert import RUNBOOKS, Alert
from deploy.observe.slo import recording_rules

GROUPS: Final[dict[str, tuple[Alert, ...]]] = {
    "burning": burning.ALERTS,
    "running": running.ALERTS,
    "streaming": streaming.ALERTS,
    "remembering": remembering.ALERTS,
    "pricing": pricing.ALERTS,
    "paying": paying.ALERTS,
    "gateway": gateway.ALERTS,
    "stopping": stopping.ALERTS,
    "telling": telling.ALERTS,
    "watching": watching.ALERTS,
    "reconciling": reconciling.ALERTS,
    "recycling": recycling.ALERTS,
}


def alerts() -> list[Alert]:
    """Return all rules; those of one name differ in a label."""
    return [alert for group in GROUPS.values() for alert in group]


def rule_files(runbooks: str = RUNBOOKS) -> dict[str, dict[str, object]]:
    """Return the rule files of Prometheus by name."""
    groups = [
        {"name": f"rater-{name}", "rules": [alert.rule(runbooks) for alert in group]}
        for name, group in GROUPS.items()
    ]
    recording = [{"name": "rater-objectives", "rules": recording_rules()}]
    return {"rules.yaml": {"groups": recording}, "alerts.yaml": {"groups": groups}}


def test_files() -> dict[str, dict[str, object]]:
    """Return the files of `promtool test rules` by name, one for each group of alerts."""
    return {
        f"{name}.yaml": {
            "rule_files": [f"../generated/{file}" for file in rule_files()],
            "evaluation_interval": "1m",
            "group_eval_order": ["rater-objectives", *(f"rater-{group}" for group in GROUPS)],
            "tests": [
                *(_test(alert) for alert in group),
                *(_quiet_test(alert, kind) for alert in group for kind in alert.quiet_in),
            ],
        }
        for name, group in GROUPS.items()
    }


def _test(alert: Alert) -> dict[str, object]:
    case = alert.case
    fired = [alert.fired(labels) for labels in (case.labels, *case.others)]
    moments: list[tuple[str, list[dict[str, object]]]] = [(case.silent, []), (case.fires, fired)]
    if case.over:
        moments.append((case.over, []))
    return {
        "name": " ".join([alert.name, *alert.labels.values()]),
        "interval": "1m",
        "input_series": [{"series": name, "values": v} for name, v in case.series.items()],
        "alert_rule_test": [
            {"eval_time": at, "alertname": alert.name, "exp_alerts": expected}
            for at, expected in moments
        ],
    }


def _quiet_test(alert: Alert, kind: str) -> dict[str, object]:
    """Return the test that an alert is silent while something is held, though its case would have it fire."""
    tried = _test(alert)
    held = f'rater_maintenance_since_seconds{{job="rater-stop",instance="a",kind="{kind}",scope="all"}}'
    series = {**alert.case.series, held: "1700000000x600"}
    return {
        **tried,
        "name": f"{tried['name']}, {kind} held",
        "input_series": [{"series": name, "values": v} for name, v in series.items()],
        "alert_rule_test": [
            {"eval_time": alert.case.fires, "alertname": alert.name, "exp_alerts": []}
        ],
    }
