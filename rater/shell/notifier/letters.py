"""Letters: what a notification says to a person, as subject, text and HTML, in the language asked for.

Each sentence is written once, in `languages/LANGUAGE/KIND.j2`; two layouts make text and HTML of it. A
value of a record is put on one line first, without control characters, so that it can be neither a header, nor a
paragraph, nor a row of the table; the HTML layout escapes all of it.
"""

import textwrap
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from jinja2 import BaseLoader, Environment, FunctionLoader, StrictUndefined, Template

from rater.shell.notifier.digests import Digest, Told
from rater.shell.notifier.languages.language import Language
from rater.shell.notifier.languages.registry import FOLDER, language
from rater.views.statement.words import words
from topics.fields import NO_CURRENCY
from topics.records import notifications as n

_WIDTH: Final = 72
_PARTS: Final = ("happened", "next", "todo")
_MOVED: Final = (
    *("paid", "promotional", "adjusted", "reversed", "restored"),
    *("charged", "corrections", "expired", "other"),
)
"""What moves a balance on a statement; `charged`: its calls."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter; the subject is one line."""

    subject: str
    text: str
    html: str


def write_letter(notice: Told) -> Letter:
    """Return the letter of a notification, or of several; the same gives the same letter."""
    reader = language(notice.language)
    values = _values(notice, reader)
    sentences = _environment(html=False).get_template(f"{reader.code}/{notice.kind}.j2")
    paragraphs = {part: _paragraphs(_block(sentences, part, values)) for part in _PARTS}
    facts = _facts(_block(sentences, "facts", values)) + _held(notice, reader)
    page: dict[str, Any] = {
        "next_heading": reader.words.next_heading,
        "todo_heading": reader.words.todo_heading,
        "footer": reader.words.footer.format(**values),
        **paragraphs,
        "language": reader.code,
        "subject": _one_line(_block(sentences, "subject", values)),
        "facts": facts,
        "label_width": max(len(label) for label, _ in facts),
    }
    return Letter(
        page["subject"],
        _environment(html=False).get_template("layout.txt.j2").render(page),
        _environment(html=True).get_template("layout.html.j2").render(page),
    )


def _values(notice: Told, reader: Language) -> dict[str, str]:
    """Return what the templates may say, each as one line of text; "" is nothing."""
    write = _SPECIAL.get(type(notice))
    special: dict[str, str] = {} if write is None else write(notice, reader)
    values = {
        "tenant": notice.tenant_id,
        "balance": _balance(notice, reader),
        "at": reader.moment(notice.at_ms),
        "number": reader.count(_number(notice)),
        **special,
    }
    for name in ("decline_class", "reason", "cap", "label", "reversal", "reversal_id", "category"):
        values[name] = getattr(notice, name, None) or ""
    micros = getattr(notice, "amount_micros", None)
    values["amount"] = "" if micros is None else reader.amount(micros, notice.currency)
    values["method"] = getattr(notice, "method_label", None) or ""
    values["lot"] = getattr(notice, "lot_id", None) or ""
    values["decline"] = reader.decline(getattr(notice, "code", None) or "")
    for name in ("next_try", "until", "expires"):
        at_ms = getattr(notice, f"{name}_ms", None)
        values[name] = "" if at_ms is None else reader.moment(at_ms)
    return {name: _one_line(value) for name, value in values.items()}


def _balance(notice: Told, reader: Language) -> str:
    """Return the balance; an account without credits has none, not one of 0."""
    if notice.currency == NO_CURRENCY:
        return ""
    return reader.amount(notice.balance_micros, notice.currency)


def _number(notice: Told) -> int:
    """Return for how many notifications a letter stands."""
    return sum(n for _, n in notice.held) if isinstance(notice, Digest) else 1


def _held(notice: Told, reader: Language) -> list[tuple[str, str]]:
    """Return the rows of a digest: each kind, and how many there were."""
    held = notice.held if isinstance(notice, Digest) else ()
    return [(reader.kind(kind), reader.count(number)) for kind, number in held]


def _capped(notice: n.RechargeCappedNotification, reader: Language) -> dict[str, str]:
    is_count, limit = notice.cap == "count", notice.limit
    written = reader.count(limit) if is_count else reader.amount(limit, notice.currency)
    return {"limit": written}


def _expiring(notice: n.FundsExpiringNotification, reader: Language) -> dict[str, str]:
    return {"days": reader.count(notice.days)}


def _low(notice: n.BalanceLowNotification, reader: Language) -> dict[str, str]:
    hours = {"threshold_h": notice.threshold_h, "runway": notice.hours_remaining}
    return _threshold(notice, reader) | {
        name: "" if h is None else reader.count(h) for name, h in hours.items()
    }


def _suspected(notice: n.FraudSuspectedNotification, reader: Language) -> dict[str, str]:
    return {
        "limit_kind": notice.limit,
        "limit": _found(notice, notice.limit_micros, reader),
        "found": _found(notice, notice.found_micros, reader),
        "denied": reader.call_classes(notice.denied),
    }


def _credit(notice: n.CreditLimitReachedNotification, reader: Language) -> dict[str, str]:
    """Return what is owed of which month, and whether there is a balance that still pays."""
    return {
        "month": reader.month(notice.month),
        "owed": reader.amount(notice.owed_micros, notice.currency),
        "limit": reader.amount(notice.limit_micros, notice.currency),
        "is_funded": "1" if notice.balance_micros > 0 else "",
    }


