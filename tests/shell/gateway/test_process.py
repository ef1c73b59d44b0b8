"""What the gateway says when it cannot start; secrets come from the environment or a file."""

import asyncio
import socket
from pathlib import Path
from typing import Any, cast

import pytest
from click.testing import CliRunner

from rater.cli.gateway import gateway
from rater.secret import SecretError, read_secret, require_secret
from rater.shell.gateway import process
from rater.shell.gateway.providers.stripe.payments import StripePayments
from rater.shell.process.health import Health
from rater.shell.process.metrics import Metrics


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RATER_STRIPE_KEY", "RATER_STRIPE_WEBHOOK_SECRET"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"{name}_FILE", raising=False)


@pytest.fixture
def with_topics(monkeypatch: pytest.MonkeyPatch) -> None:
    async def eight(*_: object) -> int:
        return 8

    monkeypatch.setattr(process, "equal_partitions", eight)


def start(*options: str) -> tuple[int, str]:
    done = CliRunner().invoke(gateway, ["--metrics-port", "0", *options])
    return done.exit_code, done.output.strip()


def test_without_a_broker_it_says_so() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
        code, said = start("--provider", "simulator", "--book", "/dev/null", "--broker", address)

    assert code == 2
    assert f"no Kafka broker answers at {address} (set --broker or RATER_BROKER)" in said


@pytest.mark.usefixtures("with_topics")
@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--provider", "simulator"), "the simulator needs --book FILE"),
        (("--provider", "simulator", "--book", "/nowhere/book"), "--book /nowhere/book: No such"),
        (("--provider", "stripe"), "set RATER_STRIPE_KEY, or RATER_STRIPE_KEY_FILE"),
        (("--provider", "simulator", "--mode", "live"), "the simulator moves no money"),
    ],
)
def test_what_is_missing_is_named(options: tuple[str, ...], said: str) -> None:
    code, found = start(*options)

    assert code == 2
    assert said in found


@pytest.mark.usefixtures("with_topics")
def test_a_key_of_the_other_mode_and_an_address_in_clear_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RATER_STRIPE_KEY", "sk_test_x")
    live = start("--provider", "stripe", "--mode", "live")
    monkeypatch.setenv("RATER_STRIPE_API_BASE", "http://10.0.0.7:12111")
    in_clear = start("--provider", "stripe")

    assert live[0] == in_clear[0] == 2
    assert "--mode live: the Stripe key is one for test" in live[1]
    assert "RATER_STRIPE_API_BASE must begin with https:// for 10.0.0.7" in in_clear[1]


@pytest.mark.usefixtures("with_topics")
def test_webhooks_need_their_secret_and_a_free_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RATER_STRIPE_KEY", "sk_test_x")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        without = start("--provider", "stripe", "--webhook-port", port)
        monkeypatch.setenv("RATER_STRIPE_WEBHOOK_SECRET", "whsec_x")
        with_secret = start("--provider", "stripe", "--webhook-port", port)

    assert without[0] == with_secret[0] == 2
    assert "set RATER_STRIPE_WEBHOOK_SECRET" in without[1]
    assert f"webhooks on 127.0.0.1:{port}" in with_secret[1]


def test_a_secret_is_read_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "key").write_text("sk_test_from_file\n")
    monkeypatch.setenv("RATER_STRIPE_KEY_FILE", str(tmp_path / "key"))

    assert require_secret("RATER_STRIPE_KEY").reveal() == "sk_test_from_file"
    monkeypatch.setenv("RATER_STRIPE_KEY", "sk_test_from_environment")
    assert require_secret("RATER_STRIPE_KEY").reveal() == "sk_test_from_environment"


def test_a_secret_that_cannot_be_read_is_named_not_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert read_secret("RATER_STRIPE_KEY") is None
    monkeypatch.setenv("RATER_STRIPE_KEY_FILE", str(tmp_path / "gone"))
    with pytest.raises(SecretError, match="RATER_STRIPE_KEY_FILE: cannot read"):
        read_secret("RATER_STRIPE_KEY")
    (tmp_path / "gone").write_text(" \n")
    with pytest.raises(SecretError, match="is empty"):
        read_secret("RATER_STRIPE_KEY")


async def test_a_real_key_talks_to_stripe_itself() -> None:
    from rater.secret import Secret  # noqa: PLC0415

    provider = StripePayments(Secret("sk_test_x"))
    await provider.close()

    assert provider.client._requestor.base_addresses.get("api", "https://api.stripe.com") == (
        "https://api.stripe.com"
    )


class Unread:
    """Charging settings that are read to their end when `ended` is set."""

    def __init__(self) -> None:
        self.ended = asyncio.Event()
        self.is_stopped = False

    async def start(self) -> None:
        """Read nothing."""

    async def ready(self) -> None:
        await self.ended.wait()

    async def stop(self) -> None:
        self.is_stopped = True


async def test_before_the_charging_settings_are_known_nothing_is_done_and_readyz_says_why() -> None:
    health, known, begun = Health(Metrics(rooms=()), parts=("settings",)), Unread(), asyncio.Event()

    async def work() -> None:
        settings = cast("Any", known)
        async with process._read_to_the_end(settings, health, asyncio.Event()):
            begun.set()

    working = asyncio.create_task(work())
    await asyncio.sleep(0.05)
    assert not begun.is_set()
    assert health.missing()["settings"] == "not yet"

    known.ended.set()
    await working
    assert begun.is_set()
    assert "settings" not in health.missing()
    assert known.is_stopped


async def test_a_gateway_that_is_told_to_stop_does_not_wait_for_the_settings() -> None:
    health, known, stopping = Health(Metrics(rooms=())), Unread(), asyncio.Event()
    stopping.set()

    async with process._read_to_the_end(cast("Any", known), health, stopping):
        assert "settings" in health.missing()
    assert known.is_stopped
