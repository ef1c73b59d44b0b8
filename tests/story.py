"""Stories: scenarios as tables, run through the simulator and compared line by line.

    deck acs 1 USD acs.csv
    deck acs 2 USD acs.csv 2024-03-01T00:00:00Z calendars=holidays.csv
    retire acs 2 2024-03-01T00:00:00Z
    mask +33=4 =2
    freecall 3 2024-01-01T00:00:00Z
    promotional last 2024-01-01T00:00:00Z
    payments held 2024-01-10T11:00:00Z
    payments held acme beta 2024-01-10T11:00:00Z
    payments free 2024-01-10T12:00:00Z
    2024-01-10T10:00:00Z acme open USD acs
        -> opened = 0.00
    2024-01-10T10:01:00Z acme fund L1 50
        -> funded L1 50.00 = 50.00
        -> credited L1 50.00
        -> allowed everything
    2024-01-10T10:05:00Z acme call c1 +33612345678 219
        -> rated c1 0.50 [L1 0.50] = 49.50

Every output of a step is named, in the order written, and nothing else may come. A status is shown when what is
allowed changes. `wait` lets the clock run. A call ends at the time of its line unless `ended=` says otherwise, and was
answered its duration before; with `answered=` alone it ends its duration later; other `name=value` pairs are fields.
"""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rater.batch.simulate import Simulator
from rater.core.pricing.decks import Deck, DeckBook, Heading, Retirement
from rater.core.pricing.plans.book import PlanBook
from rater.core.pricing.rules import Rules
from rater.core.times import to_millis, to_text
from rater.wire.lines import Line
from rater.wire.pricing.amounts import format_micros, parse_micros
from rater.wire.pricing.deck_calendars import read_calendar_file
from rater.wire.pricing.deck_csv import Sheet, compile_sheet, read_sheet
from rater.wire.pricing.deck_heading import read_heading
from rater.wire.pricing.numbering import load_numbers
from rater.wire.pricing.zones import zone_of
from rater.wire.settings.currencies import shipped_book
from tests.story_contract import CONTRACT, contract, currency_and_decks
from tests.story_gatekeeper import Gatekeeper
from tests.story_plans import with_plans
from tests.story_recharge import RESULTS, TOPICS, VERBS, Payments
from tests.story_recycling import VERBS as RECYCLING
from tests.story_recycling import recycling
from tests.story_rerating import VERB as RERATING
from tests.story_rerating import rerating
from tests.story_settings import (
    PUBLISHED,
    SHOWN,
    at_hours,
    given,
    masking,
    published,
    setting,
    shown_twice,
    threshold,
)
from tests.story_status import shown_status
from tests.story_users import user_line
from topics import catalog
from topics.authority import TOPIC_OF
from topics.fields import NO_CURRENCY

TIMERS = catalog.ACCOUNT_TIMERS.name
FOLDER = Path(__file__).parent / "scenarios"


def run_story(text: str) -> list[str]:
    """Run a story; return it as it came out: what was said in it, with the outputs as they were."""
    story = Story()
    out: list[str] = []
    for line in text.splitlines():
        if line.strip().startswith("->"):
            continue
        out.append(line)
        if line.strip() and not line.startswith("#"):
            out += [f"    -> {shown}" for shown in story.take(line.split())]
    return out


def deck_from(
    name: str, deck_id: str, version: int, terms: tuple[str, str], calendars: str | None
) -> Deck:
    """Compile a deck of the scenarios' folder; `terms` are its currency and since when it is in force."""
    currency, valid_from = terms
    dates = read_calendar_file(None if calendars is None else FOLDER / calendars)
    sheet = read_sheet((FOLDER / name).read_bytes())
    assert isinstance(sheet, Sheet), sheet
    heading = read_heading(deck_id, version, (currency, valid_from, "UTC", "split"), dates)
    assert isinstance(heading, Heading), heading
    deck = compile_sheet(heading, sheet)
    assert isinstance(deck, Deck), deck
    return deck


