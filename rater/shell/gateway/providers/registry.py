"""The registry: the providers that a gateway can be started with. One more is a folder beside this file, and a line."""

from typing import Final

from rater.shell.gateway.providers.opening import CanaryKind, OwnSetting, ProviderKind
from rater.shell.gateway.providers.simulator.opening import FOR_CANARIES, SIMULATOR
from rater.shell.gateway.providers.stripe.opening import STRIPE

_KINDS: Final[tuple[ProviderKind, ...]] = (STRIPE, SIMULATOR)

CANARIES: Final[CanaryKind] = FOR_CANARIES
PROVIDERS: Final[dict[str, ProviderKind]] = {kind.name: kind for kind in _KINDS}
OWN_SETTINGS: Final[tuple[OwnSetting, ...]] = tuple(own for kind in _KINDS for own in kind.settings)
WITH_WEBHOOKS: Final[tuple[str, ...]] = tuple(
    kind.name for kind in _KINDS if any(own.is_of_webhooks for own in kind.settings)
)
"""Providers that send webhooks."""
