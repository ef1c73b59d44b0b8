"""The timer's command: it asks for nothing that is not done for every command."""

from tests.build import NOW, account
from tests.core.account.asked import refused
from topics import records as r


def test_the_timer_may_look_at_a_closed_account() -> None:
    assert refused(account(closed_ms=NOW), r.ExpireLots("x", "acme", NOW)) is None
