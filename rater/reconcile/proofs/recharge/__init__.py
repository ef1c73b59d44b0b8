"""Proofs of payments, credits and notifications."""