class Story:
    """A story as it is told, line by line."""

    def __init__(self) -> None:
        self.simulator = Simulator(
            Rules(DeckBook.of([]), load_numbers(), shipped_book(), PlanBook(zone_of=zone_of))
        )
        self.allowed: dict[str, str] = {}
        self.users: dict[str, str] = {}
        self.commands = 0
        self.books: dict[str, Counter[str]] = {}
        self.payments = Payments()
        self.gatekeeper = Gatekeeper()
        self.shows_numbers = False
        self.shows_months = False
        self.shows_statuses = False

    def take(self, words: list[str]) -> Iterator[str]:
        if self._is_told_of(words):
            return
        at_ms = _millis(words[0])
        if words[1] == "wait":
            yield from self._show(self.simulator.run_until(at_ms))
            return
        tenant, verb, *rest = words[1:]
        if verb == "asks":
            yield from self._show(self.simulator.run_until(at_ms))
            yield self.gatekeeper.answer(tenant, rest, at_ms, self.simulator.rules)
            return
        topic, value = self.record(tenant, verb, rest, at_ms)
        yield from self._show(
            self.simulator.feed(topic, tenant.encode(), json.dumps(value).encode(), at_ms)
        )

    def _is_told_of(self, words: list[str]) -> bool:
        """Take what is no event: what the rules are, and what is to be shown."""
        rules = self.simulator.rules
        match words:
            case ["deck", deck_id, version, currency, name, *others]:
                said = dict(word.split("=") for word in others if "=" in word)
                since = [word for word in others if "=" not in word] or ["2000-01-01T00:00:00Z"]
                terms = (currency, since[0])
                deck = deck_from(name, deck_id, int(version), terms, said.get("calendars"))
                rules = rules.with_book(rules.book.with_deck(deck))
            case ["retire", deck_id, version, valid_from]:
                retired = Retirement(deck_id, int(version), _millis(valid_from), None)
                rules = rules.with_book(rules.book.with_deck(retired))
            case ["plans", *which]:
                rules = rules.with_plans(with_plans(rules.plans, *which))
            case ["mask", *masks]:
                rules = rules.with_settings(masking(masks))
                self.shows_numbers = True
            case ["statuses"]:
                self.shows_statuses = True
            case ["months"]:
                self.shows_months = True
            case [what, *said, since] if what in PUBLISHED:
                book = published(rules.settings, what, said, _millis(since))
                rules = rules.with_settings(book)
            case _:
                return False
        self.simulator.rules = rules
        return True

    def record(
        self, tenant: str, verb: str, rest: list[str], at_ms: int
    ) -> tuple[str, dict[str, Any]]:
        if verb == "call":
            return catalog.CDR_RAW.name, _cdr(tenant, rest, at_ms)
        if verb in VERBS:
            return RESULTS, self.payments.result(tenant, verb, rest, at_ms)
        self.commands += 1
        if verb in RECYCLING:
            name = f"cmd-{self.commands}"
            return TIMERS, recycling(self.simulator, tenant, verb, rest, name)
        if verb == RERATING:
            return TIMERS, rerating(self.simulator, tenant, rest, f"cmd-{self.commands}", at_ms)
        extra = dict(word.split("=", 1) for word in rest if "=" in word)
        plain = [word for word in rest if "=" not in word]
        head = {"command_id": extra.pop("id", f"cmd-{self.commands}"), "tenant_id": tenant}
        command = head | _command(verb, plain, extra, at_ms)
        return TOPIC_OF[command["type"]], command

    def _show(self, lines: Iterator[Line]) -> Iterator[str]:
        for line in lines:
            value = json.loads(line.value or b"null")
            self.gatekeeper.take(line)
            if line.topic == catalog.LEDGER.name:
                self.conserve(value)
            shown = self._shown(line.topic, value)
            if shown is not None:
                yield shown + (_numbers(value) if self.shows_numbers else "")

    def conserve(self, entry: dict[str, Any]) -> None:
        """Hold scenario 48 after every entry: what came in is what is left and what went, to the micro."""
        if entry["kind"] in {"command_rejected", "call_dropped"}:
            return
        book = self.books.setdefault(entry["tenant_id"], Counter())
        book["in"] += entry.get("lot", {}).get("granted_micros", 0)
        book["out"] += entry.get("charge_micros", 0) + entry.get("forfeited_micros", 0)
        waived = [d["amount_micros"] for d in entry.get("draws", []) if d.get("source") == "waived"]
        book["out"] -= sum(waived)
        if entry["kind"] == "charge_reversed":
            # The lot of what comes back is no money from outside.
            book["in"] -= entry.get("lot", {}).get("granted_micros", 0)
            parts = entry.get("returns", [])
            back = sum(d.get("amount_micros", 0) for d in parts)
            # Of what nobody paid nothing comes back.
            book["out"] -= back + entry.get("lot", {}).get("granted_micros", 0)
            book["grace"] += sum(d["amount_micros"] for d in parts if d.get("grace"))
        if entry["kind"] == "adjusted" and entry["amount_micros"] < 0:
            book["out"] -= entry["amount_micros"]
        if entry["kind"] == "payment_reversed":
            book["out"] += entry["moved_micros"]
        if entry["kind"] == "lot_expired":
            book["grace"] -= entry["amount_micros"]
        book["grace"] -= entry.get("forfeited_micros", 0)
        book["grace"] -= sum(d["amount_micros"] for d in entry.get("draws", []) if d.get("grace"))
        # What is owed of a month is beside the balance.
        book["out"] -= _owed(entry.get("draws", [])) - _owed(entry.get("returns", []))
        assert book["in"] - book["out"] == entry["balance_micros"] + book["grace"], entry

    def _status(self, value: dict[str, Any]) -> str | None:
        """Show what is allowed, where that has changed; all of the status where it is asked for."""
        if self.shows_statuses:
            return shown_status(value)
        what = (
            "everything"
            if not value["blocked"]
            else f"only {' '.join(value['allowed_call_types'])}"
        )
        reasons = {each["reason"] for each in value["blocked"]}
        named = reasons & {"spend_limit", "credit_limit"}
        what += f" ({', '.join(named)})" if named else ""
        tenant = value["tenant_id"]
        changed = self.allowed.get(tenant) != what
        self.allowed[tenant] = what
        return f"allowed {what}" if changed else None

    def _shown(self, topic: str, value: dict[str, Any]) -> str | None:  # noqa: PLR0911
        if topic in TOPICS:
            return self.payments.shown(topic, value)
        # Every story that is long enough has an entry and an event of each account and month.
        months = ("balance_carried_forward", "month_ended")
        is_month = value.get("kind") in months and not self.shows_months
        if topic in TOPIC_OF.values() or is_month:
            return None
        if topic == catalog.ACCOUNT_STATUS.name:
            return self._status(value)
        if topic == catalog.USER_STATUS.name:
            return user_line(value, self.users)
        if topic == catalog.SUSPENSE.name:
            return f"suspended {value['cdr_id']} {value['reason']}"
        if topic in (catalog.DEAD.name, catalog.RECHARGE_DEAD.name):
            return f"dead {value['reason']} {value.get('field')}"
        return shown_twice(value) or _SHOWN[value["kind"]](value)


