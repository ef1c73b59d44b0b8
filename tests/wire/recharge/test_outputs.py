"""What recharge writes beside payment commands and notices: credits that charging reads, and quarantine."""

import json

from rater.core.cdr import Source
from rater.core.recharge.payments import Quarantine
from rater.core.times import from_millis
from rater.shell.admin.validation import RecordCheck
from rater.wire.account.commands import decode_command
from rater.wire.outputs import encode
from rater.wire.recharge.outputs import encode_quarantined
from tests.units import NOW, UNIT
from topics.catalog import ACCOUNT_COMMANDS, PAYMENT_QUARANTINE, PAYMENT_RESULTS
from topics.records import AddFunds, PaymentDeclined, PaymentSucceeded

COMMAND = f"acme/recharge/3/{NOW}/1"
SOURCE = Source(PAYMENT_RESULTS.name, 4, 17, NOW)


def test_a_credit_is_an_account_command_that_charging_reads() -> None:
    value = encode(
        AddFunds(
            f"credit/{COMMAND}", "acme", "pi_1", 200 * UNIT, "USD", from_millis(NOW), 3, COMMAND
        )
    )

    assert [] == RecordCheck(ACCOUNT_COMMANDS).problems(json.loads(value))
    assert AddFunds(
        f"credit/{COMMAND}", "acme", "pi_1", 200 * UNIT, "USD", from_millis(NOW), 3, COMMAND
    ) == decode_command(value)


def test_the_longest_tenant_still_makes_ids_that_fit() -> None:
    tenant = "t" * 64
    command = f"{tenant}/recharge/999999/4133980800000/1000"
    credit = AddFunds(
        f"credit/{command}", tenant, "p" * 128, UNIT, "USD", from_millis(NOW), 999_999, command
    )

    assert [] == RecordCheck(ACCOUNT_COMMANDS).problems(json.loads(encode(credit)))


def test_a_quarantined_result_is_kept_whole_with_its_place() -> None:
    result = PaymentSucceeded(
        *(COMMAND, "acme", NOW, "stripe"), "live", "pi_1", UNIT, "EUR", livemode=True
    )
    why = Quarantine("currency_mismatch", "x" * 2_000)
    value = '{"outcome": "succeeded", "note": "\U0001f600 é"}'.encode()

    found = json.loads(encode_quarantined(value, SOURCE, result, why))

    assert [] == RecordCheck(PAYMENT_QUARANTINE).problems(found)
    assert ("payment.results.v1/4/17", value.decode(), "pi_1", "x" * 1_000) == (
        found["quarantine_id"],
        found["result"],
        found["payment_id"],
        found["detail"],
    )


def test_what_captured_nothing_names_no_payment() -> None:
    result = PaymentDeclined(COMMAND, "acme", NOW, "stripe", "live", "hard", "expired_card")
    found = json.loads(encode_quarantined(b"{}", SOURCE, result, Quarantine("misrouted", "key")))

    assert [] == RecordCheck(PAYMENT_QUARANTINE).problems(found)
    assert "payment_id" not in found
