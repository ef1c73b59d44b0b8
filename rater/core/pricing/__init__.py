"""Pricing: what a call costs, by its numbers, its time and the decks. It knows no account."""
