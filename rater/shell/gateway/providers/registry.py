"""The registry: the providers that a gateway can be started with. One more is a folder beside this file, and a line."""

from typing import Final

from rater.shell.gateway.providers.opening import OwnOption, ProviderKind
from rater.shell.gateway.providers.simulator.opening import SIMULATOR
from rater.shell.gateway.providers.stripe.opening import STRIPE

_KINDS: Final[tuple[ProviderKind, ...]] = (STRIPE, SIMULATOR)

PROVIDERS: Final[dict[str, ProviderKind]] = {kind.name: kind for kind in _KINDS}
OWN_OPTIONS: Final[tuple[OwnOption, ...]] = tuple(
    option for kind in _KINDS for option in kind.options
)
