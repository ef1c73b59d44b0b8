"""Objectives, rules and alerts: they ask for what services serve, are silent first, and then fire."""

import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml

from deploy.observe import groups, write
from deploy.observe.alert import Alert
from deploy.observe.groups import GROUPS, alerts, rule_files
from deploy.observe.services import SERVICES
from deploy.observe.slo import PACES, SLOS, recording_rules
from deploy.observe.vocabulary import Labels, served, strange
from deploy.observe.yaml_text import dump
from deploy.reference import metric_page

ROOT = Path(__file__).parent.parent
OBSERVE = ROOT / "deploy" / "observe"
PAGE = ROOT / "docs" / "operating" / "alerts.md"
PROMTOOL = shutil.which("promtool")
AMTOOL = shutil.which("amtool")
needs_promtool = pytest.mark.skipif(
    PROMTOOL is None, reason="promtool is not here (apt-get install prometheus)"
)
ALERTS = alerts()
NAMES = [" ".join([alert.name, *alert.labels.values()]) for alert in ALERTS]
by_alert = pytest.mark.parametrize("alert", ALERTS, ids=NAMES)


def ran(tool: str | None, *words: str | Path) -> tuple[int, str]:
    assert tool is not None
    done = subprocess.run([tool, *words], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def selectors(node: Any) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Yield name and (label, value) pairs of each series that an expression asks for."""
    if isinstance(node, promql_parser.VectorSelector):
        yield node.name or "", [(m.name, m.value) for m in node.matchers.matchers]
    for part in ("lhs", "rhs", "expr", "param", "vector_selector"):
        inner = getattr(node, part, None)
        if inner is not None:
            yield from selectors(inner)
    for inner in getattr(node, "args", ()):
        yield from selectors(inner)


def faults(expression: str, known: Mapping[str, Labels]) -> list[str]:
    found = list(selectors(promql_parser.parse(expression)))
    assert found or expression.startswith("vector("), expression
    return [fault for name, asked in found for fault in strange(name, asked, known)]


@pytest.fixture(scope="module")
def known() -> dict[str, Labels]:
    return served()


@by_alert
def test_an_alert_asks_for_what_is_served(alert: Alert, known: dict[str, Labels]) -> None:
    assert [] == faults(alert.expr, known)


@by_alert
def test_a_case_is_of_series_that_are_served(alert: Alert, known: dict[str, Labels]) -> None:
    for series in alert.case.series:
        assert [] == faults(series, known)


def test_a_recording_rule_asks_for_what_is_served(known: dict[str, Labels]) -> None:
    for rule in recording_rules():
        assert [] == faults(str(rule["expr"]), known)


def test_a_rule_on_what_nobody_serves_is_found(known: dict[str, Labels]) -> None:
    for expression, fault in (
        ("rate(rater_nothing_total[5m]) > 0", "rater_nothing_total: no service serves it"),
        ('rater_records_total{tenant="acme"}', "rater_records_total: no label tenant"),
        ('rater_records_total{topic="cdr.v1"}', "rater_records_total: topic is never cdr.v1"),
        ('rater_state{state=~"serving|asleep"}', "rater_state: state is never asleep"),
        ('rater_runway_seconds_bucket{le="3"}', "rater_runway_seconds_bucket: le is never 3"),
    ):
        assert faults(expression, known) == [fault]
    assert faults('sum(up{job="rater"}) unless rater_halted_partitions_total', known) == [
        "up: job is never rater",
        "rater_halted_partitions_total: no service serves it",
    ]


def test_every_job_is_a_service_and_every_service_a_job() -> None:
    assert [each.name for each in SERVICES] == list(metric_page.SERVICES)
    page = " ".join(metric_page.page().split()).replace(" on port", "")
    assert all(f"{each.name} {each.port}" in page for each in SERVICES)


@by_alert
def test_an_alert_says_what_people_need(alert: Alert) -> None:
    assert re.fullmatch(r"Rater([A-Z][a-z]+)+", alert.name)
    assert alert.severity in ("critical", "warning")
    assert re.fullmatch(r"\d+[mh]", alert.for_)
    assert alert.annotations()["runbook_url"].endswith(f"/{alert.name}.html")
    for text in (alert.summary, alert.description):
        assert text.endswith(".")
        assert "  " not in text
    assert ("$value" in alert.description) == bool(alert.case.value)


def test_no_two_rules_fire_with_the_same_labels() -> None:
    made = [(alert.name, tuple(sorted(alert.labels.items()))) for alert in ALERTS]

    assert len(made) == len(set(made)) > 60


def test_four_objectives_burn_at_four_paces() -> None:
    assert [slo.name for slo in SLOS] == ["freshness", "latency", "correctness", "notification"]
    assert [(p.long, p.short, p.factor) for p in PACES] == [
        ("1h", "5m", 14.4), ("6h", "30m", 6), ("1d", "2h", 3), ("3d", "6h", 1),
    ]  # fmt: skip
    assert len(GROUPS["burning"]) == 16


def test_a_service_that_is_gone_and_an_instance_that_is_gone_are_apart() -> None:
    names = {alert.name for alert in ALERTS}

    assert {f"Rater{each.name.capitalize()}Absent" for each in SERVICES} <= names
    assert "RaterInstanceDown" in names


def test_the_files_hold_what_the_data_say() -> None:
    """The text is our own; another's reader finds in it what was to be written."""
    for name, file in rule_files().items():
        assert yaml.safe_load((OBSERVE / "generated" / name).read_text()) == file
    assert {path.name for path in (OBSERVE / "generated").iterdir()} == set(rule_files())
    assert set((OBSERVE / "tests").iterdir()) <= set(write.committed())


def test_the_address_of_the_runbooks_can_be_said() -> None:
    text = str(rule_files("https://docs.example.net/x"))

    assert "https://docs.example.net/x/RaterNoDecks.html" in text
    assert "rater.example.org" not in text


@needs_promtool
def test_promtool_reads_the_rules() -> None:
    files = sorted((OBSERVE / "generated").iterdir())
    code, said = ran(PROMTOOL, "check", "rules", *files)

    assert code == 0, said
    assert f"{len(ALERTS)} rules found" in said


def asked_for(group: Iterable[Alert]) -> list[dict[str, Any]]:
    """Return the recording rules of which some alerts read what they record."""
    rules: list[dict[str, Any]] = recording_rules()
    asked = [each for alert in group for each in selectors(promql_parser.parse(alert.expr))]
    return [
        rule
        for rule in rules
        if any(
            name == rule["record"] and rule["labels"].items() >= dict(matchers).items()
            for name, matchers in asked
        )
    ]


def tried_alone(name: str, group: str, folder: Path) -> Path:
    """Write the cases of the alerts of one name, with the rules that these need; return the file of the cases."""
    of_name = [alert for alert in GROUPS[group] if alert.name == name]
    rules = [
        {"name": "rater-objectives", "rules": asked_for(of_name)},
        {"name": f"rater-{group}", "rules": [alert.rule() for alert in of_name]},
    ]
    whole: dict[str, Any] = groups.test_files()[f"{group}.yaml"]
    cases = [each for each in whole["tests"] if each["alert_rule_test"][0]["alertname"] == name]
    assert len(cases) == sum(1 + len(each.quiet_in) for each in of_name)
    (folder / f"{name}.rules.yaml").write_text(dump({"groups": rules}))
    file = folder / f"{name}.yaml"
    file.write_text(dump({**whole, "rule_files": [f"{name}.rules.yaml"], "tests": cases}))
    return file


@needs_promtool
@pytest.mark.parametrize("group", GROUPS)
def test_each_alert_is_silent_and_then_fires(group: str, tmp_path: Path) -> None:
    """Promtool evaluates each rule it is given at each minute of each case: so it is given only those of one name."""
    names = sorted({alert.name for alert in GROUPS[group]})
    code, said = ran(
        PROMTOOL, "test", "rules", *(tried_alone(name, group, tmp_path) for name in names)
    )

    assert code == 0, said
    assert said.count("SUCCESS") == len(names)


@needs_promtool
@pytest.mark.slow
@pytest.mark.parametrize("group", GROUPS)
def test_each_alert_does_so_among_all_the_others(group: str) -> None:
    code, said = ran(PROMTOOL, "test", "rules", OBSERVE / "tests" / f"{group}.yaml")

    assert code == 0, said
    assert "SUCCESS" in said


@needs_promtool
def test_what_has_never_been_is_not_said_to_be_decades_ago(tmp_path: Path) -> None:
    """A time that was never told is 0: in a case, which begins at 0, that is not long ago."""
    alerts = {alert.name: alert for alert in GROUPS["watching"]}
    told = {
        "RaterWatchBlind": "No look has succeeded since it was started. "
        "Until it sees again, no alert on groups can come.",
        "RaterCanarySilent": "None has passed since it was started. One is played every minute.",
    }
    series = ("rater_watch_last_success_timestamp_seconds", "rater_canary_last_success_seconds")
    rules = [alerts[name].rule() for name in told]
    (tmp_path / "rules.yaml").write_text(dump({"groups": [{"name": "never", "rules": rules}]}))
    fired = [
        (name, {**alerts[name].fired({}), "exp_annotations": {**alerts[name].annotations(), "description": said}})
        for name, said in told.items()
    ]  # fmt: skip
    case = {
        "interval": "1000d",
        "input_series": [{"series": name, "values": "0x15"} for name in series],
        "alert_rule_test": [
            {"eval_time": "12000d", "alertname": name, "exp_alerts": [each]} for name, each in fired
        ],
    }
    file = tmp_path / "never.yaml"
    whole = {"rule_files": ["rules.yaml"], "evaluation_interval": "1000d", "tests": [case]}
    file.write_text(dump(whole))

    code, said = ran(PROMTOOL, "test", "rules", file)

    assert code == 0, said


@by_alert
def test_each_alert_has_a_case_that_is_first_silent(alert: Alert) -> None:
    file = next(name for name, group in GROUPS.items() if alert in group)
    tests = yaml.safe_load((OBSERVE / "tests" / f"{file}.yaml").read_text())["tests"]
    (test,) = (each for each in tests if each["name"] == " ".join([alert.name, *alert.labels.values()]))  # fmt: skip
    moments = test["alert_rule_test"]

    assert {moment["alertname"] for moment in moments} == {alert.name}
    assert moments[0]["exp_alerts"] == []
    assert moments[1]["exp_alerts"]
    assert all(moment["exp_alerts"] == [] for moment in moments[2:])


def examples() -> list[dict[str, Any]]:
    mark = "<!-- tested: tests/test_observe.py -->\n```yaml\n"
    return [yaml.safe_load(part.split("```")[0]) for part in PAGE.read_text().split(mark)[1:]]


def test_the_example_of_prometheus_scrapes_every_service(tmp_path: Path) -> None:
    scraping, _ = examples()
    ports = {
        job["job_name"]: {t.rpartition(":")[2] for t in job["static_configs"][0]["targets"]}
        for job in scraping["scrape_configs"]
    }

    assert ports == {each.job: {str(each.port)} for each in SERVICES}
    if PROMTOOL is None:
        pytest.skip("promtool is not here: the example was read, not checked")
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(scraping))
    for path, text in write.committed().items():
        if path.name in rule_files():
            (tmp_path / path.name).write_text(text)
    code, said = ran(PROMTOOL, "check", "config", tmp_path / "prometheus.yml")
    assert code == 0, said


def test_the_example_of_alertmanager_names_alerts_that_are_there(tmp_path: Path) -> None:
    _, routing = examples()
    text = str(routing)
    names = {alert.name for alert in ALERTS}
    patterns = re.findall(r'alertname=~"([^"]+)"', text)

    assert len(patterns) == 5
    for each in "|".join(patterns).split("|"):
        assert any(re.fullmatch(each, name) for name in names), each
    if AMTOOL is None:
        pytest.skip("amtool is not here: the example was read, not checked")
    (tmp_path / "alertmanager.yml").write_text(yaml.safe_dump(routing))
    code, said = ran(AMTOOL, "check-config", tmp_path / "alertmanager.yml")
    assert code == 0, said
