"""Vocabulary: the series that services really serve, with their labels, and what a PromQL expression asks for.

A rule on a family that nobody serves is silent for ever; so each name, each label and each value of a label that is
written in a rule is looked up in the registries that the processes make.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from prometheus_client import CollectorRegistry

from deploy.observe.groups import alerts
from deploy.observe.services import SERVICES
from deploy.observe.slo import OBJECTIVE, SLOS, WINDOWS, recorded
from deploy.reference.metric_page import SERVICES as MADE
from deploy.reference.metric_page import families_of
from topics.catalog import CATALOG

Labels = dict[str, set[str]]
"""Label -> the values that it may have; empty: any."""

_SAMPLES: Final = {
    "counter": ("_total",),
    "gauge": ("",),
    "histogram": ("_bucket", "_sum", "_count"),
    "info": ("_info",),
}
_OF_PROMETHEUS: Final = ("up",)
_OPEN: Final = ("status",)
"""Labels that may say more than what is there before it happens: a provider's HTTP status."""
_WORDS: Final = re.compile(r"^[\w|.-]+$")


def served() -> dict[str, Labels]:
    """Return every series that may be asked for, by name, with its labels."""
    jobs = {service.job for service in SERVICES}
    every: Labels = {"job": jobs, "instance": set()}
    found: dict[str, Labels] = {name: dict(every) for name in _OF_PROMETHEUS}
    found["ALERTS"] = {"alertname": {alert.name for alert in alerts()}, "alertstate": {"firing"}}
    for make in MADE.values():
        registry = make()
        for name, labels in _samples(registry):
            found[name] = {**every, **_either(found.get(name, {}), labels)}
    recordings = [OBJECTIVE, *map(recorded, WINDOWS)]
    return found | {name: {"slo": {slo.name for slo in SLOS}} for name in recordings}


def _either(known: Labels, more: Labels) -> Labels:
    """Return the labels of a family that several services serve: each value of one of them; empty: any."""
    return {
        label: values | known[label] if values and known.get(label) else values
        for label, values in more.items()
    }


def _samples(registry: CollectorRegistry) -> Iterator[tuple[str, Labels]]:
    shown: dict[str, Labels] = {}
    for family in registry.collect():
        for sample in family.samples:
            labels = shown.setdefault(sample.name, {})
            for label, value in sample.labels.items():
                labels.setdefault(label, set()).add(value)
    yield from shown.items()
    for family in families_of(registry):
        for ending in _SAMPLES[family._type]:
            name = family._name + ending
            labels = shown.get(name, {label: _known(label) for label in family._labelnames})
            yield name, labels | ({} if ending != "_bucket" or "le" in labels else {"le": set()})


def _known(label: str) -> set[str]:
    return {topic.name for topic in CATALOG} if label == "topic" else set()


def strange(
    name: str, asked: Iterable[tuple[str, str]], known: Mapping[str, Labels]
) -> Iterator[str]:
    """Yield what of a selector nobody serves: its name, a label, or a value that a label never has."""
    labels = known.get(name)
    if labels is None:
        yield f"{name}: no service serves it"
        return
    for label, value in asked:
        if label not in labels:
            yield f"{name}: no label {label}"
        elif label not in _OPEN and labels[label] and value:
            alternatives = value.split("|") if _WORDS.match(value) else [value]
            for each in alternatives:
                if each not in labels[label] and not any(
                    map(re.compile(each).fullmatch, labels[label])
                ):
                    yield f"{name}: {label} is never {each}"
