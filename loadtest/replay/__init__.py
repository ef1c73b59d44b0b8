"""Replay: CDRs of a file, sent to `cdr.raw.v1` as fast as they can be, at a rate, or in the rhythm that they had.

What belongs here: who is on the cluster (`occupants`), where records come from (`sources`, `columns`), what is changed
in them (`altering`), when each is due (`schedule`), how they are sent and how late (`sending`), and the run
(`replaying`). It checks nothing that a worker checks: what a worker should refuse is replayed, too. Only what has no
tenant, or no JSON, cannot be sent.
"""
