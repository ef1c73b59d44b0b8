"""Set by which clocks an account's months begin, from its next month on; `zone_change` says what becomes of months."""

from typing import Final

from rater.core.account.account import Account, contract_of
from rater.core.account.burn import now_ms_of
from rater.core.account.commands.command import AccountCommand
from rater.core.account.heads import entry_head
from rater.core.account.month import month_at, month_end_ms
from rater.core.account.zone_change import (
    ZoneChange,
    latest_time_zone,
    time_zone_at,
    with_zone_change,
)
from rater.core.cdr import Source
from rater.core.charging_settings import ChargingSettings
from rater.core.pricing.plans.book import PlanBook
from rater.core.rejections import Refusal, Rejected
from topics.records import SetTimeZone, TimeZoneSet


def _refuse(
    account: Account, command: SetTimeZone, _source: Source, _settings: ChargingSettings
) -> Refusal | None:
    if latest_time_zone(account.time_zone, _changes(account)) != command.time_zone:
        return None
    detail = (
        f"time_zone: must be another than the account has or is to have, found {command.time_zone}"
    )
    return Refusal(Rejected.INVALID_SETTING, detail)


def _post(account: Account, command: SetTimeZone, source: Source, plans: PlanBook) -> TimeZoneSet:
    # Calls may have been charged that came after the command by their times: their months stay as they are.
    now_ms = now_ms_of(account.spending, source.at_ms)
    from_ms = month_end_ms(account, plans, now_ms)
    return TimeZoneSet(
        *entry_head(account, source, 0, account.debt),
        command.command_id,
        command.time_zone,
        time_zone_at(account.time_zone, _changes(account), now_ms),
        from_ms,
        month_at(account, plans, from_ms),
        command.reason,
        command.actor,
        command.actor_role,
    )


def _apply(account: Account, entry: TimeZoneSet) -> None:
    change = ZoneChange(entry.valid_from_ms, entry.month, entry.time_zone)
    account.time_zone, contract_of(account).zone_changes = with_zone_change(
        account.time_zone, _changes(account), change, entry.at_ms
    )


def _changes(account: Account) -> list[ZoneChange]:
    return [] if account.contract is None else account.contract.zone_changes


COMMAND: Final[AccountCommand[SetTimeZone, TimeZoneSet]] = AccountCommand(
    record=SetTimeZone,
    content=("time_zone", "reason", "actor", "actor_role"),
    cause="settings",
    refuse=_refuse,
    entry=TimeZoneSet,
    post_by_clocks=_post,
    apply=_apply,
)
