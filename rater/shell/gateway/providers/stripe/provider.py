"""Stripe as a provider: its payments, what its webhooks tell, and what a sweep finds that they did not."""

from rater.shell.gateway.providers.provider import Mode, Outcome, Provider, Publish
from rater.shell.gateway.providers.stripe.payments import StripePayments
from rater.shell.gateway.providers.stripe.sweep import sweep_for_ever
from rater.shell.gateway.providers.stripe.webhooks import Webhooks
from topics.records.payments import PaymentCommand, PaymentOrder


class StripeProvider:
    """The provider; without `webhooks` it tells of refunds and disputes alone, as the sweep finds them."""

    name = "stripe"

    def __init__(
        self, payments: StripePayments, mode: Mode, webhooks: Webhooks | None = None
    ) -> None:
        self.mode: Mode = mode
        self._payments = payments
        self._webhooks = webhooks

    async def look_up(self, order: PaymentOrder) -> Outcome | None:
        """Find the command's intent."""
        return await self._payments.look_up(order)

    async def charge(self, command: PaymentCommand) -> Outcome:
        """Create and confirm an intent."""
        return await self._payments.charge(command)

    async def withdraw(self, order: PaymentOrder, code: str) -> Outcome:
        """Cancel the command's intent, or take its key."""
        return await self._payments.withdraw(order, code)

    async def tell_late_outcomes(self, publish: Publish) -> None:
        """Answer webhooks, and look for what they did not tell, until cancelled."""
        if self._webhooks is None:
            await sweep_for_ever(self._payments.client, publish)
            return
        with self._webhooks.telling(publish):
            await sweep_for_ever(self._payments.client, publish)

    async def close(self) -> None:
        """Close the server of the webhooks, then the client."""
        if self._webhooks is not None:
            await self._webhooks.close()
        await self._payments.close()


_: type[Provider] = StripeProvider
