"""Opening a provider: what the command line gives it, what it may ask for besides, and how it says that it cannot."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from rater.shell.gateway.providers.provider import Mode, Provider


class OpeningError(Exception):
    """The provider cannot be used as it was asked for; the message says what to do, and holds no secret."""


class OwnOption(NamedTuple):
    """An option of the command line that one provider has."""

    name: str
    metavar: str
    help: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSettings:
    """What a provider is opened with; secrets come from the environment."""

    mode: Mode | None = None
    """None: what the key says, or the provider."""
    webhook_address: tuple[str, int] | None = None
    count_webhook: Callable[[str], None]
    """Counts a webhook by what became of it."""
    options: Mapping[str, str | None] = field(default_factory=dict)
    """Own options of all providers, by name."""


class ProviderKind(NamedTuple):
    """An entry of the registry. `open` raises OpeningError or SecretError."""

    name: str
    open: Callable[[ProviderSettings], Awaitable[Provider]]
    options: tuple[OwnOption, ...] = ()


class CanaryKind(NamedTuple):
    """The provider that canary tenants have, whatever the gateway's own is (R32)."""

    name: str
    open: Callable[[ProviderSettings], Awaitable[Provider]]
    """As that of a kind, where it is not the gateway's own."""
    method_prefix: str
    """What its payment methods begin with, and those of no other provider."""
