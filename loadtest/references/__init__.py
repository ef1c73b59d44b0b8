"""References: what Kafka and plain Faust do on this machine, to measure the worker against.

Each runs in a process of its own (`python -m loadtest.references.NAME`) and prints one JSON line.
They know nothing of ours but the catalog's topic names.
"""
