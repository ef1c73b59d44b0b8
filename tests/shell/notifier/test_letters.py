"""Letters: every kind in every language, honest, on one line where it must be, escaped where it must be."""

import re
from html.parser import HTMLParser
from typing import get_args, get_type_hints

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.make_letters import PLACE, letter_book
from rater.shell.gateway.providers.declines import SHARED
from rater.shell.gateway.providers.simulator.declines import DECLINES as SIMULATOR
from rater.shell.gateway.providers.stripe.declines import DECLINES as STRIPE
from rater.shell.notifier.languages.registry import CODES, language
from rater.shell.notifier.letters import write_letter
from tests.shell.notifier.languages.samples import SAMPLES, N
from tests.shell.notifier.notices import GOLDEN, golden
from topics.fields import NO_CURRENCY
from topics.records.notifications import AnyNotification

KINDS = [kind.__struct_config__.tag for kind in get_args(AnyNotification)]


class Tags(HTMLParser):
    """The tags of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_letter_that_tells_tenant_and_balance(kind: str, code: str) -> None:
    letter = write_letter(golden(kind, language=code, balance_micros=1_234_500_000))
    currency = golden(kind).currency
    balance = SAMPLES[code].amount % currency

    assert golden(kind).tenant_id in letter.subject
    for body in (letter.text, letter.html):
        assert balance in body
        assert "None" not in body
        assert "{" not in body.replace("{margin", "")
    assert max(map(len, letter.text.splitlines())) <= 90
    assert f'<html lang="{code}">' in letter.html


@pytest.mark.parametrize("notice", GOLDEN, ids=lambda n: n.notification_id)
def test_a_notification_always_gives_the_same_letter(notice: AnyNotification) -> None:
    assert write_letter(notice) == write_letter(notice)


def test_what_is_not_known_is_not_mentioned() -> None:
    letter = write_letter(golden("funds_added", method_label=None))

    assert "Paid with" not in letter.text
    assert "paid with" not in letter.text


def test_a_statement_without_figures_says_where_they_are_and_no_zero() -> None:
    text = " ".join(
        write_letter(golden("statement_ready", figures=None, language="en")).text.split()
    )

    assert "The figures could not be added" in text
    assert "rater statement watch --month 2025-01" in text
    assert "Calls " not in text.partition("Calls that are charged")[0]


def test_late_calls_of_a_statement_are_a_count_and_a_sum_of_money() -> None:
    text = " ".join(write_letter(golden("statement_ready", language="en")).text.split())
    owed = golden("statement_ready", language="en", currency=NO_CURRENCY)

    assert re.search(r"Late calls of earlier months:? 3, \S*0\.18", text), text
    assert re.search(
        r"Late calls of earlier months:? 3 ", " ".join(write_letter(owed).text.split())
    )


def test_a_hard_decline_says_that_the_method_is_out_and_the_next_is_tried_at_once() -> None:
    letter = write_letter(golden("recharge_failed", decline_class="hard", next_try_ms=None))
    text = " ".join(letter.text.split())

    assert "This payment method is not used again until you change your payment methods." in text
    assert "The next payment method of the account is tried at once." in text


@pytest.mark.parametrize(
    ("language", "subject", "said", "warned"),
    [
        ("en", "a payment of 50.00 EUR could", "was taken (Visa), but it could not be", "Please"),
        ("fr", f"de 50,00{N}EUR n'a pas pu", "prélevé (Visa), mais n'a pas pu être", "Merci de ne"),
    ],
)
def test_money_that_was_taken_and_not_credited_is_told_as_what_it_is(
    language: str, subject: str, said: str, warned: str
) -> None:
    captured = {"amount_micros": 50_000_000, "lot_id": "pi_3QK9", "method_label": "Visa"}
    terms = {"reason": "credit_refused", "code": None, "currency": "EUR", **captured}
    letter = write_letter(golden("recharge_paused", language=language, **terms))
    text = re.sub("[ \n]+", " ", letter.text)

    assert subject in letter.subject
    assert said in text
    assert warned in text
    assert "pi_3QK9" in text
    assert not re.search("Nothing was added|Rien n'a été ajouté|until you act", text)


@pytest.mark.parametrize(
    ("limit", "found", "said"),
    [
        ("spend_per_hour", 1_019_520_000, "within one hour cost 1,019.52 USD, more than the limit"),
        (
            "cost_per_call",
            42_480_000,
            "A single call of initech cost 42.48 USD, more than the limit",
        ),
        ("new_destinations", 4, "has called 4 high-priced destinations that it had not called"),
        ("recharge_cap", None, "is empty although auto-recharge has reached its cap."),
    ],
)
def test_the_fraud_letter_says_which_limit_was_passed(
    limit: str, found: int | None, said: str
) -> None:
    letter = write_letter(golden("fraud_suspected", limit=limit, found_micros=found))

    assert said in " ".join(letter.text.split())


def test_a_balance_that_rounds_to_its_threshold_is_written_out() -> None:
    letter = write_letter(
        golden(
            "balance_low",
            balance_micros=99_998_000,
            threshold_micros=100_000_000,
            hours_remaining=None,
            label=None,
        )
    )

    assert "fallen to 99.998 EUR, below its threshold of 100.00 EUR." in " ".join(
        letter.text.split()
    )
    assert "Lasts about" not in letter.text


@pytest.mark.parametrize(
    ("hours", "said"),
    [
        (
            {"threshold_h": 24, "hours_remaining": 11},
            "it lasts about 11 hours, less than the threshold",
        ),
        (
            {"threshold_h": 24, "hours_remaining": 1},
            "it lasts about 1 hour, less than the threshold",
        ),
        (
            {"threshold_h": 24, "hours_remaining": None},
            "it lasts less than the threshold of 24 hours.",
        ),
        (
            {"threshold_h": None, "hours_remaining": None},
            "has fallen to 4.95 EUR, below a threshold.",
        ),
    ],
)
def test_a_threshold_in_hours_is_told_in_hours(hours: dict[str, int | None], said: str) -> None:
    letter = write_letter(golden("balance_low", threshold_micros=None, label=None, **hours))

    assert said in " ".join(letter.text.split())


@pytest.mark.parametrize(
    ("language", "level", "subject", "said"),
    [
        ("en", 80, "80% of the minutes of Domestic Calling Plan are used", "5,520 of 6,900."),
        ("en", 100, "the minutes of Domestic Calling Plan are used up", "5,520 of 6,900."),
        ("fr", 80, "80 % des minutes du forfait Domestic", f"5{N}520 sur 6{N}900."),
        ("fr", 100, "les minutes du forfait Domestic Calling Plan sont épuisées", "février 2026"),
        ("de", 80, "80 % der Inklusivminuten des Tarifs Domestic", "5.520 von 6.900."),
        ("de", 100, "Tarifs Domestic Calling Plan sind aufgebraucht", "Februar 2026"),
    ],
)
def test_a_pool_that_runs_out_is_told_in_minutes_of_a_plan_and_a_month(
    language: str, level: int, subject: str, said: str
) -> None:
    letter = write_letter(golden("pool_used", language=language, level=level))

    assert subject in letter.subject
    assert said in re.sub("[ \n]+", " ", letter.text)
    assert "US PR" in letter.text


@pytest.mark.parametrize(
    ("language", "level", "subject", "said"),
    [
        ("en", 80, "80% of the minutes of ann@acme.example in", "such calls of ann@acme.example"),
        ("en", 100, "the minutes of ann@acme.example in", "The minutes reserved for ann@acme"),
        ("fr", 80, "80 % des minutes de ann@acme.example dans", "Attribuez à ann@acme.example un"),
        ("fr", 100, "minutes de ann@acme.example dans le", "Les minutes réservées à ann@acme"),
        ("de", 80, "80 % der Inklusivminuten von ann@acme", "allein ann@acme.example zustehen,"),
        ("de", 100, "Die Inklusivminuten von ann@acme.example", "Geben Sie ann@acme.example einen"),
    ],
)
def test_a_pool_that_one_user_has_names_the_user(
    language: str, level: int, subject: str, said: str
) -> None:
    ann = "ann@acme.example"
    whose = {"pool": f"2026-02/MCOPSTN8/domestic/user={ann}", "user_id": ann}
    letter = write_letter(golden("pool_used", language=language, level=level, **whose))
    text = re.sub("[ \n]+", " ", letter.text)

    assert subject in letter.subject
    assert said in text
    assert "(domestic)" in text
    assert "5" in letter.text
    assert "user=" not in text


@pytest.mark.parametrize("level", [80, 100])
@pytest.mark.parametrize(
    ("language", "billed", "expected", "prepaid"),
    [
        ("en", "or billed with the month where there is none, up to", "on the bill of", "lasts"),
        ("de", "mit dem Monat abgerechnet, gegebenenfalls bis zum", "rechnen Sie damit", "reicht"),
        ("fr", "facturés avec le mois, dans la limite de crédit s'il", "attendez-vous", "suffise"),
    ],
)
@pytest.mark.parametrize("user", [None, "ann@acme.example"])
def test_who_pays_later_is_not_told_that_the_balance_must_last(  # noqa: PLR0917
    language: str, billed: str, expected: str, prepaid: str, level: int, user: str | None
) -> None:
    whose = {} if user is None else {"user_id": user, "pool": f"2026-02/P/all/user={user}"}
    terms = {"language": language, "level": level, **whose}
    later = " ".join(write_letter(golden("pool_used", pays_later=True, **terms)).text.split())
    before = " ".join(write_letter(golden("pool_used", **terms)).text.split())

    assert billed in later
    assert expected in later
    assert prepaid not in later
    assert prepaid in before
    assert billed not in before
    assert (user is not None) == ("ann@acme.example" in later)


@pytest.mark.parametrize("kind", ["funds_expiring", "funds_expired"])
@pytest.mark.parametrize(
    ("language", "given", "paid"),
    [
        ("en", "promotional credit", "money that was paid in"),
        ("de", "eschenktes Guthaben", "eingezahltes Guthaben"),
        ("fr", "crédit promotionnel", "argent versé"),
    ],
)
def test_what_expires_is_told_as_what_it_is(
    kind: str, language: str, given: str, paid: str
) -> None:
    """Promotional credit has an expiry of its own: not 12 months, and no amount to lower."""
    gift = write_letter(golden(kind, language=language, category="promotional"))
    money = write_letter(golden(kind, language=language))

    assert given in gift.subject
    assert given in gift.text
    assert given not in money.text
    assert paid in money.text
    assert paid not in gift.text
    assert "12" in money.text
    assert not re.search("12 (months|Monate|mois)", gift.text)


def test_an_account_without_credits_is_told_of_its_pools_and_of_no_balance() -> None:
    letter = write_letter(golden("pool_used", currency="XXX", balance_micros=0))

    assert "XXX" not in letter.text
    assert "Balance" not in letter.text


def test_a_pool_of_all_licences_names_no_countries() -> None:
    letter = write_letter(golden("pool_used", pool="2026-02/MCOMEETADV/dial_out"))

    assert "Licences in" not in letter.text
    assert "dial out" in letter.text


@pytest.mark.parametrize(
    ("language", "balance", "subject", "said"),
    [
        (
            "en",
            0,
            "the credit limit for March 2026 is reached",
            "Until 1 April 2026, 00:00 UTC calls",
        ),
        ("en", 1, "for March 2026 is reached", "The balance still pays for calls. When it is used"),
        ("fr", 0, "la limite de crédit pour mars 2026 est", "Jusqu'au 1er avril 2026 à 00:00 UTC,"),
        ("fr", 1, "la limite de crédit pour mars 2026 est", "Le solde paie encore les appels."),
        ("de", 0, "Das Kreditlimit für März 2026 ist", "Bis zum 1. April 2026 um 00:00 UTC werden"),
        ("de", 1, "Das Kreditlimit für März 2026 ist", "Noch werden Anrufe aus dem Guthaben"),
    ],
)
def test_a_credit_limit_is_told_with_its_month_and_what_still_pays(
    language: str, balance: int, subject: str, said: str
) -> None:
    terms = {"until_ms": 1_775_001_600_000, "balance_micros": balance}
    letter = write_letter(golden("credit_limit_reached", language=language, **terms))

    assert subject in letter.subject
    assert said in re.sub("[ \n]+", " ", letter.text)
    assert "500" in letter.text


REFERENCED = {"funds_added", "recharge_paused", "payment_reversed", "payment_restored"}
"""Kinds whose payment's reference is the people's own: it, and that of its refund, stands on the receipt."""
NAMED = {"pool_used": {"id-of-user_id/7"}}
"""Users are called as the people's own systems call them."""
WORD_OF_OURS = re.compile(r"\b[a-z]+_[a-z_]+\b")