def _numbers(value: dict[str, Any]) -> str:
    """Return the numbers that a charge or a suspense record names."""
    call = value.get("call") or (json.loads(value["cdr"]) if "cdr" in value else {})
    caller = f" from {call['from']}" if "from" in call else ""
    return f", to {call['to']}{caller}" if call else ""


def _cdr(tenant: str, words: list[str], at_ms: int) -> dict[str, Any]:
    cdr_id, number, seconds, *rest = words
    extra = dict(word.split("=", 1) for word in rest)
    # A platform names an answer where there was one.
    is_named = "answered" in extra or extra.get("disposition", "answered") == "answered"
    talked_ms = int(seconds) * 1000
    answered = _millis(extra.pop("answered")) if "answered" in extra else None
    ended = at_ms if answered is None else answered + talked_ms
    if "ended" in extra:
        ended = _millis(extra.pop("ended"))
    if answered is None:
        answered = ended - talked_ms
    named = {"answered_at": to_text(answered)} if is_named else {}
    return {
        "cdr_id": cdr_id,
        "tenant_id": tenant,
        "direction": "out",
        "to": number,
        "started_at": to_text(answered),
        **named,
        "ended_at": to_text(ended),
        "billsec": int(seconds),
        "usage_country": "US",
        **{name: int(text) if name == "version" else text for name, text in extra.items()},
    }


