"""Fixtures of the reconciler's tests."""

import pytest

from tests.reconcile.honest_worker import busy_day
from tests.reconcile.tampering import Topics


@pytest.fixture(scope="session")
def honest() -> Topics:
    """Give the topics of a busy day; they are not to be changed."""
    return dict(busy_day().topics)
