"""Plan check: a plan file held against the schema, against its own names, and against what is usual."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from rater.core.pricing.plans.catalog import Catalog
from rater.shell.admin.validation import RecordCheck
from rater.wire.demands import MISSING
from rater.wire.plans.plan_file import PlanFileError, people_path, read_plan_file
from rater.wire.plans.plan_lint import lint_plans
from rater.wire.plans.plan_records import read_catalog
from rater.wire.pricing.deck_findings import Finding
from topics.catalog import RATE_PLANS


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of a file: its findings, and the catalog where none of them is an error."""

    findings: list[Finding]
    catalog: Catalog | None = None

    @property
    def errors(self) -> list[Finding]:
        """Return the findings for which it cannot be loaded."""
        return [each for each in self.findings if each.level == "error"]


def check_plans(content: bytes, version: int, valid_from: str) -> Checked:
    """Read a file as a version; every fault of its form is found at once, and those of its names where it has none."""
    try:
        fields = read_plan_file(content)
        findings = []
    except PlanFileError as error:
        findings = [_error("bad_file", each) for each in error.shapes]
        findings += [_error("bad_field", each) for each in error.values]
        if error.fields is None:
            return Checked(findings)
        fields = error.fields
    whole = {"version": version, "valid_from": valid_from, **fields}
    findings += _of_fields(whole, {each.message.partition(": ")[0] for each in findings})
    # What the file says once, such as a direction, the record may say of each chain.
    findings = list(dict.fromkeys(findings))
    if findings:
        return Checked(findings)
    made = read_catalog(orjson.dumps(whole))
    if not isinstance(made, Catalog):
        return Checked([_error(each.code, each.text) for each in made])
    return Checked(lint_plans(made.record), made)


def _of_fields(whole: dict[str, Any], known: set[str]) -> Iterator[Finding]:
    """Yield what is wrong with the fields, but for those of which something is known already."""
    for each in RecordCheck(RATE_PLANS).problems(whole):
        path = people_path(each.field, whole)
        # What a file says in minutes, the record has in seconds; and TOML has no null: a date stood there.
        said = path.replace(".seconds", ".minutes") if each.why == MISSING else path
        if said not in known and each.value != "null":
            yield _error("bad_field", str(each._replace(field=path)))


def _error(code: str, message: str) -> Finding:
    return Finding("error", None, code, message)
