"""`loadtest`: the ways in that are commands; measurements of the house are modules (`python -m loadtest.bench`)."""

import click

from loadtest.accounts_command import accounts
from loadtest.capacity.plan_command import plan
from loadtest.loads.audit_command import audit
from loadtest.loads.generate_command import generate
from loadtest.loads.play_command import play
from loadtest.replay.command import replay
from loadtest.runs.report_command import report
from loadtest.runs.run_command import run


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Load-test a rater with call-detail records."""


for each in (run, report, plan, generate, play, audit, replay, accounts):
    main.add_command(each)

if __name__ == "__main__":
    main()
