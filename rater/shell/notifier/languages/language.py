"""A language: its words, and amounts, counts and dates as its readers write them (`rater.views.locale`)."""

from datetime import UTC, datetime
from typing import Final

from babel.dates import format_datetime

from rater.shell.notifier.languages.decline_reasons import REASONS
from rater.shell.notifier.languages.words import OTHER, Words
from rater.views.locale import Locale


class Language(Locale):
    """One language, under its code in records."""

    def __init__(self, code: str, words: Words) -> None:
        super().__init__(code)
        self.words: Final = words

    def moment(self, at_ms: int) -> str:
        """Return an instant to the minute, in UTC and in words."""
        at, pattern = datetime.fromtimestamp(at_ms // 1_000, UTC), self.words.moment
        if at.day == 1 and self.words.moment_on_the_first:
            pattern = self.words.moment_on_the_first
        return format_datetime(at, pattern, locale=self.code)

    def kind(self, kind: str) -> str:
        """Return what a kind of letter is about, in a few words."""
        return self.words.kinds.get(kind, self.words.kinds[OTHER])

    def call_classes(self, names: tuple[str, ...]) -> str:
        """Return classes of calls in words; what we have no words for are other calls."""
        words = self.words.call_classes
        return ", ".join(dict.fromkeys(words.get(name, words[OTHER]) for name in names))

    def decline(self, code: str) -> str:
        """Return the reason of a decline in words; "" where there is none for these readers."""
        reason = REASONS.get(code)
        return "" if reason is None else str(getattr(self.words.declines, reason))
