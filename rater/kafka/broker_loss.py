"""How long the loss of a broker is waited out: what it led is led by another when its session is over."""

from typing import Final

BROKER_SESSION_S: Final = 9.0
"""Kafka's default of `broker.session.timeout.ms`: so long a broker that is dead is taken for alive."""
TRANSACTION_TIMEOUT_S: Final = 20.0
"""The coordinator aborts what takes longer, for an open transaction holds back every reader. Twice a session, and some:
one that was open when a broker went is committed after all."""
COMMIT_TIMEOUT_S: Final = 24.0
"""Longer than the coordinator waits before it aborts: then the outcome is certain. Shorter than a group waits for a
member that finishes its batch (`REBALANCE_TIMEOUT_S`)."""
FENCING_TIMEOUT_S: Final = 20.0
"""For the producers of partitions that were assigned: their coordinators may have gone, too."""
