"""Strategies: histories of two tenants, as bytes on two topics in time order, duplicates and decay included."""

import json
from typing import Any

from hypothesis import strategies as st

from rater.core.account.account import Account, HighRateWatch, Spending, Threshold
from rater.core.account.contract import BillingMode, Contract
from rater.core.account.entitlement import Entitlement
from rater.core.account.lots import CreditLot
from rater.core.account.past import Past
from rater.core.account.zone_change import ZoneChange
from rater.core.limits import AMOUNT_MICROS_MAX
from rater.core.times import to_text
from rater.reconcile.folds.lot_times import month_after
from tests.build import (
    DAY,
    HOUR,
    NOW,
    UNIT,
    Sent,
    call,
    cdr_fields,
    command,
    funds,
    opening,
    order,
)

TENANTS = ("ann", "bob")
NUMBERS = (
    "+33612345678",
    "+33142685300",
    "+447500123456",
    "+449098765432",
    "+3361234****",
    "+33********",
    "+390612345678",
    "+78001234567",
    "+999123456",
    "+881612345678",
    "+3301426853",
    "112",
    "+1911",
    "+1001",
    "3635",
)
PAUSES_MS = (0, 0, 0, 1, 300, 999, 1_000, HOUR, 6 * HOUR, DAY, 5 * DAY, 20 * DAY, 170 * DAY)
SHORT_PAUSES_MS = (0, 0, 1, 300, 999, 1_000, HOUR, 3 * HOUR)
"""So short that no history outlasts the window."""

tenants = st.sampled_from(TENANTS)
small = st.integers(0, 9)
amounts = st.integers(1, 4 * UNIT)
signed = st.integers(-2 * UNIT, 2 * UNIT)

