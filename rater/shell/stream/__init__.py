"""Faust and aiokafka in batches, exactly once: consumer, transactions, tables, recovery, runner, watchdog.

Knows nothing of CDRs or accounts. Start reading at `batches`, or at `transport` for how to use it.
"""
