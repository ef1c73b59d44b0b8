"""Classes of calls: what an account status allows or denies, free ones and paid ones."""

from typing import Final

FREE_CALLS: Final = ("emergency", "in_bundle", "inbound")
PAID_CALLS: Final = ("conference_dial_out", "international", "overage", "toll_free")
ALL_PAID: Final = 0b1111
"""The bits of all paid calls, in the order of PAID_CALLS."""
