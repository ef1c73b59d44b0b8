"""Observe: what Prometheus is told of the rater: objectives, recording rules, alerts and their tests, as data.

All of it is made into YAML (`generated/`, `tests/`), which is committed: `make schemas` writes it, a test compares it.
One alert - one test - one runbook (`docs/operating/runbooks`), held both ways by `tests/test_runbooks.py`.
"""
