"""`rater price`."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from rater.cli.price import price

DECK = """prefix,direction,action,rate,number_type,destination,start,end,connection_fee
3361,,,0.125,mobile,France mobile,,,0.05
331,,,0.02,landline,Paris day,08:00,20:00,
331,,,0.01,landline,Paris night,20:00,08:00,
33899,,deny,,,,,,
33800,in,,0.022,toll_free,,,,
33800,out,free,,toll_free,,,,
"""
AT = "2024-01-31T19:59:30+01:00"


@pytest.fixture
def deck(tmp_path: Path) -> Path:
    path = tmp_path / "deck.csv"
    path.write_text(DECK)
    return path


def run(deck: Path, *options: str, text: str | None = None) -> Result:
    return CliRunner().invoke(price, ["--deck", str(deck), *options], input=text)


def priced(deck: Path, to: str, seconds: str, *options: str) -> dict[str, Any]:
    result = run(deck, "--to", to, "--answered-at", AT, "--duration", seconds, *options)
    assert result.exit_code == 0, result.output
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


def test_a_call_is_explained_in_decimal_text(deck: Path) -> None:
    assert priced(deck, "+33612345678", "219") == {
        "outcome": "rated",
        "reason": None,
        "charge": "0.55",
        "currency": "USD",
        "prefix": "3361",
        "destination": "France mobile",
        "country": "",
        "number_type": "mobile",
        "billed_seconds": 240,
        "lines": [
            {
                "kind": "usage",
                "amount": "0.50",
                "spans": [
                    {
                        "start": "2024-01-31T18:59:30Z",
                        "seconds": 219,
                        "billed_seconds": 240,
                        "rate": "0.125",
                        "per_seconds": 60,
                        "amount": "0.50",
                    }
                ],
            },
            {"kind": "connection_fee", "amount": "0.05"},
        ],
    }


def test_bands_are_local_in_the_deck_s_time_zone(deck: Path) -> None:
    local = priced(deck, "+33142685300", "120", "--timezone", "Europe/Paris")
    utc = priced(deck, "+33142685300", "120")
    by_start = priced(
        deck, "+33142685300", "120", "--timezone", "Europe/Paris", "--band-policy", "start"
    )

    assert (local["charge"], len(local["lines"][0]["spans"])) == ("0.03", 2)
    assert (utc["charge"], len(utc["lines"][0]["spans"])) == ("0.04", 1)
    assert (by_start["charge"], len(by_start["lines"][0]["spans"])) == ("0.04", 1)


@pytest.mark.parametrize(
    ("to", "options", "outcome", "reason"),
    [
        ("+33899123456", (), "denied", "denied"),
        ("+9601234567", (), "unrated", "no_rate"),
        ("0612345678", (), "unrated", "short_number"),
        ("+33********", (), "unrated", "ambiguous_prefix"),
        ("+33142685300", ("--valid-from", "2024-02-01T00:00:00Z"), "unrated", "unknown_deck"),
        ("+33800123456", (), "free", "free_rate"),
        ("112", (), "free", "emergency"),
        ("17", ("--country", "FR"), "free", "emergency"),
        ("17", ("--country", "US"), "unrated", "short_number"),
    ],
)
def test_every_outcome_has_its_reason(
    deck: Path, to: str, options: tuple[str, ...], outcome: str, reason: str
) -> None:
    answer = priced(deck, to, "60", *options)

    assert (answer["outcome"], answer["reason"]) == (outcome, reason)
    assert (answer["charge"] is None) == (outcome in {"denied", "unrated"})


def test_a_toll_free_number_costs_whom_it_belongs_to(deck: Path) -> None:
    assert priced(deck, "+33800123456", "605", "--direction", "in")["charge"] == "0.242"


def test_a_file_is_priced_line_by_line_and_nothing_of_it_is_lost(deck: Path) -> None:
    lines = [
        {"to": "+33612345678", "from": "+33142685300", "answered_at": AT, "duration": 60},
        {"to": "+33612345678", "answered_at": AT, "duration": 1.5},
        {"to": "+33612345678", "answered_at": AT, "duration": True},
        {"to": "x", "answered_at": AT, "duration": 60},
        {"to": "+33142685300", "answered_at": "2024-01-31T19:59:30", "duration": 60},
        {"answered_at": AT, "duration": 60},
        {"to": "+33142685300", "answered_at": AT, "duration": 60},
    ]
    text = "\n".join(map(json.dumps, lines)) + '\n\n{"to": NaN}\n[1]\n'

    result = run(deck, "--calls", "-", text=text)

    answers = [json.loads(line) for line in result.stdout.splitlines()]
    assert [answer["outcome"] for answer in answers] == [
        "rated",
        *["error"] * 5,
        "rated",
        *["error"] * 2,
    ]
    assert [(one["line"], one["field"]) for one in answers if one["outcome"] == "error"] == [
        (2, "duration"),
        (3, "duration"),
        (4, "to"),
        (5, "answered_at"),
        (6, "to"),
        (9, None),
        (10, None),
    ]
    assert answers[1]["value"] == "1.5"
    assert result.exit_code == 2
    assert "7 of 9 lines" in result.stderr


def test_a_good_file_ends_well_and_says_nothing_beside_the_answers(
    deck: Path, tmp_path: Path
) -> None:
    calls = tmp_path / "calls.jsonl"
    calls.write_text(f'{{"to":"+33142685300","answered_at":"{AT}","duration":60}}\n' * 3)

    result = run(deck, "--calls", str(calls))

    assert (result.exit_code, result.stderr, result.stdout.count("\n")) == (0, "", 3)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "--to"),
        (("--to", "+33142685300"), "--answered-at"),
        (("--to", "x", "--answered-at", AT, "--duration", "1"), "--to: x"),
        (("--to", "+33142685300", "--answered-at", AT, "--duration", "-1"), "--duration: -1"),
        (("--to", "+33142685300", "--answered-at", AT, "--duration", "a"), "--duration: a"),
        *(
            (("--to", "+33142685300", "--answered-at", AT, "--duration", odd), "--duration: ")
            for odd in ("1_0", "\uff11\uff10", " 1", "1 ", "+1", "1" * 5_000)
        ),
        (("--to", "+33142685300", "--answered-at", "now", "--duration", "1"), "--answered-at: now"),
        (("--currency", "dollars"), "--currency: 'dollars' is not three capital letters"),
        (("--timezone", "Mars/Base"), "--timezone: 'Mars/Base'"),
        (("--valid-from", "2024"), "--valid-from: '2024'"),
        (("--valid-from", "1999-12-31T23:59:59Z"), "in the years 2000 to 2100"),
        (("--calls", "-", "--to", "+33142685300"), "leave out --to"),
    ],
)
def test_bad_input_is_said_on_standard_error(
    deck: Path, options: tuple[str, ...], said: str
) -> None:
    result = run(deck, *options)

    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stdout == ""


def test_every_fault_of_a_deck_is_said(tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_text("prefix,rate\nx,1\n33,y\n")

    result = run(path, "--to", "+33142685300", "--answered-at", AT, "--duration", "1")

    assert result.exit_code == 2
    assert "line 2, column prefix: 'x'" in result.stderr
    assert "line 3, column rate: 'y'" in result.stderr
    assert run(tmp_path / "none.csv", "--to", "+33142685300").exit_code == 2


def test_a_calendar_of_the_deck_is_a_file_beside_it(tmp_path: Path) -> None:
    deck, dates = tmp_path / "deck.csv", tmp_path / "dates.csv"
    deck.write_text("prefix,rate,increment,calendar\n33,0.6,1/1,\n33,0.3,1/1,holidays\n")
    dates.write_text("calendar,date\nholidays,2024-02-01\n")
    eve = ("--to", "+33142685300", "--answered-at", "2024-01-31T23:59:30+01:00", "--duration", "60")
    options = (*eve, "--timezone", "Europe/Paris", "--calendars", str(dates))

    answer = json.loads(run(deck, *options).stdout)

    # 30 s at 0.01, 30 s of the holiday at 0.005.
    assert answer["charge"] == "0.45"
    assert [span["rate"] for span in answer["lines"][0]["spans"]] == ["0.60", "0.30"]
    missing = run(deck, *eve)
    assert missing.exit_code == 2
    assert "column calendar: 'holidays' is not a calendar of the deck" in missing.stderr
    dates.write_text("calendar,day\n")
    assert "dates.csv: line 1: the columns are" in run(deck, *options).stderr


def test_grace_minimum_and_surcharge_are_explained(tmp_path: Path) -> None:
    deck = tmp_path / "deck.csv"
    deck.write_text("prefix,rate,grace_s,surcharge,min_charge\n33,0.1,6,0.05,0.25\n")

    free, least = priced(deck, "+33142685300", "5"), priced(deck, "+33142685300", "6")

    assert (free["outcome"], free["reason"], free["charge"]) == ("free", "grace", "0.00")
    assert free["detail"] == "duration: shorter than the grace of 6 seconds of prefix 33"
    assert (least["outcome"], least["charge"]) == ("rated", "0.25")
    # A minute is 0.10, the surcharge 0.05; 0.10 are missing.
    assert [(line["kind"], line["amount"]) for line in least["lines"]] == [
        ("usage", "0.10"),
        ("surcharge", "0.05"),
        ("min_charge", "0.10"),
    ]


PLANS = """
unpooled_number_types = ["premium"]
[chains.out]
user_out = ["calls", "credits"]
[plans.P]
name = "P"
[plans.P.allowances.mobiles]
pool = "calls"
minutes = 2
number_types = ["mobile"]
[plans.P.allowances.all]
pool = "calls"
minutes = 1
"""


@pytest.fixture
def held(tmp_path: Path) -> tuple[str, ...]:
    path = tmp_path / "plans.toml"
    path.write_text(PLANS)
    return "--plans", str(path), "--country", "FR", "--call-type", "user_out"


def test_full_pools_pay_first_and_what_is_left_is_charged(
    deck: Path, held: tuple[str, ...]
) -> None:
    answer = priced(deck, "+33612345678", "219", *held, "--held", "P/FR")

    # 219 s: 120 of the one pool, 60 of the other; 39 s are a minute at 0.125, and the fee of 0.05 is owed.
    assert answer["charge"] == "0.175"
    assert answer["billed_seconds"] == 60
    assert [line["kind"] for line in answer["lines"]] == ["usage", "connection_fee", "pool", "pool"]
    assert answer["lines"][2:] == [
        {"kind": "pool", "amount": "0.00", "pool": "P/mobiles/FR", "seconds": 120},
        {"kind": "pool", "amount": "0.00", "pool": "P/all/FR", "seconds": 60},
    ]


def test_what_minutes_of_a_plan_cost_is_said_after_their_pool(deck: Path, tmp_path: Path) -> None:
    path = tmp_path / "priced.toml"
    asked = '{ currency = "USD", per_minute_micros = 5_000, fee_micros = 10_000 }'
    path.write_text(f"{PLANS}prices = [{asked}]\n")
    held = ("--plans", str(path), "--country", "FR", "--call-type", "user_out", "--held", "P/FR")
    answer = priced(deck, "+33612345678", "180", *held)

    # Two minutes are free, the third costs 0.005 and 0.01.
    assert answer["charge"] == "0.015"
    assert answer["lines"] == [
        {"kind": "pool", "amount": "0.00", "pool": "P/mobiles/FR", "seconds": 120},
        {"kind": "pool", "amount": "0.00", "pool": "P/all/FR", "seconds": 60},
        {"kind": "pool_usage", "amount": "0.005"},
        {"kind": "pool_fee", "amount": "0.01"},
    ]


def test_pools_are_as_large_as_there_are_licences_and_full_for_each_call(
    deck: Path, held: tuple[str, ...]
) -> None:
    fields = {"to": "+33612345678", "answered_at": AT, "duration": 219, "country": "FR"}
    line = json.dumps({**fields, "call_type": "user_out"})
    options = (*held[:2], "--held", "P/FR/10")
    done = run(deck, "--calls", "-", *options, text=f"{line}\n{line}\n")

    for answer in map(json.loads, done.stdout.splitlines()):
        assert (answer["outcome"], answer["charge"]) == ("rated", "0.00")
        assert [line["pool"] for line in answer["lines"]] == ["P/mobiles/FR"]


def test_licences_of_another_country_or_call_type_pay_nothing(
    deck: Path, held: tuple[str, ...]
) -> None:
    without = priced(deck, "+33612345678", "219", "--country", "FR")

    assert priced(deck, "+33612345678", "219", *held, "--held", "P/DE") == without
    assert priced(deck, "+33612345678", "219", *held[:4], "--held", "P/FR") == without


def hints(deck: Path, *options: str) -> list[str]:
    call = ("--to", "+33612345678", "--answered-at", AT, "--duration", "219")
    result = run(deck, *call, *options)
    assert result.exit_code == 0, result.output
    return result.stderr.replace("hint: --held ", "").splitlines()


def test_why_a_plan_that_is_held_pays_nothing_is_told(
    deck: Path, held: tuple[str, ...], tmp_path: Path
) -> None:
    plans, country, kind = held[:2], held[2:4], ("--call-type", "user_out")
    other = ("--call-type", "conf_out")
    assert hints(deck, *held, "--held", "P/FR") == []
    assert hints(deck, *held, "--held", "P/FR", "--held", "P/DE") == []
    assert hints(deck, *plans, *country, "--held", "P/FR/2") == [
        'P/FR pays nothing: no chain "*" is for outgoing calls without a type: say --call-type'
    ]
    assert hints(deck, *plans, *country, *other, "--held", "P/FR") == [
        'P/FR pays nothing: no chain is for outgoing calls of type conf_out, nor "*" for all'
    ]
    assert hints(deck, *held, "--held", "P/DE") == [
        "P/DE pays nothing: it is for users in DE, and the call is of FR (--country)"
    ]
    text = f"{PLANS}scope = 'international'\n[plans.E]\nname = 'E'\nallowances = {{}}\n"
    text = text.replace("[plans.P]", 'conf_out = ["others", "credits"]\n[plans.P]')
    text = text.replace('["mobile"]', '["landline"]')
    text += "[plans.U]\nname = 'U'\n[plans.U.allowances.own]\npool = 'calls'\nminutes = 1\nper = 'user'\n"
    path = tmp_path / "more.toml"
    path.write_text(
        f"{text}[plans.O]\nname='O'\n[plans.O.allowances.o]\npool='others'\nminutes=1\n"
    )
    more = ("--plans", str(path), *country)
    assert hints(deck, *more, *kind, "--held", "E/FR", "--held", "U/FR", "--held", "P/FR") == [
        "E/FR pays nothing: the plan has no allowances",
        "U/FR pays nothing: its seconds are single users' own, and of users nothing is known here",
        (
            "P/FR pays nothing: none of its allowances is for this number (no country that the deck names, mobile): "
            "see their scope, zones, number types and call types, and what is in no pool"
        ),
    ]
    assert hints(deck, *more, *other, "--held", "P/FR") == [
        "P/FR pays nothing: the chain of outgoing calls of type conf_out does not name its pool: calls"
    ]


def test_what_no_account_of_the_currency_can_pay_for_is_told(deck: Path, tmp_path: Path) -> None:
    path = tmp_path / "priced.toml"
    price_ = '[{ currency = "EUR", per_minute_micros = 5_000 }]'
    text = PLANS.replace("minutes = 2", f"minutes = 2\nprices = {price_}")
    path.write_text(f"{text}prices = {price_}\n")
    options = ("--plans", str(path), "--country", "FR", "--call-type", "user_out")

    assert hints(deck, *options, "--held", "P/FR") == [
        "P/FR pays nothing: its seconds have a price in other currencies than USD"
    ]


def test_the_same_hint_is_told_once_of_a_file(deck: Path, held: tuple[str, ...]) -> None:
    fields = {"to": "+33612345678", "answered_at": AT, "duration": 219, "country": "FR"}
    kinds = [None, None, *[f"kind_{n}" for n in range(30)]]
    lines = [json.dumps({**fields, "call_type": each}) for each in kinds]
    done = run(deck, "--calls", "-", *held[:2], "--held", "P/FR", text="\n".join(lines))

    told = done.stderr.splitlines()
    assert len(done.stdout.splitlines()) == 32
    assert (len(told), told[-1]) == (21, "hint: more are not told")
    assert len(set(told)) == 21


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("--held", "P"), '--held: "P" is not a plan and a country, like MCOPSTN1/US'),
        (("--held", "P/FR/0"), "is not a plan and a country"),
        (("--held", "Q/FR"), 'there is no plan "Q"'),
        (("--held", "P/FR", "--held", "P/FR/2"), "P/FR is there twice"),
        ((), "--plans and --held: give both, or none"),
    ],
)
def test_what_is_held_must_be_of_the_file(
    deck: Path, held: tuple[str, ...], options: tuple[str, ...], complaint: str
) -> None:
    call = ("--to", "+33612345678", "--answered-at", AT, "--duration", "219")
    result = run(deck, *call, *held, *options)

    assert result.exit_code == 2
    assert complaint in " ".join(result.output.split())


def test_a_plan_file_with_faults_prices_nothing(deck: Path, tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(PLANS.replace("minutes = 1", "seconds = 0"))
    call = ("--to", "+33612345678", "--answered-at", AT, "--duration", "219")
    result = run(deck, *call, "--plans", str(path), "--held", "P/FR")

    assert result.exit_code == 2
    assert "plans.P.allowances.all.seconds: must be at least 1, found 0" in result.output


FEES = """prefix,country,rate,connection_fee,regulatory_fee,surcharge,grace_s,min_charge,max_charge,action
33,FR,0.10,0.05,0.02,0.07,6,0.50,,
336,FR,0.10,,,,,,,
337,FR,0.10,,0.02,,,,0.01,
338,FR,0,,0.02,,,,,
339,FR,,,,,,,,free
"""
POOL = """unpooled_number_types = []
[chains.out]
"*" = ["bundle", "credits"]
[plans.P]
name = "P"
[plans.P.allowances.a]
pool = "bundle"
minutes = 2
"""
USAGE = ("usage", "0.10")
CONNECTION, REGULATORY = ("connection_fee", "0.05"), ("regulatory_fee", "0.02")
SURCHARGE, PAID = ("surcharge", "0.07"), ("pool", "0.00")


@pytest.mark.parametrize(
    ("to", "seconds", "is_held", "lines"),
    [
        ("+33142685300", 5, False, []),
        ("+33142685300", 60, False, [USAGE, CONNECTION, REGULATORY, SURCHARGE, ("min_charge", "0.26")]),
        ("+33142685300", 60, True, [REGULATORY, PAID]),
        ("+33142685300", 130, True, [USAGE, CONNECTION, REGULATORY, SURCHARGE, ("min_charge", "0.26"), PAID]),
        ("+33142685300", 5, True, []),
        ("+33612345678", 60, False, [USAGE]),
        ("+33712345678", 60, False, [("usage", "0.00"), ("regulatory_fee", "0.01")]),
        ("+33712345678", 60, True, [("regulatory_fee", "0.01"), PAID]),
        ("+33812345678", 60, False, [("usage", "0.00"), REGULATORY]),
        ("+33912345678", 60, False, [("usage", "0.00")]),
        ("112", 60, False, []),
    ],
)  # fmt: skip
def test_fees_are_owed_as_the_page_on_columns_says(
    tmp_path: Path, to: str, seconds: int, *, is_held: bool, lines: list[tuple[str, str]]
) -> None:
    deck, plans = tmp_path / "deck.csv", tmp_path / "plans.toml"
    deck.write_text(FEES)
    plans.write_text(POOL)
    held = ("--plans", str(plans), "--held", "P/US") if is_held else ()

    # The caller's country is none of the fee's business.
    for country in ("FR", "US"):
        answer = priced(deck, to, str(seconds), *held, "--country", country)
        if is_held and country == "FR":
            continue
        assert [(line["kind"], line["amount"]) for line in answer["lines"]] == lines
