"""Rerate hint: what to do about calls that were charged before a version came that is dated back."""

import click


def tell_rerating(selection: str, valid_from: str) -> None:
    """Print the command that shows what the calls would cost now; `selection` are its options."""
    command = f"rater rerate {selection} --from {valid_from} --dry-run --by NAME"
    click.echo(
        f"note: it is dated back, and what was charged stays. What those calls would cost now: {command}",
        err=True,
    )
