"""What the gateway is told at its start: how it works, and what its providers declare of their own."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, create_model

from rater.kafka.broker import Broker
from rater.secret import Secret
from rater.shell.gateway.providers.opening import OpeningError, OwnSetting, ProviderSettings
from rater.shell.gateway.providers.registry import (
    CANARIES,
    OWN_SETTINGS,
    PROVIDERS,
    WITH_WEBHOOKS,
)
from rater.shell.process.settings.declaration import Names, setting
from rater.shell.process.settings.effect import Only
from rater.shell.process.settings.service import GroupSettings, Host, Wrong, metrics_port


def _own(each: OwnSetting) -> Any:
    names = Names(variable=each.variable, metavar=each.metavar)
    kind: Any = Secret | None if each.is_secret else str | None
    return kind, setting(None, each.help, names)


if TYPE_CHECKING:

    class _OwnSettings(BaseModel):
        """What the providers declare, each in its folder."""

    ProviderName = str
else:
    _OwnSettings = create_model(
        "_OwnSettings",
        __config__=ConfigDict(arbitrary_types_allowed=True),
        __module__=__name__,
        **{each.name: _own(each) for each in OWN_SETTINGS},
    )
    ProviderName = Literal[tuple(PROVIDERS)]


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewaySettings:
    """What the gateway works by."""

    broker: Broker
    partitions: int
    concurrency: int
    budget_s: float
    drain_s: float
    session_timeout_s: float


class ProcessSettings(_OwnSettings, GroupSettings):
    """Of `rater gateway`."""

    table: ClassVar[str] = "gateway"
    only_with: ClassVar[Mapping[str, tuple[Only, ...]]] = {
        **{
            each.name: (Only("provider", (kind.name,)),)
            for kind in PROVIDERS.values()
            if kind.name != CANARIES.name  # Whatever the provider, canary tenants have that one.
            for each in kind.settings
        },
        "webhook_port": (Only("provider", WITH_WEBHOOKS),),
        "webhook_host": (Only("webhook_port"),),
    }

    provider: ProviderName = setting(..., "Who makes the payments.")
    mode: Literal["live", "test"] | None = setting(
        None,
        "Real money, or play; a key or provider of the other mode is refused. Default: what the key says.",
    )
    webhook_host: Host = setting("127.0.0.1", "Where the webhook port listens.")
    webhook_port: int | None = setting(
        None,
        "For POST /webhooks/stripe; needs RATER_STRIPE_WEBHOOK_SECRET (or _FILE). Without it: no webhooks.",
        low=0,
        high=65_535,
    )
    concurrency: int = setting(
        32,
        "Payments at the provider at once; those of one tenant come one after the other.",
        Names(unit="payments"),
        low=1,
        high=128,
    )
    budget_s: float = setting(
        30.0,
        "Seconds for one command, retries included; then its outcome is unknown.",
        low=1.0,
        high=120.0,
    )
    drain_s: float = setting(
        20.0,
        "Seconds that SIGTERM leaves to payments at work; the next gateway looks the others up.",
        low=0.0,
        high=120.0,
    )
    metrics_port: int = metrics_port(9466)

    def of_provider(self) -> ProviderSettings:
        """Return what the provider is opened with."""
        port = self.webhook_port
        own = {each.name: getattr(self, each.name) for each in OWN_SETTINGS}
        return ProviderSettings(
            mode=self.mode,
            webhook_address=None if port is None else (self.webhook_host, port),
            options={name: value for name, value in own.items() if not isinstance(value, Secret)},
            secrets={name: value for name, value in own.items() if isinstance(value, Secret)},
        )

    def contradictions(self) -> Iterator[Wrong]:
        """Yield also what the provider cannot be opened with."""
        yield from super().contradictions()
        try:
            PROVIDERS[self.provider].check(self.of_provider())
        except OpeningError as error:
            yield error.setting, str(error)
