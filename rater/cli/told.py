"""Told: what came of each call or letter that a job was about, printed and counted."""

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

import click

from rater.views.readable import readable


class Told:
    """Prints what came of each, and counts it."""

    def __init__(self, *, as_json: bool) -> None:
        """Print objects, or lines."""
        self._as_json = as_json
        self.counts: Counter[str] = Counter()
        self.done_before = 0
        """What the job, under its name, has done before."""

    @property
    def total(self) -> int:
        """Return of how many anything was told, with those that the job has done before."""
        return self.counts.total() + self.done_before

    def say(self, named: Mapping[str, Any], name: str, outcome: str, detail: str) -> None:
        """Print what came of one, which has names for programs and one for people."""
        self.counts[outcome] += 1
        if self._as_json:
            click.echo(json.dumps({**named, "outcome": outcome, "detail": detail}))
        else:
            click.echo(readable(f"{name}  {outcome}  {detail}".rstrip()))

    def sums(self) -> str:
        """Return how many came to what; nothing where nothing was told."""
        return ", ".join(f"{name} {count:,}" for name, count in sorted(self.counts.items()))

    def end(self, what: str, nothing: str, more: str = "") -> None:
        """Print the sums; with objects a line, to standard error."""
        before = f"done before {self.done_before:,}" if self.done_before else ""
        said = (self.sums() or nothing, before, more)
        click.echo(f"{what}: {'; '.join(each for each in said if each)}", err=self._as_json)
