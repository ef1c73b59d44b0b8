"""How Kafka is reached is said in the same way to every command, and wrong settings are one line."""

import click
from click.testing import CliRunner

from deploy.reference.commands import commands
from rater.cli.broker import broker_option
from rater.kafka.broker import Broker
from rater.kafka.security import CHECK_HOSTNAME, SECRETS, SETTINGS


@click.command()
@broker_option
def shown(broker: Broker) -> None:
    """Show what was made."""
    click.echo(f"{broker!r} {broker.security.principal()}")


def test_options_and_environment_make_the_broker() -> None:
    words = (
        "--broker",
        "a:1",
        "--kafka-security-protocol",
        "SASL_PLAINTEXT",
        "--kafka-username",
        "charging",
    )
    said = {"RATER_KAFKA_SASL_MECHANISM": "SCRAM-SHA-512", "RATER_KAFKA_PASSWORD": "open-sesame"}
    done = CliRunner(env=said).invoke(shown, words)

    assert done.exit_code == 0, done.output
    assert "address='a:1'" in done.output
    assert "'SASL_PLAINTEXT'" in done.output
    assert "User:charging" in done.output
    assert "open-sesame" not in done.output


def test_an_option_goes_before_the_environment() -> None:
    said = {"RATER_KAFKA_SECURITY_PROTOCOL": "SASL_SSL"}
    done = CliRunner(env=said).invoke(shown, ["--kafka-security-protocol", "SSL"])

    assert "'SSL'" in done.output


def test_a_wrong_setting_is_one_line_and_exit_code_2() -> None:
    done = CliRunner(env={"RATER_KAFKA_SECURITY_PROTOCOL": "TLS"}).invoke(shown)

    assert done.exit_code == 2
    assert done.stderr == (
        "Error: RATER_KAFKA_SECURITY_PROTOCOL must be one of PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL, found 'TLS'\n"
    )


def test_every_command_on_kafka_has_the_options_and_none_for_a_secret() -> None:
    on_kafka = {}
    for path, command, _ in commands():
        words = {name for parameter in command.params for name in parameter.opts}
        if "--broker" in words:
            on_kafka[path] = words
    wanted = {
        f"--kafka-{setting.name.replace('_', '-')}" for setting in (*SETTINGS, CHECK_HOSTNAME)
    }

    assert len(on_kafka) > 15
    assert {} == {name: wanted - words for name, words in on_kafka.items() if not wanted <= words}
    secret = {f"--kafka-{name.replace('_', '-')}" for name in SECRETS}
    assert [] == [name for name, words in on_kafka.items() if words & secret]
