"""Opening a provider: what settings it declares of its own, and how it says that it cannot be used so."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from rater.secret import Secret
from rater.shell.gateway.providers.provider import Mode, Provider


class OpeningError(Exception):
    """The provider cannot be used as it was asked for; the message says what to do, and holds no secret."""

    def __init__(self, message: str, setting: str = "provider") -> None:
        """Name the setting that is wrong."""
        super().__init__(message)
        self.setting = setting


class OwnSetting(NamedTuple):
    """A setting that one provider has, of the gateway's; not set unless somebody says it."""

    name: str
    metavar: str
    help: str
    variable: str | None = None
    """None: as those of the gateway are called."""
    is_secret: bool = False
    is_of_webhooks: bool = False
    """It is for webhooks alone; a provider that has none takes no webhooks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSettings:
    """What a provider is opened with."""

    mode: Mode | None = None
    """None: what the key says, or the provider."""
    webhook_address: tuple[str, int] | None = None
    count_webhook: Callable[[str], None] = lambda _: None
    """Counts a webhook by what became of it."""
    options: Mapping[str, str | None] = field(default_factory=dict)
    """Own settings of all providers, by name."""
    secrets: Mapping[str, Secret] = field(default_factory=dict)
    """Those of them that are secret, and set."""


class ProviderKind(NamedTuple):
    """An entry of the registry. `check` raises OpeningError without opening anything, `open` too."""

    name: str
    check: Callable[[ProviderSettings], object]
    open: Callable[[ProviderSettings], Awaitable[Provider]]
    settings: tuple[OwnSetting, ...] = ()


class CanaryKind(NamedTuple):
    """The provider that canary tenants have, whatever the gateway's own is (R32)."""

    name: str
    open: Callable[[ProviderSettings], Awaitable[Provider]]
    """As that of a kind, where it is not the gateway's own."""
    method_prefix: str
    """What its payment methods begin with, and those of no other provider."""