def _pool(notice: n.PoolUsedNotification, reader: Language) -> dict[str, str]:
    """Return what is used of which minutes, and whose they are; names of pools are of small letters, with no blanks."""
    user = notice.user_id or ""
    pool = notice.pool.removesuffix(f"/user={user}")
    month, _, allowance_id, *group = pool.replace("_", " ").replace("-", " ").split("/")
    return {
        "plan": notice.plan_name,
        "month": reader.month(month.replace(" ", "-")),
        "minutes_of": allowance_id,
        "shared_by": "".join(group).upper(),
        "user": user,
        "pays_later": "1" if notice.pays_later else "",
        "level": str(notice.level),
        "used": reader.count(notice.used_s // 60),
        "total": reader.count(notice.total_s // 60),
    }


def _statement(notice: n.StatementReadyNotification, reader: Language) -> dict[str, str]:
    """Return the figures of a month, exact as on its statement; without figures the letter names the command alone."""
    told = notice.figures
    said = words(reader.code).movements
    values = {
        f"says_{name}": said.get(name, said["calls"]) for name in (*_MOVED, "opening", "closing")
    }
    values |= dict.fromkeys(
        (*_MOVED, "opening", "closing", "calls", "forfeited", "fees", "late"), ""
    )
    values |= {"month": reader.month(notice.month), "code": notice.month, "pools": ""}
    if told is None:
        return values

    def money(micros: int) -> str:
        if notice.currency == NO_CURRENCY or not micros:
            return ""
        return reader.exact_amount(micros, notice.currency)

    moved = {each.movement: each.amount_micros for each in told.movements}
    moved["charged"] = moved.get("calls", 0)
    values |= {name: money(moved.get(name, 0)) for name in _MOVED}
    if notice.currency != NO_CURRENCY:
        values["opening"] = reader.exact_amount(told.opening_micros, notice.currency)
        values["closing"] = reader.exact_amount(told.closing_micros, notice.currency)
    values["calls"] = reader.count(told.calls)
    values["forfeited"] = money(told.forfeited_micros)
    values["fees"] = money(sum(each.amount_micros for each in told.fees))
    late = sum(each.calls for each in told.late)
    if late:
        charged = sum(each.charge_micros for each in told.late)
        values["late"] = ", ".join(filter(None, (reader.count(late), money(charged))))
    minutes = sum(each.used_s for each in told.pools) // 60
    values["pools"] = reader.count(minutes) if told.pools else ""
    return values


def _threshold(notice: n.BalanceLowNotification, reader: Language) -> dict[str, str]:
    """Return threshold and balance; exact where rounded they would look alike, and the letter wrong."""
    if notice.threshold_micros is None:
        return {"threshold": ""}
    pair = (notice.threshold_micros, notice.balance_micros)
    threshold, balance = (reader.amount(micros, notice.currency) for micros in pair)
    if threshold == balance and notice.balance_micros < notice.threshold_micros:
        threshold, balance = (reader.exact_amount(micros, notice.currency) for micros in pair)
    return {"threshold": threshold, "balance": balance}


def _found(notice: n.FraudSuspectedNotification, value: int | None, reader: Language) -> str:
    """Return a limit, or what passed it: of new destinations a number, of a recharge cap nothing."""
    if value is None or notice.limit == "recharge_cap":
        return ""
    if notice.limit == "new_destinations":
        return reader.count(value)
    return reader.amount(value, notice.currency)


_SPECIAL: Final[dict[type[Told], Callable[[Any, Language], dict[str, str]]]] = {
    n.RechargeCappedNotification: _capped,
    n.FundsExpiringNotification: _expiring,
    n.BalanceLowNotification: _low,
    n.FraudSuspectedNotification: _suspected,
    n.PoolUsedNotification: _pool,
    n.CreditLimitReachedNotification: _credit,
    n.StatementReadyNotification: _statement,
}
"""The values that one kind alone has, or writes in a way of its own."""


def _block(template: Template, name: str, values: dict[str, str]) -> str:
    return "".join(template.blocks[name](template.new_context(values)))


def _paragraphs(text: str) -> list[str]:
    """Return the paragraphs of a block, each on one line; a blank line parts them."""
    lines = (line.strip(" ") for line in text.strip("\n").split("\n"))
    parts = "\n".join(lines).split("\n\n")
    return [one for part in parts if (one := _one_line(part))]


def _facts(text: str) -> list[tuple[str, str]]:
    """Return the rows of a table: label and value, parted by the first bar of a line."""
    rows = (line.partition(" | ") for line in text.split("\n") if " | " in line)
    return [(label.strip(" "), value.strip(" ")) for label, _, value in rows]


def _one_line(text: str) -> str:
    """Return a text without line ends and control or format characters; non-breaking spaces stay."""
    return " ".join(part for part in "".join(map(_plain, text)).split(" ") if part)


def _plain(character: str) -> str:
    return " " if unicodedata.category(character) in _NOT_TEXT else character


_NOT_TEXT: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


@cache
def _environment(*, html: bool) -> Environment:
    environment = Environment(
        loader=_loader(),
        autoescape=html,  # noqa: S701  # What is not HTML is text; nothing of it is put in HTML unescaped.
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )
    environment.filters["wrapped"] = _wrapped
    return environment


def _loader() -> BaseLoader:
    """Load templates from the package, wherever it is installed."""
    return FunctionLoader(lambda name: FOLDER.joinpath(name).read_text(encoding="utf-8"))


def _wrapped(text: str) -> str:
    return textwrap.fill(text, _WIDTH, break_long_words=False, break_on_hyphens=False)