def _command(  # noqa: PLR0911  # One return a verb.
    verb: str, plain: list[str], extra: dict[str, str], at_ms: int
) -> dict[str, Any]:
    match verb:
        case "open":
            return {"type": "open_account"} | currency_and_decks(plain) | extra
        case "fund":
            return {
                "type": "add_funds",
                "lot_id": plain[0],
                "amount_micros": parse_micros(plain[1]),
                "currency": extra.get("currency", "USD"),
                "purchased_at": extra.get("bought", to_text(at_ms)),
            } | ({"recharge_seq": int(extra["seq"])} if "seq" in extra else {})
        case "give":
            return given(plain, extra, to_text(at_ms))
        case "thresholds":
            settings = [threshold(name, text) for name, text in extra.items()]
            return {"type": "set_thresholds", "thresholds": settings}
        case "adjust":
            return {
                "type": "adjust",
                "amount_micros": _signed(plain[0]),
                "currency": extra.get("currency", "USD"),
                "reason": "goodwill",
            }
        case "reverse_payment" | "restore_payment":
            payment_id, reversal_id, *amounts = plain
            moved, in_all = map(parse_micros, amounts)
            return {
                "type": verb,
                "payment_id": payment_id,
                "reversal_id": reversal_id,
                "amount_micros": moved,
                "reversed_micros": in_all,
                "currency": "USD",
                "reversal": "dispute",
            }
        case "close" | "reopen":
            return {"type": f"{verb}_account"}
        case "decks":
            return {"type": "set_decks", "decks": plain}
        case "entitled" | "pays" | "user" | "unlicensed" | "credits":
            return contract(verb, plain, extra)
    return setting(verb, plain, extra)


def _signed(text: str) -> int:
    amount = parse_micros(text.lstrip("-"))
    assert isinstance(amount, int), amount
    return -amount if text.startswith("-") else amount


def _millis(text: str) -> int:
    return to_millis(datetime.fromisoformat(text).astimezone(UTC))


def money(micros: int) -> str:
    """Return an amount as a story shows it: at least two decimals."""
    whole, _, decimals = format_micros(micros).partition(".")
    return f"{whole}.{decimals:0<2}"


def _payer(draw: dict[str, Any]) -> str:
    source = draw.get("source", "lot")
    return str(draw.get("id", {"shortfall": "debt"}.get(source, source)))


def _owed(draws: list[dict[str, Any]]) -> int:
    return sum(d["amount_micros"] for d in draws if d.get("source") == "post_paid")


def _draws(value: dict[str, Any]) -> str:
    parts = [
        f"pool {d['id']} {d['quantity']} s"
        if d.get("source") == "pool"
        else f"owed {d['id']} {money(d['amount_micros'])}"
        if d.get("source") == "post_paid"
        else f"{_payer(d)}{' in grace' if d.get('grace') else ''} {money(d['amount_micros'])}"
        for d in value.get("draws", [])
    ]
    return f" [{', '.join(parts)}]" if parts else ""


def _end(value: dict[str, Any]) -> str:
    if value["currency"] == NO_CURRENCY:
        return " without credits"
    return f" = {money(value['balance_micros'])}"


def _charge(value: dict[str, Any]) -> str:
    late = " late_after_expiry" if value.get("late_after_expiry") else ""
    if "by" in value.get("waited", {}):
        late += f" released from {value['waited']['reason']}"
    if value.get("reason"):
        return f"free {value['cdr_id']} {value['reason']}{_end(value)}"
    amount = money(value["charge_micros"])
    return f"rated {value['cdr_id']} {amount}{_draws(value)}{late}{_end(value)}"


def _funded(value: dict[str, Any]) -> str:
    lot = value["lot"]
    paid = lot["overdraft_paid_micros"]
    debt = f", debt paid {money(paid)}" if paid else ""
    what = f"{lot['lot_id']} {money(lot['granted_micros'])}"
    return f"{'given' if 'category' in lot else 'funded'} {what}{debt}{_end(value)}"


def _taken_back(value: dict[str, Any]) -> str:
    amount = f"{money(value['moved_micros'])} of {value['payment_id']} by {value['reversal_id']}"
    return f"reversed {amount}{_draws(value)}{_end(value)}"


def _given_back(value: dict[str, Any]) -> str:
    lot = value["lot"]
    paid = lot["overdraft_paid_micros"]
    debt = f", debt paid {money(paid)}" if paid else ""
    amount = f"{money(value['moved_micros'])} of {value['payment_id']} by {value['reversal_id']}"
    return f"restored {amount}{debt}, {money(value['reversed_micros'])} stay{_end(value)}"


