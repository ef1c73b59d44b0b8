"""The accounts of one partition: bytes, watermarks, who is due and who owes a status."""

import pytest

from rater.batch.charging.accounts import AccountsShard
from rater.core.limits import GRACE_MS
from rater.wire.account.state import encode_account
from tests.build import DAY, FAR, NOW, account, lot


def shard(**values: bytes) -> AccountsShard:
    made = AccountsShard()
    made.put({name.encode(): value for name, value in values.items()})
    return made


def test_the_last_value_of_an_account_is_kept() -> None:
    accounts = shard(a=encode_account(account(seq=1)))
    new = encode_account(account(seq=2))
    accounts.put({b"a": new})

    assert (len(accounts), accounts.get(b"a"), list(accounts.items())) == (1, new, [(b"a", new)])


def test_an_account_is_due_when_its_lot_expires_and_not_before() -> None:
    accounts = shard(a=encode_account(account(lot(expires_ms=NOW))), b=encode_account(account()))

    assert accounts.due(NOW - 1) == []
    assert accounts.due(NOW) == [(b"a", NOW)]
    assert accounts.due(NOW + 900 * DAY) == [(b"a", NOW)]


def test_an_account_that_has_moved_on_is_due_at_its_new_time() -> None:
    accounts = shard(a=encode_account(account(lot(expires_ms=NOW))))
    accounts.put({b"a": encode_account(account(expired=[lot(expires_ms=NOW)]))})

    assert accounts.due(NOW + GRACE_MS - 1) == []
    assert accounts.due(NOW + GRACE_MS) == [(b"a", NOW + GRACE_MS)]
    accounts.put({b"a": encode_account(account())})
    assert accounts.due(FAR) == []


def test_accounts_that_owe_a_status_are_known_until_they_have_paid() -> None:
    accounts = shard(a=encode_account(account(dirty=True)), b=encode_account(account()))
    assert accounts.dirty() == [b"a"]

    accounts.put({b"a": encode_account(account())})
    assert accounts.dirty() == []


def test_the_changelog_removes_an_account_that_has_no_value() -> None:
    accounts = shard(a=encode_account(account(lot(expires_ms=NOW), dirty=True)))
    accounts.load([(b"a", None), (None, b"ignored"), (b"b", encode_account(account()))])

    assert ([key for key, _ in accounts.items()], accounts.dirty()) == ([b"b"], [])
    assert accounts.due(FAR) == []


def test_the_watermarks_are_the_highest_of_all_accounts() -> None:
    assert shard().watermarks() == (-1, -1, -1, -1)
    accounts = shard(
        a=encode_account(account(cdr_offset=9, command_offset=2, timer_offset=3)),
        b=encode_account(account(cdr_offset=4, command_offset=7, request_offset=1)),
    )

    assert accounts.watermarks() == (9, 7, 1, 3)


def test_an_account_of_another_layout_is_refused_while_it_is_loaded() -> None:
    with pytest.raises(ValueError, match="account layout: must be"):
        AccountsShard().load([(b"acme", b"\x02" + bytes(40))])
