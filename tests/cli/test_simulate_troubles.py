"""`rater simulate` says in the end what came to nothing: how many of each kind, and what the first says."""

from typing import Any

from tests.cli.test_simulate_recharge import COMMANDS, CROSSED_MS, call, line, paid, simulate

HEAD = {"tenant_id": "acme"}
OPENED = {"type": "open_account", "command_id": "o1", **HEAD, "currency": "USD", "decks": ["acs"]}


def order(n: int, **fields: Any) -> dict[str, Any]:
    return line(COMMANDS, CROSSED_MS - 1_000, {"command_id": f"c{n}", **HEAD, **fields})


def opened() -> dict[str, Any]:
    return line(COMMANDS, CROSSED_MS - 1_000, OPENED)


def said(*lines: dict[str, Any]) -> list[str]:
    done = simulate(lines)
    assert done.returncode == 0, done.stderr
    return done.stderr.replace("<stdin>", "-").splitlines()


def test_dead_letters_are_counted_and_the_first_is_told_with_its_line_and_field() -> None:
    no_country = {"type": "set_user", "user_id": "ann"}

    assert said(opened(), order(1, **no_country), order(2, type="dance")) == [
        "warning: 2 dead letters on cdr.dead.v1: the first, -:2: missing_field: usage_country: is missing"
    ]


def test_a_command_that_is_refused_is_told() -> None:
    euros = {"lot_id": "L1", "amount_micros": 1, "currency": "EUR"}
    wrong = order(1, type="add_funds", purchased_at="2024-01-01T00:00:00Z", **euros)

    assert said(opened(), wrong) == [
        "warning: 1 refused command on ledger.entries.v1: -:2: currency_mismatch: currency: EUR, the account's is USD"
    ]


def test_a_call_that_waits_is_told() -> None:
    assert said(call()) == [
        "warning: 1 suspended CDR on cdr.suspense.v1: -:1: unknown_tenant: tenant_id: acme has no account"
    ]


def test_what_recharge_does_not_take_is_told_kind_by_kind() -> None:
    poison = {**paid(3), "value": "{not json"}
    told = said(opened(), poison, paid(4, currency="EUR"))

    assert [each.partition(": -:")[0] for each in told] == [
        "warning: 1 dead letter on recharge.dead.v1",
        "warning: 1 payment result in quarantine on payment.quarantine.v1",
    ]
    assert ": -:2: not_json: " in told[0]


def test_a_run_that_ends_at_a_line_says_what_was_before_it() -> None:
    late = line(COMMANDS, CROSSED_MS - 60_000, OPENED)
    done = simulate([call(), late])

    assert done.returncode == 1
    dead, error = done.stderr.splitlines()
    assert dead.startswith("warning: 1 suspended CDR on cdr.suspense.v1: ")
    assert error.startswith("Error: ")


def test_a_run_of_which_all_came_to_something_says_nothing() -> None:
    assert said(opened(), call()) == []
