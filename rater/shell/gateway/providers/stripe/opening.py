"""Opening Stripe: its key, the mode that the key says, another address, and the port of its webhooks."""

from typing import NamedTuple

from rater.secret import Secret
from rater.shell.gateway.providers.opening import (
    OpeningError,
    OwnSetting,
    ProviderKind,
    ProviderSettings,
)
from rater.shell.gateway.providers.provider import Mode, Provider
from rater.shell.gateway.providers.stripe.api_base import (
    API_BASE_VARIABLE,
    ApiBaseError,
    check_api_base,
)
from rater.shell.gateway.providers.stripe.key_mode import KeyModeError, mode_of

KEY = OwnSetting(
    "stripe_key", "TEXT", "Of the Stripe account; a test key makes a gateway of mode test.",
    "RATER_STRIPE_KEY", is_secret=True,
)  # fmt: skip
WEBHOOK_SECRET = OwnSetting(
    "stripe_webhook_secret", "TEXT", "By which Stripe signs its webhooks; with --webhook-port.",
    "RATER_STRIPE_WEBHOOK_SECRET", is_secret=True, is_of_webhooks=True,
)  # fmt: skip
API_BASE = OwnSetting(
    "stripe_api_base", "URL",
    "Where Stripe is asked: another address for tests; without TLS on the loopback alone.",
    API_BASE_VARIABLE,
)  # fmt: skip


class Checked(NamedTuple):
    """What Stripe is opened with."""

    key: Secret
    mode: Mode
    api_base: str | None
    webhook_secret: Secret | None
    """None: it takes no webhooks."""


def check(settings: ProviderSettings) -> Checked:
    """Return what Stripe is opened with; OpeningError where that cannot be."""
    key = _secret(settings, KEY)
    try:
        mode = mode_of(settings.mode, key.reveal())
    except KeyModeError as error:
        raise OpeningError(str(error), "mode") from error
    try:
        api_base = check_api_base(settings.options.get(API_BASE.name))
    except ApiBaseError as error:
        raise OpeningError(str(error), API_BASE.name) from error
    with_webhooks = settings.webhook_address is not None
    return Checked(
        key, mode, api_base, _secret(settings, WEBHOOK_SECRET) if with_webhooks else None
    )


def _secret(settings: ProviderSettings, own: OwnSetting) -> Secret:
    if own.name not in settings.secrets:
        message = f"set {own.variable}, or {own.variable}_FILE to the name of a file that holds it"
        raise OpeningError(message, own.name)
    return settings.secrets[own.name]


async def open_stripe(settings: ProviderSettings) -> Provider:
    """Return Stripe, its webhooks' port taken where there is to be one; OpeningError."""
    # The package takes a second to import: only whom it serves waits for it.
    from rater.shell.gateway.providers.stripe.payments import StripePayments  # noqa: PLC0415
    from rater.shell.gateway.providers.stripe.provider import StripeProvider  # noqa: PLC0415
    from rater.shell.gateway.providers.stripe.webhooks import Webhooks  # noqa: PLC0415
    from rater.shell.gateway.providers.webhook_port import WebhookPortError  # noqa: PLC0415

    key, mode, api_base, secret = check(settings)
    payments = StripePayments(key, api_base)
    if settings.webhook_address is None or secret is None:
        return StripeProvider(payments, mode)
    webhooks = Webhooks(payments, mode, secret, settings.count_webhook)
    provider = StripeProvider(payments, mode, webhooks)
    try:
        await webhooks.listen(settings.webhook_address)
    except WebhookPortError as error:
        await provider.close()
        raise OpeningError(str(error), "webhook_port") from error
    return provider


STRIPE = ProviderKind("stripe", check, open_stripe, (KEY, WEBHOOK_SECRET, API_BASE))
