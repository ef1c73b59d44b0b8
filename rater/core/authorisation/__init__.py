"""Authorisation: may a call start, and for how long at most; by the rating and the funding that will charge it."""
