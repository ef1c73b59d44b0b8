"""Document: figures in the words of a language, as tables; what a page or a text shows is here."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from rater.views.columns import Row
from rater.views.locale import Locale
from rater.views.statement.call_class import CLASSES
from rater.views.statement.figures import MOVEMENTS, CallSum, Figures
from rater.views.statement.words import Words, words
from topics.fields import NO_CURRENCY

_CALLS: Final = ("calls", "minutes", "charge")
_SOURCES: Final = ("lot", "grace", "shortfall", "post_paid", "waived")


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a head; the first `left` cells of a row are text, the others numbers."""

    title: str
    head: Row
    rows: list[Row]
    total: Row | None = None
    left: int = 1
    note: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """A statement for people."""

    language: str
    title: str
    facts: list[tuple[str, str]]
    warnings: list[str]
    tables: list[Table]


def document_of(figures: Figures, language: str) -> Document:
    """Write a statement in a language; amounts are exact."""
    return _Writer(figures, language).document()


class _Writer:
    def __init__(self, figures: Figures, language: str) -> None:
        self._figures = figures
        self._words: Words = words(language)
        self._locale = Locale(language)

    def document(self) -> Document:
        said, figures = self._words, self._figures
        warnings = [] if figures.is_closed else [said.preliminary]
        if figures.faults:
            warnings += [said.broken, *figures.faults]
        tables = [
            *(self._summary(), self._credits(), self._by_class(), self._by_user(), self._late()),
            *(self._sources(), self._fees(), self._pools()),
        ]
        facts, code = self._facts(), self._locale.code
        return Document(code, said.title, facts, warnings, [each for each in tables if each.rows])

    def _facts(self) -> list[tuple[str, str]]:
        figures, period = self._figures, self._figures.period
        found = {
            "account": figures.tenant_id,
            "month": self._locale.month(period.month),
            "period": f"{self._day(period.from_ms)}, {self._day(period.until_ms)}",
            "time_zone": period.time_zone,
            "currency": "-" if figures.currency == NO_CURRENCY else figures.currency,
            "entries": f"{figures.first_seq} - {figures.last_seq}" if figures.last_seq else "-",
        }
        if figures.forfeited_micros:
            found["forfeited"] = self._money(figures.forfeited_micros)
        return [(self._words.facts[name], value) for name, value in found.items()]

    def _summary(self) -> Table:
        said, figures = self._words.movements, self._figures
        rows = [(said["opening"], self._money(figures.opening_micros or 0))]
        rows += [
            (said[name], self._money(figures.movements[name]))
            for name in MOVEMENTS
            if figures.movements[name]
        ]
        closing = (said["closing"], self._money(figures.closing_micros))
        return self._table("summary", ("item", "amount"), rows, closing)

    def _credits(self) -> Table:
        figures, said = self._figures, self._words
        rows = [
            (
                self._day(each.at_ms),
                f"{said.movements[each.movement]}: {each.what}",
                self._money(each.amount_micros),
            )
            for each in figures.credits
        ]
        more = figures.credits_left
        note = said.more.format(count=self._locale.count(more)) if more else ""
        return self._table("credits", ("date", "item", "amount"), rows, None, 2, note)

    def _by_class(self) -> Table:
        named = {self._words.classes[k]: v for k in CLASSES if (v := self._figures.by_class.get(k))}
        return self._calls("by_class", "kind", named.items())

    def _by_user(self) -> Table:
        named = [(k or self._words.nobody, v) for k, v in sorted(self._figures.by_user.items())]
        return self._calls("by_user", "user", named)

    def _late(self) -> Table:
        named = [(self._locale.month(k), v) for k, v in sorted(self._figures.late.items())]
        return self._table("late", ("month", *_CALLS), [self._call_row(*each) for each in named])

    def _calls(self, name: str, of: str, named: Iterable[tuple[str, CallSum]]) -> Table:
        """Return calls that stand, those that were taken back again, and both together."""
        figures = self._figures
        rows = [self._call_row(*each) for each in named]
        if figures.taken_back.calls:
            rows.append(self._call_row(self._words.taken_back, figures.taken_back))
        total = self._call_row(self._words.total, figures.all_calls)
        return self._table(name, (of, *_CALLS), rows, total)

    def _call_row(self, name: str, calls: CallSum) -> Row:
        minutes = self._minutes(calls.seconds)
        return (name, self._locale.count(calls.calls), minutes, self._money(calls.charge_micros))

    def _sources(self) -> Table:
        return self._amounts("sources", "source", _SOURCES, self._figures.sources)

    def _fees(self) -> Table:
        fees = self._figures.fees
        return self._amounts("fees", "item", sorted(fees), fees)

    def _amounts(
        self, name: str, of: str, order: Iterable[str], amounts: Mapping[str, int]
    ) -> Table:
        said: Mapping[str, str] = getattr(self._words, name)
        rows = [
            (said.get(each, each), self._money(amounts[each]))
            for each in order
            if amounts.get(each)
        ]
        return self._table(name, (of, "amount"), rows)

    def _pools(self) -> Table:
        rows = [(k, self._minutes(v)) for k, v in sorted(self._figures.pools.items()) if v]
        return self._table("pools", ("pool", "minutes"), rows)

    def _table(  # noqa: PLR0913, PLR0917
        self,
        name: str,
        head: Row,
        rows: Sequence[Row],
        total: Row | None = None,
        left: int = 1,
        note: str = "",
    ) -> Table:
        heads = tuple(self._words.heads[each] for each in head)
        return Table(self._words.tables[name], heads, list(rows), total, left, note)

    def _day(self, at_ms: int) -> str:
        """Return the day of an instant by the account's clocks."""
        return self._locale.day(self._figures.period.clocks.local_ms(at_ms))

    def _money(self, micros: int) -> str:
        if self._figures.currency == NO_CURRENCY:
            return "-"
        return self._locale.exact_amount(micros, self._figures.currency)

    def _minutes(self, seconds: int) -> str:
        """Return minutes and seconds."""
        whole, rest = divmod(abs(seconds), 60)
        return f"{'-' if seconds < 0 else ''}{self._locale.count(whole)}:{rest:02}"
