"""Tests of `loadtest replay`."""
