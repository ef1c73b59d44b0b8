"""Judge: may a call start, and for how long at most.

Rule 1: emergency calls may always start, whatever is known of the tenant, and so may those to an ordinary number of
        the tenant, unless the account is closed. Nothing bounds them.
Rule 2: of any other call one duration is priced as its CDR would be charged, by `pricing.price_call` and
        `funding.fund`: what has no price may not start.
Rule 3: the call may last as long as pools and money pay it to the last second. Money is the lots that are alive when
        the call ends, less debt, which promotional credit may stand beside; where its class is blocked, or the user
        has no licence, there is none, and pools alone pay: so it is without credits. A user with a monthly limit has
        no more than what is left of it, and what a user may not do may not start (`user_limits`). An account that
        pays later has its lots and what is left of its month's credit limit; without one it has no bound. Nor has a
        call that charging waives, unless its class is blocked: nobody pays it.
        What would take a prepaid balance below its bound, were there no pools, waits when it is charged.
Rule 4: a call that could only last as long as the grace of its row may not start.
Rule 5: what other calls in flight hold is not there (`contest`): the money, and the seconds of pools that they might
        draw. Where seconds that they count on might be taken by this call, what they would cost without is not there
        either.
Rule 6: the call is taken to be answered when it is asked for: bands, versions and lots are those of then.
"""

from typing import Final, final

from rater.core.account.breaker import class_of
from rater.core.account.bundle import is_for_decks, price_in_bundle
from rater.core.account.funding import fund
from rater.core.account.pool_reach import reach_of
from rater.core.account.unlicensed import what_becomes
from rater.core.account.user import usage_country_of
from rater.core.authorisation.contest import (
    Contest,
    is_of_one_row,
    less_held,
    most_micros,
    user_less_held,
)
from rater.core.authorisation.longest import Probe, longest
from rater.core.authorisation.request import CallRequest, cdr_of
from rater.core.authorisation.standing import (
    NOTHING_HELD,
    Block,
    Blocked,
    Claim,
    Held,
    OfBoth,
    Standing,
)
from rater.core.authorisation.user_limits import left_micros, stops, stops_money
from rater.core.authorisation.verdict import Refused, Verdict, free, refused
from rater.core.call_classes import PAID_CALLS
from rater.core.cdr import Cdr
from rater.core.charging_settings import ChargingSettings
from rater.core.limits import DURATION_S_MAX, NEVER_MS
from rater.core.pricing.components.usage import billed_s
from rater.core.pricing.exemptions import EMERGENCY, exemption
from rater.core.pricing.price import price_call
from rater.core.pricing.rated import Rated, waived
from rater.core.pricing.rules import Rules
from rater.core.pricing.unrated import Refusal
from rater.core.suspension import Suspended, Suspension
from topics.records.charge import FreeReason

ENDLESS: Final = 2**62
"""Micros of an account that pays later."""

Priced = Rated | str | Refusal | Suspension


def judge_blind(request: CallRequest, rules: Rules, why: str, detail: str) -> Verdict:
    """Judge a call of which nothing of the tenant can be relied on: what nobody pays may start, all else not."""
    reason = exemption(cdr_of(request, 1), rules, (), "")
    return refused(why, detail) if reason is None else free(reason)


def judge(
    standing: Standing,
    request: CallRequest,
    rules: Rules,
    longest_s: int = DURATION_S_MAX,
    held: Held = NOTHING_HELD,
) -> Verdict:
    """Judge a call; no verdict is for longer than `longest_s`, but that of a call that nobody pays."""
    account = standing.account
    shortest = cdr_of(request, 1)
    reason = exemption(shortest, rules, account.decks, account.currency)
    if reason == EMERGENCY:
        return free(reason)
    if account.closed_ms != NEVER_MS:
        return refused(*_said("in_bundle", standing.blocked))
    if reason is not None:
        if reason in standing.blocked:
            return refused(*_said(reason, standing.blocked))
        return free(reason)
    return _Question(standing, request, rules, held).answer(min(longest_s, DURATION_S_MAX))


