"""Set how many licences of plans a tenant has, from an instant on; that may lie in the past, and re-rates nothing."""

from typing import Final

from rater.core.account.account import Account, contract_of
from rater.core.account.cause import Cause
from rater.core.account.commands.command import AccountCommand
from rater.core.account.contract import with_entitlements, without_the_forgotten
from rater.core.account.entitlement import Entitlement
from rater.core.account.heads import entry_head, event_head
from rater.core.cdr import Source
from rater.core.charging_settings import ChargingSettings
from rater.core.limits import ENTITLEMENTS_MAX
from rater.core.rejections import Refusal, Rejected
from rater.core.times import to_millis
from topics.records import EntitlementsChanged, EntitlementSetting, EntitlementsSet, SetEntitlements


def _refuse(
    account: Account, command: SetEntitlements, source: Source, _settings: ChargingSettings
) -> Refusal | None:
    seen: set[tuple[str, str]] = set()
    for each in command.entitlements:
        name = (each.plan_id, each.usage_country)
        if name in seen:
            detail = f"entitlements: {each.plan_id} in {each.usage_country} is there twice"
            return Refusal(Rejected.INVALID_SETTING, detail)
        seen.add(name)
    all_of_them = _after(account, command.entitlements, _from_ms(command, source), 0)
    kept = len(without_the_forgotten(all_of_them, source.at_ms))
    if kept > ENTITLEMENTS_MAX:
        detail = f"entitlements: the account would keep {kept}, the limit is {ENTITLEMENTS_MAX}"
        return Refusal(Rejected.TOO_MANY_CHANGES, detail)
    return None


def _post(account: Account, command: SetEntitlements, source: Source) -> EntitlementsSet:
    from_ms = _from_ms(command, source)
    all_of_them = _after(account, command.entitlements, from_ms, account.seq + 1)
    return EntitlementsSet(
        *entry_head(account, source, 0, account.debt),
        command.command_id,
        from_ms,
        command.entitlements,
        from_ms < source.at_ms,
        len(all_of_them) - len(without_the_forgotten(all_of_them, source.at_ms)),
        command.reason,
    )


def _apply(account: Account, entry: EntitlementsSet) -> None:
    all_of_them = _after(account, entry.entitlements, entry.valid_from_ms, entry.seq)
    contract_of(account).entitlements = without_the_forgotten(all_of_them, entry.at_ms)


def _event(account: Account, _command: SetEntitlements, cause: Cause) -> EntitlementsChanged:
    return EntitlementsChanged(*event_head(account, "entitlements", cause))


def _from_ms(command: SetEntitlements, source: Source) -> int:
    return source.at_ms if command.valid_from is None else to_millis(command.valid_from)


def _after(
    account: Account, asked: tuple[EntitlementSetting, ...], from_ms: int, seq: int
) -> list[Entitlement]:
    more = [
        Entitlement(each.plan_id, each.usage_country, from_ms, each.licences, seq) for each in asked
    ]
    return with_entitlements(account.contract, more)


COMMAND: Final[AccountCommand[SetEntitlements, EntitlementsSet]] = AccountCommand(
    record=SetEntitlements,
    content=("entitlements", "valid_from", "reason"),
    cause="settings",
    refuse=_refuse,
    entry=EntitlementsSet,
    post=_post,
    apply=_apply,
    event=_event,
)
