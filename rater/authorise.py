"""Authorisation in Python: may a call start, and for how long at most; what `rater gatekeeper` answers.

A `View` holds what is known: decks, and the latest status of each tenant and user, as `account.status.v1` and
`user.status.v1` carry them; give it the records of the topics as they come. Nothing here reads a topic or the clock,
and nothing is written.

>>> from rater.authorise import View, authorise
>>> from rater.pricing import load_deck
>>> view = View([load_deck("rater/data/sample_deck.csv", deck_id="sample")])
>>> view.take("account.status.v1", b"acme", '''{"tenant_id": "acme", "seq": 2, "at_ms": 1793610600000, "state": "open",
... "mode": "prepaid", "time_zone": "UTC", "allowed_call_types": [], "blocked": [], "currency": "USD",
... "balance_micros": 100000, "overdraft_micros": 0, "decks": ["sample"],
... "funds": [{"expires_ms": 1825146600000, "amount_micros": 100000}]}''')
>>> found = authorise(view, tenant_id="acme", to="+33612345678", at="2026-11-02T09:00:00Z")
>>> found.allowed, found.max_duration_s, found.charge, found.account_seq
(True, 180, Decimal('0.0948'), 2)
>>> authorise(view, tenant_id="globex", to="+33612345678", at="2026-11-02T09:00:00Z").reason
'unknown_tenant'
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import chain
from typing import Literal

import msgspec

from rater.core.authorisation.holds import cost_of
from rater.core.authorisation.judge import judge, judge_blind
from rater.core.authorisation.verdict import Refused, Verdict
from rater.core.limits import DURATION_S_MAX
from rater.core.pricing.decks import DeckBook, Version
from rater.core.pricing.plans.book import PlanBook
from rater.core.pricing.rules import Rules
from rater.pricing import Deck
from rater.wire.authorisation.questions import BadRequest, read_question, request_of
from rater.wire.authorisation.standings import Known, Standings
from rater.wire.demands import shown
from rater.wire.moments import NO_MOMENT, read_instant
from rater.wire.plans.plan_records import plan_reader
from rater.wire.pricing.amounts import format_micros
from rater.wire.pricing.decks import BadDeck, DeckAssembler
from rater.wire.pricing.numbering import load_numbers
from rater.wire.pricing.zones import zone_of
from rater.wire.settings.charging_settings import settings_reader
from rater.wire.settings.currencies import shipped_book
from rater.wire.versions import BadVersion
from topics.catalog import ACCOUNT_STATUS, CHARGING_SETTINGS, RATE_DECKS, RATE_PLANS, USER_STATUS

__all__ = ["Permission", "QuestionError", "View", "authorise"]

_OF_ACCOUNTS = frozenset((ACCOUNT_STATUS.name, USER_STATUS.name))


class QuestionError(ValueError):
    """A call, or a record, that cannot be read; the message names the field and what is wrong."""


class View:
    """What is known. It is not for several threads at once."""

    def __init__(self, decks: Iterable[Deck] = ()) -> None:
        """Begin with decks of files, whose `deck_id` is the name by which accounts have them."""
        compiled: dict[str, list[Version]] = {}
        for deck in decks:
            if not isinstance(deck, Deck):
                raise QuestionError(f"decks: must be of load_deck, found {shown(deck)}")
            if deck.deck_id in compiled:
                raise QuestionError(f"decks: {deck.deck_id!r} must be there once, found it again")
            compiled[deck.deck_id] = deck.versions()
        plans = PlanBook(zone_of=zone_of)
        self._rules = Rules(
            DeckBook.of(chain(*compiled.values())), load_numbers(), shipped_book(), plans
        )
        self._standings = Standings()
        self._assembler = DeckAssembler()
        self._plans, self._settings = plan_reader(), settings_reader()
        self._takes: dict[str, Callable[[bytes | None, bytes | None], str | None]] = {
            ACCOUNT_STATUS.name: self._standings.take,
            USER_STATUS.name: self._standings.take_user,
            RATE_DECKS.name: self._take_deck,
            RATE_PLANS.name: self._take_plans,
            CHARGING_SETTINGS.name: self._take_settings,
        }

    def __len__(self) -> int:
        """Return of how many tenants something is known."""
        return len(self._standings)

    def take(self, topic: str, key: bytes | None, value: bytes | str | None) -> None:
        """Take a record of account.status.v1, user.status.v1, rate.decks.v1, rate.plans.v1 or charging.settings.v1.

        QuestionError where a deck, plans or settings cannot be used: what was known of them stays. A status takes the
        place of what was known of its tenant or user, whatever it says, for it is read when it is first asked for: of
        one that cannot be read, as of one without a value, nothing is known any more.
        """
        take = self._takes.get(topic) if isinstance(topic, str) else None
        if take is None:
            raise QuestionError(f"topic: {topic!r} says nothing that a permission hangs on")
        if not isinstance(key, bytes | None) or (key is None and topic in _OF_ACCOUNTS):
            raise QuestionError(f"{topic}: key: must be bytes, found {shown(key)}")
        content = _utf8(f"{topic}: value", value) if isinstance(value, str) else value
        if not isinstance(content, bytes | None):
            raise QuestionError(
                f"{topic}: value: must be bytes, text or None, found {shown(value)}"
            )
        if wrong := take(key, content):
            raise QuestionError(f"{topic}: {wrong}")

    def _take_deck(self, key: bytes | None, value: bytes | None) -> str | None:
        made = self._assembler.feed(key or b"", value)
        if isinstance(made, BadDeck):
            return made.detail
        if made is not None:
            self._rules = self._rules.with_book(self._rules.book.with_deck(made))
        return None

    def _take_plans(self, key: bytes | None, value: bytes | None) -> str | None:
        made = self._plans.feed(key, value)
        if isinstance(made, BadVersion):
            return made.detail
        if made is not None:
            self._rules = self._rules.with_plans(self._rules.plans.with_version(made))
        return None

    def _take_settings(self, key: bytes | None, value: bytes | None) -> str | None:
        made = self._settings.feed(key, value)
        if isinstance(made, BadVersion):
            return made.detail
        if made is not None:
            self._rules = self._rules.with_settings(self._rules.settings.with_version(made))
        return None

    def _judged(self, question: bytes, at_ms: int) -> tuple[Verdict, Known | None]:
        asked = read_question(question)
        if isinstance(asked, BadRequest):
            raise QuestionError(asked.detail)
        request = request_of(asked, at_ms)
        known = self._standings.known(asked.tenant_id)
        if known is None:
            detail = f"no status of {asked.tenant_id} is known"
            return judge_blind(request, self._rules, Refused.UNKNOWN_TENANT, detail), None
        standing = self._standings.standing(known, request)
        return judge(standing, request, self._rules, asked.longest_s or DURATION_S_MAX), known


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """Whether a call may start, for how long, and what that was decided by."""

    allowed: bool
    """Whether it may start."""
    max_duration_s: int | None
    """For how many seconds it may last; None: nothing bounds it; 0: it may not start."""
    reason: str | None
    """Why it is refused, or why nobody pays it, such as `emergency`."""
    code: int | None
    """Of the refusal, for call control, where it has one."""
    detail: str | None
    """The reason in a sentence, where there is more to say."""
    charge: Decimal | None
    """What the longest call would be charged with; None: it has no price."""
    waived: Decimal | None
    """What of that nobody pays, not the account either."""
    pools_s: int
    """Seconds of it that pools of plans would pay."""
    currency: str | None
    """ISO 4217 code of the account; None where it has no credits."""
    account_seq: int | None
    """Of the ledger entry after which this holds; None: nothing is known of the tenant."""
    deck_id: str | None
    """The deck that prices the call."""
    deck_version: int | None
    """Its version."""
    plan_version: int | None
    """Of the plan catalog, where pools pay."""
    settings_version: int | None
    """Of the charging settings."""


def authorise(  # noqa: PLR0913  # What a call is made of, each by its name.
    view: View,
    *,
    tenant_id: str,
    to: str,
    at: str | datetime,
    from_: str | None = None,
    direction: Literal["out", "in"] = "out",
    call_type: str | None = None,
    service_number_type: str | None = None,
    usage_country: str | None = None,
    user_id: str | None = None,
    organizer_id: str | None = None,
    routing_number: str | None = None,
    longest_s: int | None = None,
) -> Permission:
    """Judge a call that starts at an instant, RFC 3339 text with an offset or an aware datetime.

    The longest call that is allowed, charged as it ended, never takes the balance below zero, as long as no other call
    of the tenant is in flight. `longest_s`: no verdict is for longer. QuestionError names what cannot be read.
    """
    at_ms = read_instant(at)
    if at_ms is None:
        raise QuestionError(f"at: {at!s:.80} {NO_MOMENT}")
    fields = {
        "tenant_id": tenant_id,
        "to": to,
        "from": from_,
        "direction": direction,
        "call_type": call_type,
        "service_number_type": service_number_type,
        "usage_country": usage_country,
        "user_id": user_id,
        "organizer_id": organizer_id,
        "routing_number": routing_number,
        "longest_s": longest_s,
    }
    given = {name: value for name, value in fields.items() if value is not None}
    for name, value in given.items():
        _check(name, value)
    return _permission(*view._judged(msgspec.json.encode(given), at_ms))  # noqa: SLF001  # Opaque to others.


def _check(name: str, value: object) -> None:
    """Raise QuestionError for what no question could say of a call."""
    if isinstance(value, str):
        _utf8(name, value)
    if name == "longest_s":
        if type(value) is not int or not 1 <= value <= DURATION_S_MAX:
            must_be = f"must be an integer from 1 to {DURATION_S_MAX}"
            raise QuestionError(f"{name}: {must_be}, found {shown(value)}")
    elif not isinstance(value, str):
        raise QuestionError(f"{name}: must be a string, found {shown(value)}")


def _utf8(name: str, text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise QuestionError(
            f"{name}: must be text, found half a surrogate pair in {shown(text)}"
        ) from None


def _permission(verdict: Verdict, known: Known | None) -> Permission:
    rated = verdict.rated
    funding = None if rated is None else rated.funding
    return Permission(
        allowed=verdict.allowed,
        max_duration_s=verdict.longest_s,
        reason=verdict.reason,
        code=verdict.code,
        detail=verdict.detail,
        charge=None if rated is None else Decimal(format_micros(rated.charge_micros)),
        waived=None
        if rated is None
        else Decimal(format_micros(rated.charge_micros - cost_of(verdict))),
        pools_s=0 if funding is None else funding.paid_s,
        currency=None if known is None else known.status.currency,
        account_seq=None if known is None else known.status.seq,
        deck_id=None if rated is None else rated.deck_id,
        deck_version=None if rated is None else rated.deck_version,
        plan_version=None if funding is None else funding.plan_version,
        settings_version=verdict.settings_version,
    )
