"""Charging settings: which version holds when, and what holds in a currency that has no row."""

from rater.core.charging_settings import ChargingSettings, SettingsBook
from rater.core.limits import AMOUNT_MICROS_MAX, NEVER_MS
from tests.build import DAY, NOW, SETTINGS, UNIT, settings_version
from topics.records.charging_settings import CurrencyTerms


def book(*versions: ChargingSettings) -> SettingsBook:
    return SettingsBook(SETTINGS, versions)


def test_what_ships_holds_until_a_version_does() -> None:
    assert book().at(0) is book().at(NOW) is SETTINGS

    one = book(settings_version(1, NOW))
    assert [one.at(at_ms).version for at_ms in (0, NOW - 1, NOW, NOW + DAY)] == [0, 0, 1, 1]


def test_the_version_in_force_is_the_one_that_began_last_and_of_two_the_higher() -> None:
    three = book(settings_version(3, NOW), settings_version(2, NOW + DAY), settings_version(1, NOW))

    assert [three.at(NOW + n * DAY).version for n in (-1, 0, 1, 9)] == [0, 3, 2, 2]


def test_a_version_dated_to_the_beginning_of_time_comes_before_what_ships() -> None:
    assert book(settings_version(1, 0)).at(0).version == 1


def test_a_book_with_a_version_more_leaves_the_other_as_it_is() -> None:
    before = book(settings_version(1, NOW))
    after = before.with_version(settings_version(2, NOW))

    assert (before.at(NOW).version, after.at(NOW).version) == (1, 2)
    assert after.at(NOW - 1) is SETTINGS


def test_the_next_change_is_the_nearest_to_come() -> None:
    two = book(settings_version(1, NOW), settings_version(2, NOW + DAY))

    changes = [two.next_change_ms(at_ms) for at_ms in (0, NOW - 1, NOW, NOW + DAY)]
    assert changes == [NOW, NOW, NOW + DAY, NEVER_MS]


def test_a_currency_without_a_row_has_no_breaker_and_one_unit_as_its_least_recharge() -> None:
    terms = SETTINGS.terms("XTS")

    assert terms == CurrencyTerms("XTS", 2, 0, UNIT, AMOUNT_MICROS_MAX)
    assert SETTINGS.terms("USD") == CurrencyTerms("USD", 2, 1_000 * UNIT, 50 * UNIT, 10**15)


def test_canaries_are_those_of_the_version_in_force_when_something_is_asked_for() -> None:
    both = book(
        settings_version(1, NOW, canary_tenants=("canary", "other")),
        settings_version(2, NOW + DAY, canary_tenants=("other",)),
    )

    times = (NOW - 1, NOW, NOW + DAY - 1, NOW + DAY)
    assert [both.is_canary("canary", at_ms) for at_ms in times] == [False, True, True, False]
    assert [both.is_canary("other", at_ms) for at_ms in times] == [False, True, True, True]
    assert not both.is_canary("acme", NOW)


def test_where_no_version_names_canaries_nobody_is_one() -> None:
    one = book(settings_version(1, NOW))

    assert not one.canaries
    assert not one.is_canary("canary", NOW)
    assert book().canaries_at(0) == ()


def test_a_version_dated_back_makes_and_ends_canaries_only_when_everybody_knows_it() -> None:
    made = settings_version(1, NOW, canary_tenants=("canary",), known_from_ms=NOW + DAY)
    ended = settings_version(2, NOW, known_from_ms=NOW + 3 * DAY)

    dated_back = book(made, ended)
    days = [dated_back.is_canary("canary", NOW + n * DAY) for n in range(4)]
    assert days == [False, True, True, False]


def test_payments_are_held_of_all_or_of_those_named_from_a_version_on_until_one_that_does_not() -> (
    None
):
    stop = book(
        settings_version(1, NOW, payments_held_of=("acme",)),
        settings_version(2, NOW + DAY, payments_held=True),
        settings_version(3, NOW + 2 * DAY),
    )

    times = (NOW - 1, NOW, NOW + DAY - 1, NOW + DAY, NOW + 2 * DAY)
    held = [[stop.holds_payments(name, at_ms) for at_ms in times] for name in ("acme", "beta")]
    assert held == [[False, True, True, True, False], [False, False, False, True, False]]
    assert not book(settings_version(1)).any_payments_held


def test_charging_is_held_of_all_from_a_version_on_until_one_that_does_not() -> None:
    stop = book(settings_version(1, NOW, charging_held=True), settings_version(2, NOW + DAY))

    held = [stop.holds_charging(at_ms) for at_ms in (NOW - 1, NOW, NOW + DAY - 1, NOW + DAY)]
    assert held == [False, True, True, False]
    assert not stop.holds_payments("acme", NOW)
    assert not book(settings_version(1)).holds_charging(NOW)


def test_a_stop_that_is_dated_back_holds_from_when_it_is_known() -> None:
    stop = settings_version(1, NOW, payments_held=True, known_from_ms=NOW + DAY)

    assert book(stop).holds_payments("acme", NOW)


def test_until_when_charging_may_be_held_is_known_beforehand() -> None:
    stop = settings_version(1, NOW, charging_held=True)
    again = settings_version(3, NOW + 2 * DAY, charging_held=True)
    ended = settings_version(2, NOW + DAY)

    assert book(ended).charging_held_until_ms == 0
    assert book(stop, ended).charging_held_until_ms == NOW + DAY
    assert book(stop).charging_held_until_ms == NEVER_MS
    assert book(stop, ended, again).charging_held_until_ms == NEVER_MS
    # Of two from one instant on the later version holds: nothing was ever held.
    assert book(stop, settings_version(2, NOW)).charging_held_until_ms == 0
