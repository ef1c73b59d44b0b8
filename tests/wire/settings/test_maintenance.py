"""Settings with something held more, or less."""

from rater.wire.settings.maintenance import held, released
from tests.build import settings_version


def test_what_is_held_of_tenants_comes_besides_and_each_is_named_once() -> None:
    one = held(settings_version(), "payments", ["acme"])
    two = held(one, "payments", ["beta", "acme", "beta"])

    assert one.held_payments.tenants == ("acme",)
    assert two.held_payments.tenants == ("acme", "beta")
    assert held(two, "payments", ["beta"]) is two
    assert held(two, "payments", []).held_payments.of_all
    assert held(two, "payments", []).held_payments.tenants == ("acme", "beta")


def test_what_is_released_of_tenants_leaves_the_others_and_without_them_it_is_all() -> None:
    both = held(held(settings_version(), "payments", ["acme", "beta"]), "payments", [])

    assert released(both, "payments", ["acme"]).held_payments.tenants == ("beta",)
    assert released(both, "payments", ["acme"]).held_payments.of_all
    assert released(both, "payments", ["other"]) is both
    assert released(both, "payments", []) == settings_version()
