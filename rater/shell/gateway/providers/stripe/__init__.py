"""Stripe: PaymentIntents of stored methods, its webhooks, its refunds and disputes."""
