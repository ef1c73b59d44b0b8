"""`loadtest`: the ways in that are commands; measurements of the house are modules (`python -m loadtest.bench`)."""

import click

from loadtest.replay.command import replay


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Load-test a rater with call-detail records."""


main.add_command(replay)

if __name__ == "__main__":
    main()