def _told(value: dict[str, Any]) -> str:
    what = value["kind"].replace("_", " ")
    return f"{what} {value['lot_id']} {money(value['amount_micros'])}"


def _on_hold(value: dict[str, Any]) -> str:
    return ", on hold" if value.get("on_hold") else ""


def _threshold(value: dict[str, Any]) -> str:
    if "threshold_h" in value:
        return at_hours(value)
    return f"{value['threshold_id']} {money(value['threshold_micros'])}"


def _reversed(value: dict[str, Any]) -> str:
    lot = value.get("lot")
    rest = f", {lot['lot_id']} {money(lot['granted_micros'])}" if lot else ""
    amount = money(value["reversed_micros"])
    back = _draws({"draws": value.get("returns", [])})
    return f"{value['by']} {value['cdr_id']} gives back {amount}{back}{rest}{_end(value)}"


def _carried(entry: dict[str, Any]) -> str:
    """Show what an account is carried forward with: what says the most of it."""
    parts = [
        f"{lot['lot_id']} {money(lot['remaining_micros'])}{mark}"
        for lots, mark in (("lots", ""), ("lots_in_grace", " in grace"))
        for lot in entry.get(lots, [])
    ]
    parts += [f"{name} fired" for name in entry.get("fired", [])]
    parts += [
        f"{e['licences']} {e['plan_id']} {e['usage_country']}"
        for e in entry.get("entitlements", [])
    ]
    parts += ["closed"] if "closed_ms" in entry else []
    month = entry["command_id"].rpartition("/")[2]
    if "-" not in month:
        # No month of UTC: when it began.
        month = f"the month from {to_text(entry['month_ms'])}"
    return f"carried into {month}: {', '.join(parts) or 'nothing'}{_end(entry)}"


_SHOWN = (
    SHOWN
    | CONTRACT
    | {
        "charge": _charge,
        "charge_reversed": _reversed,
        "account_opened": lambda v: f"opened{_end(v)}",
        "funds_added": _funded,
        "decks_set": lambda v: f"decks set {' '.join(v['decks'])}{_end(v)}",
        "deck_warning": lambda v: (
            "warned: " + ", ".join(f"{d['deck_id']} {d['problem']}" for d in v["decks"])
        ),
        "thresholds_set": lambda v: f"thresholds set{_end(v)}",
        "adjusted": lambda v: f"adjusted {money(v['amount_micros'])}{_draws(v)}{_end(v)}",
        "payment_reversed": lambda v: _taken_back(v) if "event_id" not in v else _told(v),
        "payment_restored": lambda v: _given_back(v) if "event_id" not in v else _told(v),
        "lot_expired": lambda v: f"expired {v['lot_id']} {money(-v['amount_micros'])}{_end(v)}",
        "lot_forfeited": lambda v: (
            f"forfeited {v['lot_id']} {money(v['forfeited_micros'])}{_end(v)}"
        ),
        "balance_carried_forward": _carried,
        "command_rejected": lambda v: (
            f"rejected {v['command_type']} {v['reason']}"
            + (f" {v['waits']['reason']}" if "waits" in v else "")
        ),
        "call_dropped": lambda v: f"dropped {v['cdr_id']} that waited for {v['waited']['reason']}",
        "threshold_crossed": lambda v: (
            f"crossed {_threshold(v)} at {money(v['balance_micros'])}{_on_hold(v)}"
        ),
        "threshold_rearmed": lambda v: f"rearmed {_threshold(v)}",
        "balance_exhausted": lambda v: f"exhausted at {money(v['balance_micros'])}{_on_hold(v)}",
        "balance_restored": lambda v: f"restored at {money(v['balance_micros'])}",
        "funds_credited": lambda v: f"credited {v['lot_id']} {money(v['amount_micros'])}",
        "credit_refused": lambda v: (
            f"credit refused {v['lot_id']} {money(v['amount_micros'])} {v['reason']}"
        ),
        "funds_expired": lambda v: f"funds expired {v['lot_id']} {money(v['amount_micros'])}",
        "settings_changed": lambda v: "settings changed",
    }
)
