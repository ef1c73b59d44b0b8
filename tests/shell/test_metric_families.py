"""The families of all services: the rules of naming, bounded labels, and what is there before anything happens."""

import re
import shutil
import subprocess

import pytest
from prometheus_client import CollectorRegistry, Counter, generate_latest

from deploy.reference.metric_page import SERVICES

BOUNDED = {
    "aiokafka",
    "bound",
    "channel",
    "currency",
    "faust",
    "generation",
    "group",
    "invariant",
    "kind",
    "le",
    "level",
    "loop",
    "operation",
    "outcome",
    "partition",
    "problem",
    "proof",
    "python",
    "reason",
    "revision",
    "stage",
    "state",
    "status",
    "scope",
    "step",
    "topic",
    "version",
}
"""What a label may say: our own words, the catalog's topics, numbers of partitions, codes of currencies, bounds."""
SERIES_MAX = 1_500
"""Of one service before anything has happened."""
PROMTOOL = shutil.which("promtool")

services = pytest.mark.parametrize("service", SERVICES)


def made(service: str) -> CollectorRegistry:
    return SERVICES[service]()


@services
def test_every_family_keeps_the_rules_of_naming(service: str) -> None:
    for family in made(service).collect():
        if family.name.startswith(("process_", "python_")):
            continue
        assert re.fullmatch(r"rater_[a-z0-9_]+", family.name)
        assert family.documentation.strip().endswith(".")
        assert not family.name.endswith(("_total", "_count", "_sum", "_bucket"))
        assert not re.search(r"_(ms|milliseconds|minutes|hours|days|kb|mb)(_|$)", family.name)


@services
def test_no_label_is_a_tenant_a_call_a_number_or_an_address(service: str) -> None:
    samples = [sample for family in made(service).collect() for sample in family.samples]
    unknown = {label for sample in samples for label in sample.labels} - BOUNDED

    assert unknown == set()
    assert len(samples) < SERIES_MAX


@services
@pytest.mark.skipif(PROMTOOL is None, reason="promtool is not here (apt-get install prometheus)")
def test_promtool_has_nothing_to_say(service: str) -> None:
    assert PROMTOOL is not None
    done = subprocess.run(
        [PROMTOOL, "check", "metrics"], input=generate_latest(made(service)), capture_output=True, check=False,
    )  # fmt: skip

    assert (done.returncode, done.stdout + done.stderr) == (0, b"")


@services
def test_a_counter_with_labels_is_there_before_it_counts(service: str) -> None:
    """But for those whose labels only life can tell: a currency, a class of errors, what somebody wrote."""
    unknown = {"currency", "invariant"}
    counters = [
        collector
        for collector in made(service)._names_to_collectors.values()
        if isinstance(collector, Counter) and collector._labelnames
    ]
    silent = {
        collector._name
        for collector in counters
        if unknown.isdisjoint(collector._labelnames) and not collector._metrics
    }

    assert silent <= {
        "rater_records",  # By the topics of the service: its app shows them.
        "rater_transaction_failures",  # By the class of an error.
        "rater_watch_poll_errors",
        "rater_deck_records_refused",  # By the fields of their records: who follows them shows them.
        "rater_settings_records_refused",
        "rater_plan_records_refused",
    }
