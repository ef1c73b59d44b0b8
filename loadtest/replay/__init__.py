"""Replay: CDRs of a file or a topic, sent to `cdr.raw.v1` as fast as they can be, at a rate, or in their own rhythm.

What belongs here: what was asked for (`order`), who is on the cluster (`occupants`), where records come from
(`sources`, `columns`, `spool`), who is charged (`tenants`), what is changed in them (`altering`, `anonymising` with
`pseudonyms` and `prefixes`), when each is due (`schedule`), how they are sent and how late (`sending`, `lateness`), and
the run (`replaying`). It checks nothing that a worker checks: what a worker should refuse is replayed, too. Only what
has no tenant, or no JSON, cannot be sent.
"""
