"""The simulator: a payment provider that is only a file, and does what the payment method's script says."""
