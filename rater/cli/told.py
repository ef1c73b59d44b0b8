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

    @property
    def is_empty(self) -> bool:
        """Whether nothing was told of any."""
        return not self.counts

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
        click.echo(
            f"{what}: {self.sums() or nothing}{'; ' + more if more else ''}",
            err=self._as_json,
        )
