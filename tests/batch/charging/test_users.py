"""Users are rows of their own: kept beside the accounts, touched on demand, read back at start."""

from typing import Any

import pytest

from rater.batch.charging.accounts import AccountsShard
from rater.batch.charging.lot_ids import LotIdsShard
from rater.batch.charging.open_suspense import SuspenseShard
from rater.batch.charging.partition_state import BatchesShard, Shard
from rater.batch.charging.users import UsersShard
from rater.core.account.user import User
from rater.core.times import to_text
from rater.wire.account.user_rows import decode_user
from tests.build import DAY, HOUR, MINUTE, NOW, Partition, command, opened, opening, order
from topics.keys import user_key
from topics.records import UserTerms
from topics.records.users import USER_TERMS_MAX

USERS = 20_000


def user(number: int, user_id: str = "ann", **fields: Any) -> dict[str, Any]:
    said = {"user_id": user_id, "usage_country": "US", **fields}
    return order("set_user", f"u{number}", **said)


def refusals(partition: Partition) -> list[str]:
    return [e["reason"] for e in partition.entries() if e["kind"] == "command_rejected"]


def row(partition: Partition, user_id: str = "ann", tenant_id: str = "acme") -> User | None:
    return partition.shard.users.user(tenant_id, user_id)


def restarted(partition: Partition) -> Partition:
    """Let a worker read accounts and users back from their changelogs."""
    users, old = UsersShard(), partition.shard
    shard = Shard(0, AccountsShard(), BatchesShard(), LotIdsShard(), users, SuspenseShard())
    shard.accounts.load(list(old.accounts.items()))
    users.load(list(partition.users_changelog.items()))
    partition.shard = shard
    return partition


def test_a_user_that_was_never_set_does_not_exist() -> None:
    partition = opened().take(command(user(1)))

    assert row(partition, "bob") is None
    assert row(partition, "ann", "bolt") is None
    assert row(partition) is not None


def test_changes_are_kept_by_instant_with_the_number_of_their_entry() -> None:
    partition = opened()
    partition.take(command(user(1)))
    since = to_text(NOW - DAY)
    partition.take(command(user(2, usage_country="FR", valid_from=since), NOW + HOUR))

    assert row(partition) == User(
        *("acme", "ann"),
        (UserTerms(NOW - DAY, 3, "FR", "any", "any"), UserTerms(NOW, 2, "US", "any", "any")),
        told_ms=NOW + HOUR,
        told_blocked=2,
        since_seq=2,
    )


def test_in_one_batch_a_user_changes_as_in_many() -> None:
    sent = [
        *(command(user(n, f"u{n % 3}", valid_from=to_text(NOW + n * DAY))) for n in range(9)),
        command(user(9, "u1", usage_country="FR")),
    ]
    one, many = opened().take(*sent), opened().take_each(sent)

    assert one.users_changelog == many.users_changelog
    assert dict(one.shard.users.items()) == dict(many.shard.users.items())
    assert len(one.shard.users) == 3


def test_users_come_back_from_their_changelog() -> None:
    partition = opened().take(command(user(1)), command(user(2, "bob")))
    before = dict(partition.shard.users.items())

    assert dict(restarted(partition).shard.users.items()) == before
    partition.take(command(user(3, valid_from=to_text(NOW - DAY)), NOW + MINUTE))
    found = row(partition)
    assert found is not None
    assert [each.seq for each in found.terms] == [4, 2]


def test_a_second_copy_changes_nothing() -> None:
    partition = opened().take(command(user(1)))
    before = dict(partition.shard.users.items())
    partition.take(command(user(1), NOW + MINUTE))

    assert partition.outcomes["duplicate"] == 1
    assert dict(partition.shard.users.items()) == before


def test_an_unknown_tenant_and_a_closed_one_have_no_users() -> None:
    partition = Partition().take(command(user(1)), command(opening()))
    partition.take(command(order("close_account", "c1")), command(user(2)))

    assert refusals(partition) == ["unknown_tenant", "account_closed"]
    assert len(partition.shard.users) == 0


@pytest.mark.parametrize("anew", [False, True])
def test_so_many_changes_are_kept_and_one_more_is_refused(anew: bool) -> None:  # noqa: FBT001
    partition = opened()
    for number in range(USER_TERMS_MAX):
        partition.take(command(user(number), NOW + number * MINUTE))
    if anew:
        restarted(partition)
    later = NOW + HOUR
    partition.take(command(user(100), later), command(user(101, "bob"), later))
    partition.take(command(user(102, valid_from=to_text(NOW)), later))

    assert refusals(partition) == ["too_many_changes"]
    found = row(partition)
    assert found is not None
    assert (len(found.terms), found.terms[0].seq) == (USER_TERMS_MAX, USER_TERMS_MAX + 3)
    partition.take(command(user(103), NOW + 433 * DAY))
    assert refusals(partition) == ["too_many_changes"]


def test_the_account_of_a_tenant_of_20_000_users_is_as_large_as_that_of_one_of_none() -> None:
    partition = opened()
    before = partition.account()
    size = len(partition.shard.accounts.get(b"acme") or b"")
    partition.take(*(command(user(n, f"user-{n}@acme.example")) for n in range(USERS)))

    after = partition.account()
    assert len(partition.shard.users) == USERS
    assert after.seq == before.seq + USERS
    assert len(partition.shard.accounts.get(b"acme") or b"") < size + 32
    value = partition.shard.users.get(user_key("acme", "user-7@acme.example"))
    assert len(value or b"") < 256


def test_what_is_no_user_is_refused() -> None:
    good = opened().take(command(user(1))).shard.users.get(b"acme/ann") or b""
    with pytest.raises(ValueError, match="without a key"):
        UsersShard().load([(None, good)])
    with pytest.raises(ValueError, match="users changelog layout: must be 4, found 3"):
        UsersShard().load([(b"acme/ann", b"\x03" + good[1:])])
    with pytest.raises(ValueError, match="is none"):
        decode_user(good[:-1])


def test_a_row_that_is_taken_away_is_gone() -> None:
    partition = opened().take(command(user(1)))
    partition.shard.users.load([(b"acme/ann", None), (b"acme/bob", None)])

    assert row(partition) is None
