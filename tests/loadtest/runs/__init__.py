"""Tests of `loadtest run` and `loadtest report`."""
