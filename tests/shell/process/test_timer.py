"""Time as commands: an account that is due gets one, and the engine decides."""

import json

from rater.wire.account.commands import decode_command
from rater.wire.outputs import expire_command
from tests.build import DAY, NOW, UNIT, Sent, account, opened
from topics.catalog import ACCOUNT_TIMERS
from topics.records import ExpireLots


def test_the_command_names_the_account_as_it_is() -> None:
    command = decode_command(expire_command(account(seq=4), NOW))

    assert command == ExpireLots(f"expire/acme/{NOW}/4", "acme", NOW)


def test_the_command_of_the_longest_tenant_is_readable() -> None:
    longest = account(seq=2**53)
    longest.tenant_id = "t" * 64

    assert isinstance(decode_command(expire_command(longest, NOW)), ExpireLots)


def test_sent_again_it_is_a_duplicate() -> None:
    partition = opened(("L1", UNIT))
    ((key, due_ms),) = partition.shard.accounts.due(NOW + 400 * DAY)
    value = expire_command(partition.account(), due_ms)
    sent = Sent(ACCOUNT_TIMERS.name, key, value, due_ms)
    partition.take(sent, sent).take(sent)

    kinds = [json.loads(entry)["kind"] for entry in partition.ledger]
    assert kinds.count("lot_expiry_warned") == 1
    assert partition.outcomes["duplicate"] == 2