def told_of(kind: str) -> list[AnyNotification]:
    """Return notifications of a kind, with each word that a field of it may be; their ids look like ids."""
    found = []
    (shape,) = [each for each in get_args(AnyNotification) if each.__struct_config__.tag == kind]
    names = [n for n in shape.__struct_fields__ if n.endswith("_id") and n != "tenant_id"]
    ids = {name: f"id-of-{name}/7" for name in (*names, "webhook")}
    for name, hint in get_type_hints(shape).items():
        words = [word for each in (hint, *get_args(hint)) for word in get_args(each)]
        if name in ("language", "kind"):
            continue
        found += [golden(kind, **ids, **{name: word}) for word in words if isinstance(word, str)]
    if "code" in shape.__struct_fields__:
        codes = [*STRIPE, *SIMULATOR, "a_code_of_tomorrow"]
        found += [golden(kind, **ids, code=code) for code in codes]
    if kind == "fraud_suspected":
        denied = ("toll_free", "international", "conference_dial_out", "overage", "paid_calls_x")
        found.append(golden(kind, **ids, denied=denied))
    return found or [golden(kind, **ids)]


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_internal_reaches_a_reader(kind: str, code: str) -> None:
    for notice in told_of(kind):
        letter = write_letter(msgspec.structs.replace(notice, language=code))
        said = f"{letter.subject}\n{letter.text}\n{letter.html}"
        references = {"id-of-lot_id/7", "id-of-reversal_id/7"}
        allowed = references if kind in REFERENCED else NAMED.get(kind, set())
        shown = re.findall(r"id-of-[a-z_]+/7", said)
        assert set(shown) <= allowed, shown
        plain = re.sub(r"id-of-[a-z_]+/7", "", said)
        assert not WORD_OF_OURS.findall(plain), (notice, WORD_OF_OURS.findall(plain))


