"""Explain, shown: an explanation as lines for people."""

from collections.abc import Iterator
from typing import Any

from rater.core.times import to_text
from rater.views.entries import asked
from rater.views.explanation.differences import Difference
from rater.views.explanation.explanation import Explained, Explanation
from rater.wire.pricing.amounts import format_micros, format_nanos

Fields = dict[str, Any]


def shown(found: Explanation) -> Iterator[str]:
    """Yield the lines of an explanation."""
    wrong = len(found.differences)
    verdict = f"DIFFERS in {wrong} fields from" if wrong else "agrees with"
    yield f"{found.tenant_id} {found.cdr_id}: {found.stands()}, {verdict} what was booked"
    yield f"found by {found.found_by}"
    yield ""
    for each in found.history():
        yield _happened(each)
    for one in found.explained:
        yield ""
        yield from _explained(one)
    if found.followed:
        yield ""
        yield "what followed"
        for each in found.followed:
            yield _followed(each)


def _line(name: str, *said: str) -> str:
    return f"  {name:<10}{' '.join(each for each in said if each)}"


def _money(micros: int | None, currency: str = "") -> str:
    if micros is None:
        return "?"
    sign = "-" if micros < 0 else ""
    return f"{sign}{format_micros(abs(micros))} {currency}".rstrip()


def _happened(said: Fields) -> str:
    """Return a line of the history."""
    words = [to_text(said["at_ms"]), said["what"]]
    words += [f"v{said['version']}"] if said.get("version") else []
    words += [said["outcome"]] if "outcome" in said else []
    currency = said.get("currency", "")
    for name in ("charge_micros", "reversed_micros"):
        words += [_money(said[name], currency)] if name in said else []
    words += [str(said["reason"])] if said.get("reason") else []
    words += [f"by {said['by']}"] if said.get("by") else []
    words += [f"released by {said['released_by']}"] if "released_by" in said else []
    words += ["rated again"] if "rated_again" in said else []
    words += [said["entry_id"]] if "entry_id" in said else []
    words += [f"({said['detail']})"] if said.get("detail") else []
    who = asked(said.get("actor"), said.get("why"), said.get("job_id"))
    words += [f"[{who}]"] if who else []
    if said.get("mended_by"):
        words.append(f"mended by {', '.join(said['mended_by'])}")
    if said.get("price_now"):
        words.append(f"waits; by the decks of now: {_now(said['price_now'])}")
    return " ".join(words)


def _now(price: Fields) -> str:
    micros = price.get("charge_micros")
    cost = "" if micros is None else _money(micros)
    return " ".join(str(each) for each in (price["outcome"], cost, price.get("reason")) if each)


def _explained(one: Explained) -> Iterator[str]:
    """Yield the lines of one source record."""
    names = ", ".join(f"{each.entry.kind} {each.entry.entry_id}" for each in one.posted)
    yield names
    charge = next((e.entry for e in reversed(one.posted) if e.entry.kind == "charge"), None)
    currency = getattr(one.posted[0].entry, "currency", "")
    if charge is not None:
        yield _call(charge.call)
    yield from _price(one, currency)
    wanted = next((e for e in reversed(_wanted(one)) if "charge_micros" in e), None)
    for line in [] if wanted is None else wanted.get("lines", []):
        yield _line("line", line["kind"], _money(line["amount_micros"], currency), _pool(line))
    if wanted is not None:
        yield _line("charge", _money(wanted["charge_micros"], currency), wanted.get("reason") or "")
        if "plan_version" in wanted:
            yield _line(
                "plan",
                f"catalog {wanted['plan_version']}, licences of entry {wanted.get('entitlement_seq')}",
            )
    for each in one.paid:
        yield _line("paid by", _paid(each))
    if one.balance_before_micros is not None and wanted is not None and "balance_micros" in wanted:
        before, after = one.balance_before_micros, wanted["balance_micros"]
        yield _line("balance", _money(before, currency), "->", _money(after, currency))
    for each in one.events:
        yield _line("crossed", _event(each))
    for unheld in _unheld(one):
        yield _line("not held", unheld)
    for wrong in one.differences:
        yield _line("DIFFERS", _differs(wrong))


def _wanted(one: Explained) -> list[Fields]:
    return [] if one.verdict is None else list(one.verdict.wanted)


