"""Freecall: when a call that waits is free, and by which version of the settings."""

import pytest

from rater.core.account.freecall import freed_ms, give, give_up, next_freed_ms
from rater.core.charging_settings import ChargingSettings
from rater.core.limits import NEVER_MS
from rater.core.rejections import Rejected
from tests.build import DAY, NOW, RULES, account, cdr, journal, lot, settings_version, source
from topics.catalog import ACCOUNT_TIMERS
from topics.records import Charge, FreeCall, OpenSuspense, Waited
from topics.records.charging_settings import NumberMask

CAME = NOW - 3 * DAY
ORDER = FreeCall("free/acme/7/1", "acme", "c1", 1)
THREE = settings_version(4, freecall_after_days=3)
AT = source(topic=ACCOUNT_TIMERS.name)


def waiting(came_ms: int = CAME, version: int = 1, *, charged: bool = False) -> OpenSuspense:
    place = ("cdr.raw.v1", 0, 7)
    return OpenSuspense(1, "acme", "c1", version, came_ms, *place, "no_rate", "{}", charged)


def test_a_call_is_free_so_many_days_after_its_record() -> None:
    assert freed_ms(THREE, CAME) == NOW
    assert freed_ms(settings_version(), CAME) == NEVER_MS


def test_what_is_due_is_given_for_free_and_says_what_it_waited_for() -> None:
    there, told = account(lot()), journal()

    assert give(there, ORDER, (waiting(), cdr(ended_ms=CAME)), AT, THREE, told) is None

    (entry,) = told.entries
    assert isinstance(entry, Charge)
    assert (entry.outcome, entry.reason, entry.charge_micros) == ("free", "freecall", 0)
    assert entry.waited == Waited("cdr.raw.v1/0/7", CAME, "no_rate")
    assert (entry.at_ms, entry.settings_version, entry.draws) == (NOW, 4, ())
    assert (there.seq, there.balance) == (1, lot().remaining)


@pytest.mark.parametrize(
    ("row", "settings", "said"),
    [
        (None, THREE, "does not wait"),
        (waiting(version=2), THREE, "does not wait"),
        (waiting(CAME + 1), THREE, "freecall_after_days is 3"),
        (waiting(), settings_version(freecall_after_days=4), "freecall_after_days is 4"),
        (waiting(), settings_version(), "freecall_after_days is 0"),
        (waiting(charged=True), THREE, "is charged by an earlier version"),
    ],
)
def test_what_is_not_due_is_refused_and_nothing_changes(
    row: OpenSuspense | None, settings: object, said: str
) -> None:
    there, told = account(lot()), journal()
    waits = None if row is None else (row, cdr())

    refusal = give(there, ORDER, waits, AT, settings, told)  # type: ignore[arg-type]

    assert refusal is not None
    assert refusal.reason is Rejected.NOT_DUE
    assert said in refusal.detail
    assert (told.entries, there.seq) == ([], 0)


def test_nothing_is_needed_of_the_numbers_so_all_that_may_be_hidden_is() -> None:
    told = journal()
    fields = [getattr(THREE, name) for name in THREE.__match_args__]
    fields[THREE.__match_args__.index("number_masks")] = (NumberMask("", 4),)
    settings = ChargingSettings(*fields)
    call = cdr(from_="+33140000001")

    give(account(lot()), ORDER, (waiting(), call), AT, settings, told)
    give_up(account(lot()), call, AT, settings, told)

    for entry in told.entries:
        assert isinstance(entry, Charge)
        assert (entry.call.to, entry.call.from_) == ("+3361234****", "+3314000****")


def test_the_first_instant_is_looked_for_in_the_versions_in_force_then() -> None:
    book = RULES.settings
    assert next_freed_ms(book, NOW, NOW) == NEVER_MS

    for version, since_ms, days in (
        (1, NOW + DAY, 5),
        (2, NOW + 2 * DAY, 0),
        (3, NOW + 8 * DAY, 1),
    ):
        book = book.with_version(settings_version(version, since_ms, freecall_after_days=days))

    # 5 days are not over before the second version; from the third on it is due at once.
    assert next_freed_ms(book, NOW, NOW) == NOW + 8 * DAY
    assert next_freed_ms(book, NOW - 4 * DAY, NOW) == NOW + DAY
    assert next_freed_ms(book, NOW + 9 * DAY, NOW) == NOW + 10 * DAY
    assert next_freed_ms(book, NOW, NOW + 20 * DAY) == NOW + 20 * DAY
