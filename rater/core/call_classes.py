"""Classes of calls: what an account status allows or denies, free ones and paid ones, and codes of why not.

What each is, `topics.fields.CallClass` says, in the words of the reference.
"""

from typing import Final

FREE_CALLS: Final = ("emergency", "in_bundle", "inbound")
PAID_CALLS: Final = ("conference_dial_out", "international", "overage", "toll_free")
ALL_PAID: Final = 0b1111
"""The bits of all paid calls, in the order of PAID_CALLS."""

NO_TENANT_CAPABILITY: Final = 580462
"""For call control: the tenant has no credits at all. An account that has some, and nothing left, has no code."""
NO_USER_CAPABILITY: Final = 580464
"""For call control: the user may not spend credits."""
