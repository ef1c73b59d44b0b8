"""Journal: what one batch says, in order; posting an entry is what makes it happen."""

from collections.abc import Callable
from typing import final

from rater.core.account.account import Account
from rater.core.account.applying import apply, apply_charge
from rater.core.account.cause import Cause
from rater.core.account.heads import event_head
from rater.core.account.pool_use import run_down, running_out, tell_use
from rater.core.account.posting import Posting
from rater.core.account.status import note_change
from rater.core.account.thresholds import cross, is_funded
from rater.core.pricing.plans.book import NO_BOOK, PlanBook
from topics import records as r
from topics.records import balance as v
from topics.records.causes import CauseKind
from topics.records.recycling import CallDropped


@final
class Journal:
    """Entries, events and statuses of one batch of one partition, in the order decided."""

    __slots__ = (
        *("charged", "entries", "events", "owed", "plans", "pool_s", "statuses", "users"),
        "waived",
    )

    def __init__(self, plans: PlanBook = NO_BOOK) -> None:
        self.plans = plans
        """They say how large pools are."""
        self.entries: list[r.MoneyEntry | r.CommandRejected | CallDropped] = []
        self.charged: dict[str, int] = {}
        """The sum of the charges, by currency."""
        self.owed: dict[str, int] = {}
        """What of it is owed of months."""
        self.waived: dict[str, int] = {}
        """What of it nobody pays."""
        self.pool_s = 0
        """The seconds that pools pay of them."""
        self.events: list[v.Event] = []
        self.statuses: list[r.AccountStatus] = []
        self.users: list[r.UserStatus] = []
        """Statuses of users."""

    def post_charge(self, account: Account, posting: Posting, cause_id: str) -> None:
        """Apply a charge to its account; say what it crosses, and the status when due."""
        before = account.balance
        apply_charge(account, posting)
        self.look(account, posting, before, cause_id)

    def look(
        self,
        account: Account,
        posting: Posting,
        before: int,
        cause_id: str,
        is_broken: bool = False,  # noqa: FBT001, FBT002
    ) -> None:
        """Note a charge that was applied to a balance of `before`: what it crosses, and the status when due.

        `is_broken`: it breaks a limit of spending, whose hold comes next.
        """
        self.entries.append(posting.entry)
        micros = posting.micros
        if micros:
            currency = account.currency
            self.charged[currency] = self.charged.get(currency, 0) + micros
            if posting.owed_of is not None:
                self.owed[currency] = self.owed.get(currency, 0) + posting.shortfall
            elif posting.is_waived:
                self.waived[currency] = self.waived.get(currency, 0) + micros
        at_ms, contract = posting.at_ms, account.contract
        if not account.calm_from <= account.balance < account.calm_to:
            self._cross(account, before, Cause("charge", cause_id, at_ms), is_broken)
        if contract is not None and posting.pools:
            for draw in posting.pools:
                self.pool_s += draw.seconds
            running = run_down(account, contract, posting, self.plans)
            if running:
                why = Cause("charge", cause_id, at_ms)
                tell_use(account, running, why, self.plans, self.events)
        note_change(account, at_ms, self.statuses, self.plans)

    def post(self, account: Account, entry: r.MoneyEntry, cause: CauseKind, cause_id: str) -> None:
        """Do likewise with an entry that is no charge."""
        before = account.balance
        apply(account, entry)
        self.entries.append(entry)
        why = Cause(cause, cause_id, entry.at_ms)
        if not account.calm_from <= account.balance < account.calm_to:
            self._cross(account, before, why, is_broken=False)
        self._tell_running_out(account, entry, why)
        note_change(account, entry.at_ms, self.statuses, self.plans)

    def _cross(self, account: Account, before: int, why: Cause, is_broken: bool) -> None:  # noqa: FBT001
        if account.balance != before or account.hour_thresholds:
            cross(account, before > 0, why, self.events, is_broken)

    def _tell_running_out(self, account: Account, entry: r.MoneyEntry, why: Cause) -> None:
        contract = account.contract
        if contract is None:
            return
        running = running_out(account, contract, entry, self.plans)
        if running:
            tell_use(account, running, why, self.plans, self.events)

    def settle(
        self,
        account: Account,
        entry: r.MoneyEntry,
        cause: Cause,
        event: Callable[[], v.Event] | None,
    ) -> None:
        """Post an entry that moves no money: first its event, made once it is applied, then what it crosses."""
        was_funded = is_funded(account)
        apply(account, entry)
        self.entries.append(entry)
        if event is not None:
            self.events.append(event())
        cross(account, was_funded, cause, self.events)
        self._tell_running_out(account, entry, cause)
        note_change(account, entry.at_ms, self.statuses, self.plans)

    def refuse(self, account: Account | None, entry: r.CommandRejected) -> None:
        """Note a refusal, which changes nothing; that of a recharge's credit is told, where there is an account."""
        self.entries.append(entry)
        if account is None or entry.lot_id is None or entry.credit_micros is None:
            return
        cause = Cause("credit", entry.command_id, entry.at_ms)
        head = event_head(account, f"credit_refused/{entry.lot_id}", cause)
        said = v.CreditRefused(
            *head, entry.lot_id, entry.credit_micros, entry.reason, entry.payment_command_id
        )
        self.events.append(said)

    def expired(self, account: Account, entry: r.LotExpired, cause: Cause) -> None:
        """Say that a lot expired with money in it."""
        head = event_head(account, f"expired/{entry.lot_id}", cause)
        self.events.append(
            v.FundsExpired(*head, entry.lot_id, -entry.amount_micros, entry.category)
        )

    def expiring(self, account: Account, entry: r.LotExpiryWarned, cause: Cause) -> None:
        """Say that a lot with money in it expires soon."""
        head = event_head(account, f"expiring/{entry.lot_id}", cause)
        said = v.FundsExpiring(
            *head,
            entry.lot_id,
            entry.remaining_micros,
            entry.days,
            entry.expires_ms,
            entry.category,
        )
        self.events.append(said)

    def suspected(self, account: Account, entry: r.SpendLimitTripped, cause: Cause) -> None:
        """Say that a charge passed a spend limit."""
        head = event_head(account, f"fraud/{entry.limit}", cause)
        said = v.FraudSuspected(
            *head, entry.limit, entry.limit_micros, entry.found_micros, entry.denied
        )
        self.events.append(said)
