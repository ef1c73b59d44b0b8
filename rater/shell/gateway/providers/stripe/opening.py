"""Opening Stripe: its key, the mode that the key says, another address, and the port of its webhooks."""

import os

from rater.secret import require_secret
from rater.shell.gateway.providers.opening import OpeningError, ProviderKind, ProviderSettings
from rater.shell.gateway.providers.provider import Provider
from rater.shell.gateway.providers.stripe.api_base import (
    API_BASE_VARIABLE,
    ApiBaseError,
    check_api_base,
)
from rater.shell.gateway.providers.stripe.key_mode import KeyModeError, mode_of

KEY_VARIABLE = "RATER_STRIPE_KEY"
"""Secret: the key of the Stripe account; a test key makes a gateway of mode test."""
WEBHOOK_SECRET_VARIABLE = "RATER_STRIPE_WEBHOOK_SECRET"  # noqa: S105  # The name, not the secret.
"""Secret: by which Stripe signs its webhooks; asked for with --webhook-port."""


async def open_stripe(settings: ProviderSettings) -> Provider:
    """Return Stripe, its webhooks' port taken where there is to be one; OpeningError, SecretError."""
    # The package takes a second to import: only whom it serves waits for it.
    from rater.shell.gateway.providers.stripe.payments import StripePayments  # noqa: PLC0415
    from rater.shell.gateway.providers.stripe.provider import StripeProvider  # noqa: PLC0415
    from rater.shell.gateway.providers.stripe.webhooks import Webhooks  # noqa: PLC0415
    from rater.shell.gateway.providers.webhook_port import WebhookPortError  # noqa: PLC0415

    key = require_secret(KEY_VARIABLE)
    try:
        mode = mode_of(settings.mode, key.reveal())
        api_base = check_api_base(os.environ.get(API_BASE_VARIABLE))
    except (KeyModeError, ApiBaseError) as error:
        raise OpeningError(str(error)) from error
    if settings.webhook_address is None:
        return StripeProvider(StripePayments(key, api_base), mode)
    secret = require_secret(WEBHOOK_SECRET_VARIABLE)
    payments = StripePayments(key, api_base)
    webhooks = Webhooks(payments, mode, secret, settings.count_webhook)
    provider = StripeProvider(payments, mode, webhooks)
    try:
        await webhooks.listen(settings.webhook_address)
    except WebhookPortError as error:
        await provider.close()
        raise OpeningError(str(error)) from error
    return provider


STRIPE = ProviderKind("stripe", open_stripe)
