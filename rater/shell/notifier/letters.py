"""Letters: what a notification says to a person, as subject, text and HTML, in the language asked for.

Each sentence is written once, in `rater/data/letters/KIND.LANGUAGE.j2`; two layouts make text and HTML of it. A
value of a record is put on one line first, without control characters, so that it can be neither a header, nor a
paragraph, nor a row of the table; the HTML layout escapes all of it.
"""

import textwrap
import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from jinja2 import BaseLoader, Environment, FunctionLoader, StrictUndefined, Template

from rater.shell.notifier.decline_words import decline_words
from rater.shell.notifier.digests import Digest, Told
from rater.shell.notifier.wording import (
    amount,
    call_classes,
    count,
    exact_amount,
    kind_name,
    moment,
)
from rater.wire.recharge import notifications as n

LANGUAGES: Final = ("en", "fr")
_WIDTH: Final = 72
_PARTS: Final = ("happened", "next", "todo")
_WORDS: Final = {
    "en": {
        "next_heading": "What happens next",
        "todo_heading": "What you can do",
        "footer": "You receive this because your address is one of the recipients set for {tenant}. "
        "It was sent automatically, about {at}.",
    },
    "fr": {
        "next_heading": "La suite",
        "todo_heading": "Ce que vous pouvez faire",
        "footer": "Vous recevez ce message parce que votre adresse fait partie des destinataires définis "
        "pour {tenant}. Il a été envoyé automatiquement, à propos du {at}.",
    },
}


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter; the subject is one line."""

    subject: str
    text: str
    html: str


def write_letter(notice: Told) -> Letter:
    """Return the letter of a notification, or of several; the same gives the same letter."""
    language = notice.language
    values = _values(notice)
    sentences = _environment(html=False).get_template(f"{notice.kind}.{language}.j2")
    paragraphs = {part: _paragraphs(_block(sentences, part, values)) for part in _PARTS}
    facts = _facts(_block(sentences, "facts", values)) + _held(notice)
    page: dict[str, Any] = {
        **{name: words.format(**values) for name, words in _WORDS[language].items()},
        **paragraphs,
        "language": language,
        "subject": _one_line(_block(sentences, "subject", values)),
        "facts": facts,
        "label_width": max(len(label) for label, _ in facts),
    }
    return Letter(
        page["subject"],
        _environment(html=False).get_template("layout.txt.j2").render(page),
        _environment(html=True).get_template("layout.html.j2").render(page),
    )


def _values(notice: Told) -> dict[str, str]:
    """Return what the templates may say, each as one line of text; "" is nothing."""
    language, currency = notice.language, notice.currency
    values = {
        "tenant": notice.tenant_id,
        "balance": amount(notice.balance_micros, currency, language),
        "at": moment(notice.at_ms, language),
        "number": count(_number(notice), language),
        **_special(notice),
    }
    for name in ("decline_class", "reason", "cap", "label", "reversal", "reversal_id"):
        values[name] = getattr(notice, name, None) or ""
    values["amount"] = _maybe_amount(notice, "amount_micros")
    values["method"] = getattr(notice, "method_label", None) or ""
    values["lot"] = getattr(notice, "lot_id", None) or ""
    values["decline"] = decline_words(getattr(notice, "code", None) or "", language)
    for name in ("next_try", "until", "expires"):
        at_ms = getattr(notice, f"{name}_ms", None)
        values[name] = "" if at_ms is None else moment(at_ms, language)
    return {name: _one_line(value) for name, value in values.items()}


def _number(notice: Told) -> int:
    """Return for how many notifications a letter stands."""
    return sum(n for _, n in notice.held) if isinstance(notice, Digest) else 1


def _held(notice: Told) -> list[tuple[str, str]]:
    """Return the rows of a digest: each kind, and how many there were."""
    held = notice.held if isinstance(notice, Digest) else ()
    language = notice.language
    return [(kind_name(kind, language), count(number, language)) for kind, number in held]


def _special(notice: Told) -> dict[str, str]:
    """Return the values that one kind alone has, or writes in a way of its own."""
    language, currency = notice.language, notice.currency
    match notice:
        case n.RechargeCapped(cap="count"):
            return {"limit": count(notice.limit, language)}
        case n.RechargeCapped():
            return {"limit": amount(notice.limit, currency, language)}
        case n.FundsExpiring():
            return {"days": count(notice.days, language)}
        case n.BalanceLow():
            hours = {"threshold_h": notice.threshold_h, "runway": notice.runway_h}
            return _threshold(notice) | {
                name: "" if h is None else count(h, language) for name, h in hours.items()
            }
        case n.FraudSuspected():
            return {
                "limit_kind": notice.limit,
                "limit": _found(notice, notice.limit_micros),
                "found": _found(notice, notice.found_micros),
                "denied": call_classes(notice.denied, language),
            }
    return {}


def _threshold(notice: n.BalanceLow) -> dict[str, str]:
    """Return threshold and balance; exact where rounded they would look alike, and the letter wrong."""
    if notice.threshold_micros is None:
        return {"threshold": ""}
    pair = (notice.threshold_micros, notice.balance_micros)
    threshold, balance = (amount(m, notice.currency, notice.language) for m in pair)
    if threshold == balance and notice.balance_micros < notice.threshold_micros:
        threshold, balance = (exact_amount(m, notice.currency, notice.language) for m in pair)
    return {"threshold": threshold, "balance": balance}


def _found(notice: n.FraudSuspected, value: int | None) -> str:
    """Return a limit, or what passed it: of new destinations a number, of a recharge cap nothing."""
    if value is None or notice.limit == "recharge_cap":
        return ""
    if notice.limit == "new_destinations":
        return count(value, notice.language)
    return amount(value, notice.currency, notice.language)


def _maybe_amount(notice: Told, name: str) -> str:
    micros = getattr(notice, name, None)
    return "" if micros is None else amount(micros, notice.currency, notice.language)


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
    folder = files("rater").joinpath("data/letters")
    return FunctionLoader(lambda name: (folder / name).read_text(encoding="utf-8"))


def _wrapped(text: str) -> str:
    return textwrap.fill(text, _WIDTH, break_long_words=False, break_on_hyphens=False)
