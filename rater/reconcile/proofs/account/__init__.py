"""Proofs of balances, statuses, events and commands."""