calls = st.fixed_dictionaries(
    {
        "cdr_id": small.map("c{}".format),
        "to": st.sampled_from(NUMBERS),
        "billsec": st.sampled_from((0, 1, 60, 61, 600)),
        "age_ms": st.sampled_from((0, 0, 1_000, HOUR, 30 * HOUR, 5 * DAY, 9 * DAY)),
        "disposition": st.sampled_from(("answered", "answered", "answered", "busy")),
        "from": st.sampled_from((None, "+33142685300", "0033142685300")),
        "direction": st.sampled_from(("out", "out", "out", "in")),
        "service_number_type": st.sampled_from((None, "Subscriber", "TollFree")),
        "talked_s": st.sampled_from((None, None, None, 60, 61, 600)),
        "routing_number": st.sampled_from((None, None, *NUMBERS)),
    }
)
"""`talked_s` is the time from the answer to the end; None: the CDR names no answer."""
units = st.integers(45, 70).map(UNIT.__mul__)
hours = st.sampled_from((1, 5, 50, 5_000, 80_000))
levels = st.one_of(
    signed.map(lambda micros: {"amount_micros": micros}), hours.map(lambda h: {"hours": h})
)
seqs = st.none() | st.integers(1, 9)
roles = st.sampled_from((None, "billing_admin", "helpdesk"))
orders = st.one_of(
    st.builds(
        lambda n, a, age, seq: ("fund", n, a, age, seq),
        *(small, amounts | units, st.integers(0, 380), seqs),
    ),
    st.builds(
        lambda n, a, days: ("give", n, a, days),
        *(small, amounts | units, st.sampled_from((None, 1, 3, 30, 170))),
    ),
    st.builds(lambda n, a: ("adjust", n, a), small, signed | signed.map(lambda a: 10 * a)),
    st.builds(
        lambda n, names: ("thresholds", n, names),
        small,
        st.dictionaries(st.sampled_from(("low", "mid", "top")), levels, max_size=3),
    ),
    st.builds(lambda n: ("expire", n), small),
    st.builds(lambda n, ago: ("month", n, ago), small, st.integers(0, 1)),
)
settings = st.one_of(
    st.builds(
        lambda n, on, below, h: (
            "set_auto_recharge",
            n,
            {"enabled": on, "trigger_micros": below, "trigger_h": h, "amount_micros": 50 * UNIT},
        ),
        *(small, st.booleans(), st.none() | units, st.none() | hours),
    ),
    st.builds(
        lambda n, hour, call, rate, most: (
            "set_spend_limits",
            n,
            {
                "spend_per_hour_micros": hour,
                "cost_per_call_micros": call,
                "high_rate_micros": rate,
                "new_high_rate_destinations_max": most,
            },
        ),
        small,
        st.sampled_from((None, 0, 1, 300_000, 2 * UNIT)),
        st.sampled_from((0, 1, 200_000)),
        st.sampled_from((0, 10_000, 20_000, 100_000)),
        st.integers(0, 2),
    ),
    st.builds(lambda n, role: ("resume_recharge", n, {"actor_role": role}), small, roles),
    st.builds(
        lambda n, m: ("set_payment_methods", n, {"methods": [{"reference": r} for r in m]}),
        small,
        st.lists(st.sampled_from(("pm_1", "pm_2", "4242 4242 4242 4242")), max_size=3),
    ),
    st.builds(
        lambda n, m: ("set_recipients", n, {"emails": m}),
        *(small, st.lists(st.just("a@example.com"), max_size=2)),
    ),
)
closing = st.one_of(
    st.builds(lambda n: ("close_account", n), small),
    st.builds(lambda n: ("reopen_account", n), small),
)
days = st.sampled_from((None, -500, -433, -1, 0, 2))
"""From when on a contract holds, before or after the command; None: not said."""
entitlements = st.builds(
    lambda n, named, days: ("set_entitlements", n, {"entitlements": named, "days": days}),
    small,
    st.lists(
        st.fixed_dictionaries(
            {
                "plan_id": st.sampled_from(("domestic", "international")),
                "usage_country": st.sampled_from(("US", "FR")),
                "licences": st.integers(0, 9),
            }
        ),
        min_size=1,
        max_size=2,
    ),
    days,
)
billing_modes = st.builds(
    lambda n, mode, limit, days: (
        "set_billing_mode",
        n,
        {"mode": mode, "days": days, **({"credit_limit_micros": limit} if limit else {})},
    ),
    *(small, st.sampled_from(("prepaid", "post_paid")), st.sampled_from((0, 100_000, UNIT)), days),
)
users = st.builds(
    lambda n, name, country, may, days: (
        "set_user",
        n,
        {"user_id": name, "usage_country": country, "outbound_calls": may, "days": days},
    ),
    *(small, st.sampled_from(("u1", "u2")), st.sampled_from(("US", "FR"))),
    *(st.sampled_from(("any", "none")), days),
)
credits_opened = st.builds(
    lambda n, currency: ("open_credits", n, {"currency": currency, "decks": ["acs"]}),
    *(small, st.sampled_from(("USD", "EUR"))),
)
time_zones = st.builds(
    lambda n, name: ("set_time_zone", n, {"time_zone": name}),
    *(small, st.sampled_from(("UTC", "Asia/Tokyo", "America/New_York"))),
)
decks = st.builds(
    lambda n, names: ("set_decks", n, {"decks": names}),
    *(small, st.lists(st.sampled_from(("acs", "none", "euro")), min_size=1, max_size=2)),
)


@st.composite
def histories(
    draw: st.DrawFn, *, closes: bool = True, pauses: tuple[int, ...] = PAUSES_MS
) -> list[Sent]:
    """Draw what two tenants do from NOW on; their accounts are opened first, one perhaps is not, or has no credits."""
    at_ms = NOW
    history = [
        command(opening(name), at_ms) for name in draw(st.sampled_from((TENANTS, TENANTS[:1])))
    ]
    contracts = entitlements | billing_modes | users | time_zones
    choices = [calls, calls, orders, settings | decks | contracts] + (
        [closing] if closes and draw(st.booleans()) else []
    )
    if draw(st.sampled_from((False, False, True))):
        bare = {"type": "open_account", "tenant_id": TENANTS[-1], "command_id": "open-bare"}
        history[1:] = [command(bare, at_ms)]
        choices.append(credits_opened)
    for _ in range(draw(st.integers(1, 30))):
        at_ms += draw(st.sampled_from(pauses))
        what = draw(st.one_of(choices))
        history.append(_sent(draw(tenants), what, at_ms))
    return history


