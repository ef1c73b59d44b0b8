"""Recycling, for operators: what waits in suspense is read, and charging is asked to release or drop it."""
