"""Proofs of what was charged."""