@final
class _Question:
    """One call, and what there is to pay it."""

    def __init__(self, standing: Standing, request: CallRequest, rules: Rules, held: Held) -> None:
        self._standing = standing
        self._request = request
        self._rules = rules
        self._settings: ChargingSettings = rules.settings.at(request.at_ms)
        self._held = held
        self._account = less_held(standing.account, held)
        self._user = user_less_held(standing.user, held)
        shortest = cdr_of(request, 1)
        self._home = usage_country_of(standing.account, shortest, standing.user)
        self._is_waived = what_becomes(standing.account, shortest, standing.user) == "waive"
        """Nobody pays what pools do not."""
        self._block: Block | None = None
        self._left: int | None = None
        """What is left of the user's monthly limit; None: there is none."""
        self._why: Refusal | Suspension | None = None
        """Why the last duration looked at has no price."""
        self._contest = Contest([], held)

    def answer(self, most_s: int) -> Verdict:
        """Return the verdict."""
        price = self._price(cdr_of(self._request, 1))
        if isinstance(price, Refusal | Suspension):
            if isinstance(price, Suspension) and not self._account.decks:
                reason, code = self._blocked(self._country()) or (price.reason, None)
                return refused(reason, price.detail, code)
            return refused(str(price.reason), price.detail)
        assert isinstance(price, Rated), price
        shortest = cdr_of(self._request, 1)
        name = class_of(shortest, price.country, self._home)
        if stopped := stops(self._standing, shortest, name, price, self._rules):
            return refused(stopped[0], f"the user may not make this call: {name}", stopped[1])
        self._left = left_micros(self._standing, shortest, self._rules)
        self._block = stops_money(self._standing, shortest) or self._blocked(price.country)
        called = (price.country, price.number_type)
        reach = reach_of(self._standing.account, shortest, self._rules, called, self._standing.user)
        self._contest = Contest(reach, self._held)
        first = self._look(max(price.grace_s or 1, 1))
        if not first.is_payable:
            return self._refusal(first)
        found = longest(self._look, first, most_s) if first.seconds < most_s else self._look(most_s)
        claim = self._claim(found)
        version = self._settings.version
        return Verdict(True, found.seconds, None, None, None, found.rated, version, claim)

    def _price(self, cdr: Cdr) -> Priced:
        """Price the call as its CDR would be charged."""
        account, rules = self._account, self._rules
        price = price_call(cdr, account.decks, account.currency, rules, self._settings)
        if isinstance(price, Refusal) and not account.decks and is_for_decks(price):
            return price_in_bundle(account, cdr, rules, cdr.ended_ms, None, self._user)
        if not isinstance(price, Rated):
            return price
        if account.contract is None:
            return self._beyond_bound(price.charge_micros) or price
        funded = fund(account, cdr, price, rules, cdr.ended_ms, self._user)
        if isinstance(funded, Rated):
            dearer = max(price.charge_micros, funded.charge_micros)
            if wrong := self._beyond_bound(dearer):
                return wrong
            if self._is_waived and funded.charge_micros:
                return waived(funded)
        return funded

    def _beyond_bound(self, micros: int) -> Suspension | None:
        """Say that charging would let the call wait: the bound of the balance is asked of prices without pools, too."""
        account = self._standing.account
        left = account.balance - self._held.micros - micros
        if left >= 0 or self._standing.pays_later:
            return None
        most = self._settings.terms(account.currency).balance_max_micros
        if left >= -most:
            return None
        detail = f"{micros} micros would take the balance, {account.balance}, below -{most}"
        return Suspension(Suspended.AMOUNT_TOO_LARGE, detail)

    def _look(self, seconds: int) -> Probe:
        """Look whether the call can be paid for so many seconds."""
        cdr = cdr_of(self._request, seconds)
        price = self._price(cdr)
        if not isinstance(price, Rated):
            assert not isinstance(price, str), price
            self._why = price
            return Probe(seconds, None, 0, 0, None)
        paid_s = 0
        if price.funding is not None:
            paid_s = price.funding.paid_s
        spare, more = 0, self._contest.more(seconds)
        if price.charge_micros or more[0] or self._contest.is_shared:
            due = self._due(price, cdr)
            if due or more[0]:
                spare = self._money(cdr.ended_ms, more) - due
        return Probe(seconds, spare, paid_s, billed_s(price.lines), price)

    def _due(self, price: Rated, cdr: Cdr) -> int:
        """Return what money must be there for a call, the calls beside it being charged first."""
        if self._is_waived and self._block is None:
            return 0
        micros = price.charge_micros
        if not self._contest.is_shared or self._is_sure(price, cdr):
            return micros
        return max(micros, self._most(cdr))

    def _is_sure(self, price: Rated, cdr: Cdr) -> bool:
        """Tell whether a call costs no more where the others leave it more of the pools than they might."""
        paid_s = 0 if price.funding is None else price.funding.paid_s
        if not paid_s or self._contest.is_priced:
            return False
        return paid_s >= cdr.billsec or is_of_one_row(self._alone(cdr))

    def _alone(self, cdr: Cdr) -> Rated | Refusal | FreeReason:
        """Price the call by its deck, as if there were no pools."""
        account = self._standing.account
        return price_call(cdr, account.decks, account.currency, self._rules, self._settings)

    def _most(self, cdr: Cdr) -> int:
        """Return what a call may cost, whatever pools pay of it."""
        if what_becomes(self._standing.account, cdr, self._standing.user) != "charge":
            return 0
        price = self._alone(cdr)
        if not isinstance(price, Rated) or not price.charge_micros:
            return 0
        return most_micros(price, cdr, self._contest.reach)

    def _claim(self, found: Probe) -> Claim:
        """Return what the longest call may take."""
        assert found.rated is not None, found
        cdr = cdr_of(self._request, found.seconds)
        micros = self._due(found.rated, cdr)
        if not self._contest.reach:
            return Claim(micros, micros, {})
        most = max(micros, self._most(cdr))
        return self._contest.claim(found.seconds, micros, most)

    def _money(self, ended_ms: int, more: OfBoth) -> int:
        """Return what there is to pay a call that ends then, where others may cost so much more than they hold.

        Below 0 only where they do.
        """
        account, held = self._account, self._held
        if self._block is not None and not more[0]:
            return 0
        micros = sum([lot.remaining for lot in account.lots if ended_ms <= lot.expires_ms])
        if self._standing.pays_later:
            credit = self._standing.credit_left
            micros = ENDLESS if credit is None else micros + credit
        else:
            micros -= account.debt
        micros -= held.micros + more[0]
        if self._left is not None:
            micros = min(micros, self._left - held.user_micros - more[1])
        if self._block is not None:
            micros = min(micros, 0)
        return micros if more[0] else max(micros, 0)

    def _country(self) -> str:
        """Return the country called by the numbering data, for where no deck says it."""
        return self._rules.numbering.country_of(self._request.to) or ""

    def _blocked(self, country: str) -> Block | None:
        """Return why money may not pay the call; None where it may."""
        name = class_of(cdr_of(self._request, 1), country, self._home)
        assert name in PAID_CALLS, name
        return self._standing.blocked.get(name)

    def _refusal(self, first: Probe) -> Verdict:
        """Say why not even the least can be paid."""
        if self._block is not None:
            return refused(self._block[0], None, self._block[1])
        if first.spare is None and self._why is not None:
            return refused(str(self._why.reason), self._why.detail)
        charge = 0 if first.rated is None else first.rated.charge_micros
        detail = f"the least that the call costs is {charge} micros"
        account, held = self._account, self._held
        if held is not NOTHING_HELD and self._would_pay_unheld(first.seconds):
            return refused(Refused.HELD, detail)
        if self._left is not None and self._left < charge:
            return refused(Refused.USER_LIMIT_TOO_LOW, f"{detail}, {self._left} are left")
        if self._standing.pays_later:
            left = f"{self._standing.credit_left} are left of the month's credit limit"
            return refused(
                Refused.CREDIT_LIMIT_TOO_LOW, f"{detail}, the balance is {account.balance}, {left}"
            )
        return refused(Refused.BALANCE_TOO_LOW, f"{detail}, the balance is {account.balance}")

    def _would_pay_unheld(self, seconds: int) -> bool:
        alone = _Question(self._standing, self._request, self._rules, NOTHING_HELD)
        alone._left = self._left
        alone._contest = Contest(self._contest.reach, NOTHING_HELD)
        return alone._look(seconds).is_payable


def _said(name: str, blocked: Blocked) -> tuple[str, str | None, int | None]:
    """Return reason, detail and code of a class that is blocked."""
    reason, code = blocked.get(name, (Refused.BLOCKED.value, None))
    return reason, f"{name} is blocked", code
