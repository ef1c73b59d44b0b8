"""Plan files as commands without Kafka take them: the option, and the catalog, in force since 2000."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from rater.core.pricing.plans.catalog import Catalog
from rater.shell.admin.plan_check import check_plans
from rater.wire.bounded_file import read_bounded
from rater.wire.plans.plan_file import PLAN_FILE_BYTES_MAX
from rater.wire.pricing.deck_files import ALWAYS
from rater.wire.told import told

F = TypeVar("F", bound=Callable[..., Any])


def plans_option(meaning: str) -> Callable[[F], F]:
    """Return the option --plans; `meaning` is its help."""
    return click.option(
        "--plans", type=click.Path(path_type=Path), metavar="FILE.toml", help=meaning
    )


def catalog_of(path: Path) -> Catalog:
    """Read a plan file; end with exit code 2 and every fault, each with file and field, where it cannot be."""
    try:
        checked = check_plans(read_bounded(path, PLAN_FILE_BYTES_MAX), 1, ALWAYS)
    except OSError as error:
        raise click.UsageError(f"--plans: {path}: {error.strerror}") from error
    if checked.catalog is None:
        for said in told(f"{path}: {each.message}" for each in checked.errors):
            click.echo(said, err=True)
        raise SystemExit(2)
    return checked.catalog
