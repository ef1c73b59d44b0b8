"""A batch of one partition, decided: bytes and state in, a `Decision` out.

Pure like the wire below it: no Faust, no Kafka, no clock. The shell commits what is decided here; `simulate` runs it
without Kafka.
"""
