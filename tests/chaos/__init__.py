"""Chaos: every service and the broker are killed, stopped, and paused at random, and the money must be right.

What belongs here: what is done and when, from a seed (`schedule`); the play, in which it is done (`play`, `deeds`);
how a schedule that fails is made shorter (`shrinking`); and `python -m tests.chaos`, which `make chaos` runs.
"""
