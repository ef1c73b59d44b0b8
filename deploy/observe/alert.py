"""An alert: what is looked at, for how long, how bad it is, what is said; and the case that tries it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

RUNBOOKS: Final = "https://rater.example.org/operating/runbooks"
"""Where the runbooks are served; `python -m deploy.observe.write --runbooks` takes another."""

Severity = Literal["critical", "warning"]
"""critical: somebody is woken. warning: somebody looks on the next working day."""

_LABEL = re.compile(r"\{\{ \$labels\.(\w+) \}\}")
_EITHER = re.compile(r"\{\{ if [^}]* \}\}.*?\{\{ else \}\}(.*?)\{\{ end \}\}")
"""Of the two, a case has the second."""
_VALUE = re.compile(r"\{\{ \$value[^}]*\}\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Series by which an alert is first silent, then fires, and is silent again; times as Prometheus writes them."""

    series: Mapping[str, str]
    """Series -> values, in the notation of `promtool test rules`."""
    silent: str
    fires: str
    over: str = ""
    """When it is silent again; empty: not tried."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Of the alert besides those that the rule gives."""
    value: str = ""
    """As the annotations show it."""
    others: tuple[Mapping[str, str], ...] = ()
    """Labels of more alerts that fire with it, under the same name and with the same value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """An alert. Its name begins with Rater, so that it is nobody else's."""

    name: str
    expr: str
    for_: str
    severity: Severity
    summary: str
    """Who is in trouble; short."""
    description: str
    """What was seen, with its unit, and what it means."""
    case: Case
    labels: Mapping[str, str] = field(default_factory=dict)
    """Labels that the rule adds besides the severity."""
    quiet_in: tuple[str, ...] = ()
    """The kinds of stops for maintenance in which it is silent; each is tried with the series of its case."""

    def rule(self, runbooks: str = RUNBOOKS) -> dict[str, object]:
        """Return the rule as Prometheus reads it."""
        return {
            "alert": self.name,
            "expr": self.expr,
            "for": self.for_,
            "labels": self.rule_labels(),
            "annotations": self.annotations(runbooks),
        }

    def rule_labels(self) -> dict[str, str]:
        """Return the labels that the rule gives."""
        return {"severity": self.severity, **self.labels}

    def annotations(self, runbooks: str = RUNBOOKS) -> dict[str, str]:
        """Return the annotations, with the address of the runbook."""
        return {
            "summary": self.summary,
            "description": self.description,
            "runbook_url": f"{runbooks}/{self.name}.html",
        }

    def fired(self, labels: Mapping[str, str]) -> dict[str, object]:
        """Return the alert as the case expects it, with what Prometheus puts into its annotations."""
        all_of = {**labels, **self.rule_labels()}
        said = {name: self._said(text, all_of) for name, text in self.annotations().items()}
        return {"exp_labels": all_of, "exp_annotations": said}

    def _said(self, text: str, labels: Mapping[str, str]) -> str:
        named = _LABEL.sub(lambda found: labels.get(found[1], ""), text)
        return _VALUE.sub(self.case.value, _EITHER.sub(r"\1", named))