def _call(call: Any) -> str:
    caller = f"from {call.from_}" if call.from_ else ""
    leads = f"which leads to {call.routing_number}" if call.routing_number else ""
    who = f"of {call.user_id}" if call.user_id else ""
    times = f"answered {to_text(call.answered_ms)}, {call.duration_s} s"
    return _line(
        "call", call.direction, "to", call.to, leads, caller, who, times, call.call_type or ""
    )


def _price(one: Explained, currency: str) -> Iterator[str]:
    price = one.price
    if price is not None:
        second = price["runner_up"]
        after = "no other" if second is None else f"then {second['prefix']} {second['destination']}"
        yield _line(
            "deck",
            f"{price['deck_id']}/{price['deck_version']} from {to_text(price['deck_valid_from_ms'])},",
            f"prefix {price['prefix']} {price['destination']}, {after}",
        )
        if price["row"] is not None:
            yield _line("row", _row(price["row"], currency))
    for span in one.spans:
        rate = f"at {format_nanos(span['rate_nanos'])} per {span['per_s']} s"
        amount = format_nanos(span["amount_nanos"])
        seconds = f"{span['seconds']} s, billed {span['billed_s']} s"
        yield _line("span", f"{to_text(span['start_ms'])} {seconds} {rate}: {amount}")


def _row(row: Fields, currency: str) -> str:
    fees = ", ".join(f"{kind} {_money(micros, currency)}" for kind, micros in row["fees"].items())
    parts = [
        f"line {row['line']}: {format_nanos(row['rate_nanos'])} per {row['per_s']} s",
        f"increments {row['initial_s']}/{row['increment_s']}",
        f"rounded {row['rounding']} to {row['decimals']} decimals",
        fees,
        f"at most {_money(row['max_charge_micros'])}"
        if row["max_charge_micros"] is not None
        else "",
        f"at least {_money(row['min_charge_micros'])}" if row["min_charge_micros"] else "",
        f"free below {row['grace_s']} s" if row["grace_s"] else "",
    ]
    return ", ".join(part for part in parts if part)


def _pool(line: Fields) -> str:
    return (
        f"{line['quantity']} s in units of {line.get('per', 1)} s" if line["kind"] == "pool" else ""
    )


def _paid(draw: Fields) -> str:
    source = draw.get("source", "lot")
    if source == "pool":
        left = f", {draw['left_s']} s of {draw['total_s']} s left" if "left_s" in draw else ""
        return f"pool {draw['id']} {draw['quantity']} s{left}"
    amount = _money(draw["amount_micros"])
    if source == "lot":
        grace = " in grace" if draw.get("grace") else ""
        had, left = _money(draw.get("had_micros")), _money(draw.get("left_micros"))
        return f"lot {draw['id']}{grace} {amount} of {had}, {left} left"
    if source == "post_paid":
        return f"month {draw['id']} {amount}, {_money(draw.get('owed_micros'))} owed"
    if source == "shortfall":
        return f"debt {amount}, {_money(draw.get('debt_micros'))} in all"
    return f"{source} {amount}"


def _event(said: Fields) -> str:
    names = ("threshold_id", "limit", "pool", "level")
    return " ".join([said["kind"], *(str(said[name]) for name in names if name in said)])


def _unheld(one: Explained) -> Iterator[str]:
    """Yield what is held against nothing, fields of one reason together."""
    by_why: dict[str, list[str]] = {}
    for each in one.unheld:
        by_why.setdefault(each.why, []).append(each.field)
    for why, names in by_why.items():
        yield f"{', '.join(dict.fromkeys(names))}: {why}"


def _differs(wrong: Difference) -> str:
    return f"{wrong.entry_id} {wrong.field}: booked {wrong.found!r}, must be {wrong.wanted!r}"


def _followed(said: Fields) -> str:
    what = said.get("type") or said.get("outcome") or said.get("kind") or ""
    if "state" in said:
        what = f"{said.get('kind') or said['channel']} {said['state']}"
    at_ms = int(said.get("at_ms") or said.get("requested_ms") or 0)
    name = said.get("notification_id") or said.get("command_id") or ""
    return f"  {to_text(at_ms)} {said['topic']} {what} {name}".rstrip()