def _sent(tenant: str, what: Any, at_ms: int) -> Sent:
    if isinstance(what, dict):
        fields = {**what, "ended_ms": at_ms - what["age_ms"], "tenant_id": tenant}
        del fields["age_ms"]
        if (talked_s := fields.pop("talked_s")) is not None:
            answered = to_text(fields["ended_ms"] - talked_s * 1_000)
            fields |= {"started_at": answered, "answered_at": answered}
        return call(at_ms, **fields)
    kind, number, *rest = what
    head = {"tenant_id": tenant, "command_id": f"{kind}-{number}"}
    if kind in ("fund", "give"):
        return command(_money(kind, number, rest, at_ms) | head, at_ms)
    if kind == "adjust":
        fields = {"amount_micros": rest[0], "currency": "USD", "reason": "as drawn"}
        return command({**order("adjust", **fields), **head}, at_ms)
    if kind == "thresholds":
        levels = [{"threshold_id": name, **level} for name, level in rest[0].items()]
        return command({**order("set_thresholds", thresholds=levels), **head}, at_ms)
    if kind in ("expire", "month"):
        return command({**_timer(kind, rest, at_ms), **head}, at_ms)
    fields = dict(rest[0]) if rest else {}
    if (days := fields.pop("days", None)) is not None:
        fields["valid_from"] = to_text(at_ms + days * DAY)
    return command({**order(kind, **fields), **head}, at_ms)


def _money(kind: str, number: int, rest: list[Any], at_ms: int) -> dict[str, Any]:
    if kind == "give":
        amount, days = rest
        until = {} if days is None else {"expires_at": to_text(at_ms + days * DAY)}
        return funds(f"G{number}", amount, bought_ms=at_ms, category="promotional", **until)
    amount, days, seq = rest
    credit = {} if seq is None else {"recharge_seq": seq, "payment_command_id": f"p{seq}"}
    return funds(f"L{number}", amount, bought_ms=at_ms - days * DAY, **credit)


def _timer(kind: str, rest: list[Any], at_ms: int) -> dict[str, Any]:
    """Return a timer's command: of a month, that which has begun, or so many before it."""
    if kind == "expire":
        return order("expire_lots", due_ms=at_ms)
    begun_ms = month_after(month_after(at_ms) - (32 + 31 * rest[0]) * DAY)
    return order("carry_forward", due_ms=begun_ms)


def batches(
    history: list[Sent], sizes: list[int], *, across_days: bool = False
) -> list[list[Sent]]:
    """Cut a history into batches of one topic, of the sizes given in turn.

    Unless `across_days`, what begins a day is a batch of its own: then the window moves between batches only.
    """
    cut: list[list[Sent]] = []
    day = size = 0
    for record in history:
        begins = record.at_ms // DAY > day
        day = record.at_ms // DAY
        fits = cut and cut[-1][0].topic == record.topic and len(cut[-1]) < size
        if fits and (across_days or not begins):
            cut[-1].append(record)
        else:
            cut.append([record])
            size = 1 if begins and not across_days else sizes[len(cut) % len(sizes)]
    return cut


names = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=20)
micros = st.integers(-AMOUNT_MICROS_MAX, AMOUNT_MICROS_MAX)
instants = st.integers(0, 2**62)
lots = st.builds(
    CreditLot,
    *(names, instants, instants, st.integers(1, AMOUNT_MICROS_MAX), instants),
    st.sampled_from((None, "promotional")),
)
spendings = st.builds(
    Spending,
    burn=st.integers(0, 2**63 - 1),
    burn_from=st.integers(-1, 2**32),
    burn_to=st.integers(0, 2**32),
    per_hour=st.integers(-1, AMOUNT_MICROS_MAX),
    hour=st.integers(0, 2**30),
    spent=instants,
    spent_before=instants,
    cost_limit=st.integers(0, AMOUNT_MICROS_MAX),
    high_rate=st.none()
    | st.builds(
        HighRateWatch,
        st.integers(1, AMOUNT_MICROS_MAX),
        st.integers(0, 100),
        st.lists(names, max_size=3),
        st.lists(instants, max_size=3),
    ),
    held=st.integers(0, 15),
    tripped=st.integers(0, 7),
)
accounts = st.builds(
    Account,
    tenant_id=names,
    currency=st.sampled_from(("USD", "EUR")),
    time_zone=names,
    decks=st.lists(st.text(max_size=9), max_size=3).map(tuple),
    seq=st.integers(0, 2**53),
    balance=micros,
    debt=st.integers(0, AMOUNT_MICROS_MAX),
    lots=st.lists(lots, max_size=4),
    expired=st.lists(lots, max_size=4),
    thresholds=st.lists(st.builds(Threshold, names, micros, st.booleans()), max_size=4),
    closed_ms=instants,
    forfeited_to_ms=instants,
    status_ms=instants,
    status_class=st.integers(-1, 2),
    dirty=st.booleans(),
    cdr_offset=st.integers(-1, 2**40),
    command_offset=st.integers(-1, 2**40),
    hour_thresholds=st.lists(
        st.builds(Threshold, names, st.integers(1, 87_600), st.booleans()), max_size=3
    ),
    recharge_seq=st.integers(0, 2**53),
    spending=spendings,
    past=st.none()
    | st.builds(
        Past,
        instants,
        st.lists(st.tuples(instants, instants), max_size=2),
        st.lists(st.tuples(instants, st.lists(names, max_size=2).map(tuple)), max_size=2),
    ),
    contract=st.none()
    | st.builds(
        Contract,
        st.lists(
            st.builds(Entitlement, names, names, instants, st.integers(0, 10**7), instants),
            max_size=3,
        ),
        st.lists(st.builds(BillingMode, instants, st.booleans(), instants), max_size=3),
        zone_changes=st.lists(st.builds(ZoneChange, instants, names, names), max_size=2),
    ),
)

TIMES = (
    "2026-03-01T11:59:00Z",
    "2026-03-01T12:59:00.250+01:00",
    "2026-03-01T11:59:00",
    "2026-02-30T11:59:00Z",
    "2026-03-01T11:59:60Z",
    "2026-03-01T24:00:00Z",
    "0001-01-01T00:00:00Z",
    "1970-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "2026-03-01",
    "",
)
"""Texts of which schema and worker say the same."""

odd_values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=70),
    st.sampled_from(
        ("", "out", "in", "final", "answered", "FR", "fr", "USD", "+336", "112", "*1#")
    ),
    st.sampled_from(TIMES),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)
field_names = st.sampled_from(
    (
        *cdr_fields(),
        "schema_version",
        "version",
        "kind",
        "source",
        "leg_of",
        "call_type",
        "from",
        "user_id",
        "organizer_id",
        "usage_country",
        "service_number_type",
        "license",
        "answered_at",
        "disposition",
        "conference_id",
        "currency_hint",
        "ingest_ts",
        "note",
    )
)


@st.composite
def odd_cdrs(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a CDR some of whose fields hold anything, or are missing."""
    fields = cdr_fields()
    for name in draw(st.lists(field_names, max_size=3)):
        fields[name] = draw(odd_values)
    for name in draw(st.lists(st.sampled_from(tuple(cdr_fields())), max_size=1)):
        fields.pop(name, None)
    return fields


@st.composite
def damaged(draw: st.DrawFn, whole: bytes) -> bytes:
    """Draw bytes that were valid before someone cut, doubled or overwrote parts of them."""
    value = bytearray(whole)
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(value)))
        end = min(len(value), start + draw(st.integers(0, 12)))
        value[start:end] = draw(
            st.one_of(
                st.binary(max_size=6),
                st.sampled_from(
                    (b'"', b"\\", b"{", b"]", b":", b",", b"\\ud800", b"1e999", b"null")
                ),
                st.just(bytes(value[start : start + 30]) * 2),
            )
        )
    return bytes(value)


WHOLE_CDR = json.dumps(cdr_fields(**{"from": "+33142685300", "note": {"a": [1]}})).encode()
WHOLE_COMMAND = json.dumps(funds()).encode()
