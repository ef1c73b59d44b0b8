"""The command line: one thin module per command under `rater.cli`, loaded when it is called."""

import errno
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import NoReturn

import click

from rater.cli.once import once
from rater.shell.process.early_stop import INTERRUPTED, end_at_once
from rater.shell.process.exit_code import ExitCode
from rater.shell.process.hot_path import StaleError, refuse_stale

COMMANDS = {
    "account": ("rater.cli.account", "show what an account has and may do, and why not; list"),
    "authorise": ("rater.cli.authorise", "ask whether a call may start, and for how long at most"),
    "calls": ("rater.cli.calls", "print a tenant's calls, and what they cost"),
    "canary": ("rater.cli.canary", "play known rounds for a canary tenant"),
    "config": (
        "rater.cli.config",
        "what decides money: show, lint, load; what services are told: check, show",
    ),
    "dead": ("rater.cli.dead", "list what could not be read, write it again or drop it"),
    "deck": ("rater.cli.deck", "lint, load and list rate decks"),
    "example": ("rater.cli.example", "print account commands or CDRs to try it with"),
    "explain": ("rater.cli.explain", "explain what a call cost, or why it was not charged"),
    "export": ("rater.cli.export", "write the ledger to files, each entry once"),
    "gatekeeper": ("rater.cli.gatekeeper", "answer switches whether calls may start"),
    "gateway": ("rater.cli.gateway", "make the payments that recharge commands"),
    "ledger": ("rater.cli.ledger", "print a tenant's ledger, entry by entry"),
    "notifier": ("rater.cli.notifier", "send e-mail and webhooks for notifications"),
    "plan": ("rater.cli.plan", "lint, load and list plan catalogs"),
    "price": ("rater.cli.price", "price calls by a deck file, without Kafka"),
    "produce": ("rater.cli.produce", "validate JSON lines and publish them to a topic"),
    "reconcile": ("rater.cli.reconcile", "prove from the topics alone that the money is right"),
    "recycler": ("rater.cli.recycler", "release from suspense what can be charged now"),
    "rerate": ("rater.cli.rerate", "rate charges again, and post the differences"),
    "simulate": ("rater.cli.simulate", "run the charging core over lines, without Kafka"),
    "statement": ("rater.cli.statement", "print a month of an account, proven"),
    "suspense": ("rater.cli.suspense", "list what waits in suspense, release or drop it"),
    "topics": ("rater.cli.topics", "create, check, list and read the topics; print who may"),
    "watch": ("rater.cli.watch", "see how far behind every consumer group is"),
    "worker": ("rater.cli.worker", "run a worker"),
}
SERVICES = frozenset(
    ("canary", "gatekeeper", "gateway", "notifier", "reconcile", "recycler", "watch", "worker")
)
"""Those that run until they are told to stop, `reconcile` with FOLLOW alone."""
ONCE = frozenset(("webhook-key", "--once"))
"""What a service's command does once and ends."""
FOLLOW = "--follow"


class UnloadableError(click.ClickException):
    """A command's module, or what it needs, is not there; exit code 2."""

    exit_code = ExitCode.CANNOT_RUN


class _Lazy(click.Group):
    """A group that imports a command's module only when it is asked for: `rater price` needs no Faust."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List them without loading one: their settings, Kafka and Faust take seconds."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name][1]) for name in self.list_commands(ctx)])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        try:
            command: click.Command = getattr(import_module(COMMANDS[cmd_name][0]), cmd_name)
        except ImportError as error:
            # Not Python's exit code 1, which says of `rater reconcile` that money differs.
            raise UnloadableError(f"{cmd_name} cannot be loaded: {error}") from error
        return once(command)


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="rater")
def cli() -> None:
    """Rater: prices call-detail records in the stream and keeps prepaid accounts, exactly once in effect."""


def runs_on(arguments: list[str]) -> bool:
    """Tell whether a command line starts a service that runs until it is told to stop."""
    if arguments[:1] == ["reconcile"]:
        return FOLLOW in arguments
    return not SERVICES.isdisjoint(arguments[:1]) and ONCE.isdisjoint(arguments)


def main() -> None:
    """Run the command line. Assertions are safety here: `python -O` is refused, and so is what is compiled no more."""
    if runs_on(sys.argv[1:]):
        end_at_once()
    elif sys.argv[1:2] == ["reconcile"]:
        # Python's own end by a signal has exit code 1, which says that money differs.
        end_at_once(INTERRUPTED, ExitCode.CANNOT_RUN)
    if not __debug__:
        sys.stderr.write("rater: refuses to run with python -O: its assertions guard money\n")
        sys.exit(ExitCode.CANNOT_RUN)
    try:
        refuse_stale()
    except StaleError as stale:
        sys.stderr.write(f"rater: {stale}\n")
        sys.exit(ExitCode.CANNOT_RUN)
    _open_what_is_closed()
    # A file's name, or a deck's text, may be more than a terminal can show: no reason to end without a word.
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        cli()
    except OSError as error:
        if error.errno != errno.ENOSPC or error.filename is not None:
            raise
        _end_without_output(error)
    except ImportError as error:
        # What a command loads only once it runs.
        sys.stderr.write(f"rater: cannot be loaded: {error}\n")
        sys.exit(ExitCode.CANNOT_RUN)
    finally:
        try:
            sys.stdout.flush()
        except OSError as error:
            _end_without_output(error)


def _open_what_is_closed() -> None:
    """Stand in for the standard streams that whoever started us has closed: nothing to read, and nobody to tell."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115  # As long as we are.


def _end_without_output(error: OSError) -> NoReturn:
    """Say in one line that what was to be said has no place, and end: exit code 2."""
    sys.stderr.write(f"rater: standard output: {error.strerror}\n")
    sys.stderr.flush()
    # Python would try to flush it once more, and complain.
    os._exit(ExitCode.CANNOT_RUN)


if __name__ == "__main__":
    main()
