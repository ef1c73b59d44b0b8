"""Units of the tests: money in micros, time in milliseconds."""

UNIT = 1_000_000
"""Micros of one unit of a currency."""
NOW = 1_772_366_400_000
"""2026-03-01T12:00:00Z."""
MINUTE, HOUR, DAY, YEAR = 60_000, 3_600_000, 86_400_000, 365 * 86_400_000
