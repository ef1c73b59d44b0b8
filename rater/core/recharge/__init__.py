"""Recharge: the state machine that asks for payments and credits them. It knows no pricing."""