def test_a_threshold_is_called_by_its_label_and_without_one_by_no_name() -> None:
    terms = {"threshold_id": "t1", "threshold_micros": 5_000_000, "balance_micros": 4_950_000}
    named = write_letter(golden("balance_low", label="Top up soon", **terms))
    plain = write_letter(golden("balance_low", label=None, **terms))

    assert "below the threshold “Top up soon” of 5.00 EUR." in " ".join(named.text.split())
    assert re.search(r"^  Top up soon +5\.00 EUR$", named.text, re.MULTILINE)
    assert "below its threshold of 5.00 EUR." in " ".join(plain.text.split())
    assert "t1" not in named.text + plain.text


@pytest.mark.parametrize("code", CODES)
def test_each_shared_reason_is_in_words_and_what_is_between_a_provider_and_us_in_none(
    code: str,
) -> None:
    decline = language(code).decline
    own = (STRIPE.keys() | SIMULATOR.keys()) - SHARED.keys()

    assert [] == [each for each in SHARED if not decline(each)]
    assert [] == [each for each in own if decline(each)]


HOSTILE = "x\r\nBcc: all@acme.example\u2028\u202e<script>alert('&')</script> | y"


@pytest.mark.parametrize("code", CODES)
def test_a_hostile_label_is_one_line_of_text_and_no_tag(code: str) -> None:
    letter = write_letter(golden("funds_added", language=code, method_label=HOSTILE))
    plain = write_letter(golden("funds_added", language=code, method_label="Visa"))

    assert Tags(plain.html).tags == Tags(letter.html).tags
    assert not re.search(r"^Bcc", letter.text, re.MULTILINE)
    assert "\u202e" not in letter.text + letter.html


@given(st.text(max_size=64), st.text(max_size=64), st.sampled_from(CODES))
def test_no_text_in_a_record_breaks_a_letter(label: str, reason: str, code: str) -> None:
    letter = write_letter(golden("recharge_failed", method_label=label, code=reason, language=code))
    plain = write_letter(golden("recharge_failed", method_label="x", code="x", language=code))

    assert letter.subject.isprintable() or N in letter.subject
    assert set(Tags(letter.html).tags) == set(Tags(plain.html).tags)


def test_the_book_of_letters_is_fresh() -> None:
    """When this fails: `make schemas`, or RATER_INTERPRETED=1 python deploy/make_letters.py."""
    assert PLACE.read_text(encoding="utf-8") == letter_book()
