"""The account's due time."""

from rater.core.account.account import next_due_ms
from rater.core.limits import GRACE_MS, NEVER_MS
from tests.build import NOW, account, lot


def test_an_account_without_lots_is_never_due() -> None:
    assert next_due_ms(account()) == NEVER_MS


def test_an_account_is_due_when_its_first_lot_expires() -> None:
    assert (
        next_due_ms(account(lot("a", expires_ms=NOW + 5), lot("b", expires_ms=NOW + 3))) == NOW + 3
    )


def test_an_account_is_due_when_the_grace_of_an_expired_lot_ends() -> None:
    waiting = account(lot("b", expires_ms=NOW + GRACE_MS * 2), expired=[lot("a", expires_ms=NOW)])

    assert next_due_ms(waiting) == NOW + GRACE_MS


def test_an_account_is_due_when_a_lot_expires_while_another_is_in_its_grace() -> None:
    waiting = account(lot("b", expires_ms=NOW + 5), expired=[lot("a", expires_ms=NOW)])

    assert next_due_ms(waiting) == NOW + 5


def test_an_account_is_due_when_a_lot_must_be_warned_of() -> None:
    assert next_due_ms(account(lot(expires_ms=NOW + 5, due_ms=NOW + 2))) == NOW + 2


def test_accounts_do_not_share_their_lists() -> None:
    first, second = account(), account()
    first.expired.append(lot())
    first.thresholds.append(None)  # type: ignore[arg-type]

    assert (second.expired, second.thresholds) == ([], [])
