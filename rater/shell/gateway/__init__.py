"""The payment gateway: payment commands in, one charge each at a payment provider, results out."""
