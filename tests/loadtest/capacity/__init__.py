"""Tests of `loadtest plan`."""
