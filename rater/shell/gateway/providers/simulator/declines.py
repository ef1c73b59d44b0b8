"""The simulator's declines: the shared codes, and that of a method that is no script."""

from rater.shell.gateway.providers.declines import SHARED, hard, named_in
from rater.shell.gateway.providers.provider import Declined

DECLINES = SHARED | {
    "bad_script": hard("the payment method is no script of the simulator"),
}
"""By code."""


def declined(code: str, payment_id: str | None = None) -> Declined:
    """Return the decline of a code; an unknown one is soft and named."""
    return named_in(DECLINES, code, payment_id)
