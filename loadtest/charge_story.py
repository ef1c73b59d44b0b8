"""The story of one charge: from the call to the new balance, line by line."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from loadtest.money import micros_text, nanos_text

Entry = Mapping[str, Any]


def tell(entry: Entry, lots_before: Mapping[str, int]) -> list[str]:
    """Explain a charge entry that was priced, given what each lot held before it (micros)."""
    return [*_call(entry), *_price(entry), *_sum(entry), *_draws(entry, lots_before), *_end(entry)]


def worth_telling(entry: Entry) -> tuple[int, int, int]:
    """Return how much there is to tell of a charge: draws, then spans, then the amount."""
    return len(entry.get("draws", ())), len(_spans(entry)), entry["charge_micros"]


def _call(entry: Entry) -> list[str]:
    call = entry["call"]
    where = "to" if call["direction"] == "out" else "received on"
    who = f"{entry['cdr_id']} of {entry['tenant_id']}"
    when = f"{call['duration_s']} s, answered {_moment(call['answered_ms'])}"
    return [f"call     {who}, {where} {call['to']}, {when}"]


def _price(entry: Entry) -> list[str]:
    deck = f"deck {entry['deck_id']} version {entry['deck_version']}"
    row = f"prefix {entry['prefix']}: {entry.get('destination') or 'unnamed'}"
    return [f"price    {deck}, {row}", *map(_span, _spans(entry)), *map(_fee, _fees(entry))]


def _spans(entry: Entry) -> list[Mapping[str, Any]]:
    """Return the stretches of the call under one rate; a line of usage with a rate of its own is one."""
    usage = [line for line in entry.get("lines", ()) if line["kind"] == "usage"]
    return [span for line in usage for span in line.get("spans", [_whole(entry, line)])]


def _whole(entry: Entry, line: Mapping[str, Any]) -> Mapping[str, Any]:
    rate, per_s, quantity = line.get("rate_nanos", 0), line.get("per", 1), line.get("quantity", 1)
    return {
        "seconds": entry["call"]["duration_s"] - sum(pool["quantity"] for pool in _pools(entry)),
        "billed_s": quantity,
        "rate_nanos": rate,
        "per_s": per_s,
        "amount_nanos": rate * quantity // per_s,
    }


def _pools(entry: Entry) -> list[Mapping[str, Any]]:
    return [line for line in entry.get("lines", ()) if line["kind"] == "pool"]


def _fees(entry: Entry) -> list[Mapping[str, Any]]:
    return [line for line in entry.get("lines", ()) if line["kind"] not in {"usage", "pool"}]


def _fee(line: Mapping[str, Any]) -> str:
    return f"fee      {line['kind'].removesuffix('_fee')} {nanos_text(line['rate_nanos'])}"


def _span(span: Mapping[str, Any]) -> str:
    time = f"{span['seconds']} s -> {span['billed_s']} s billed"
    rate = f"{nanos_text(span['rate_nanos'])} per {span['per_s']} s"
    return f"span     {time} x {rate} = {nanos_text(span['amount_nanos'])}"


def _sum(entry: Entry) -> list[str]:
    exact = sum(span["amount_nanos"] for span in _spans(entry))
    exact += sum(fee["rate_nanos"] for fee in _fees(entry))
    charge, currency = entry["charge_micros"], entry["currency"]
    how = "exact" if exact == charge * 1_000 else f"rounded once, from {nanos_text(exact)}"
    return [f"charge   {micros_text(charge)} {currency} ({how})"]


def _draws(entry: Entry, lots_before: Mapping[str, int]) -> list[str]:
    return [_draw(draw, lots_before.get(draw.get("id"), 0)) for draw in entry.get("draws", ())]


def _draw(draw: Mapping[str, Any], held: int) -> str:
    source = draw.get("source")
    if source == "pool":
        return f"pool     {draw['quantity']} s of {draw['id']}"
    taken = draw["amount_micros"]
    if source == "shortfall":
        return f"debt     {micros_text(taken)} that no lot covers"
    if source == "post_paid":
        return f"owed     {micros_text(taken)} of {draw['id']}, to be paid later"
    if source == "waived":
        return f"waived   {micros_text(taken)} that nobody pays"
    lot = draw["id"] + (" (expired, within its grace)" if draw.get("grace") else "")
    left = f"{micros_text(held)} -> {micros_text(held - taken)}"
    return f"draw     {micros_text(taken)} from {lot}: {left}"


def _end(entry: Entry) -> list[str]:
    after = entry["balance_micros"]
    before = micros_text(after - entry["amount_micros"])
    source = f"{entry['source_topic']}/{entry['source_partition']} offset {entry['source_offset']}"
    return [
        f"balance  {before} -> {micros_text(after)} {entry['currency']}",
        f"entry    {entry['entry_id']}, number {entry['seq']} of the account, from {source}",
    ]


def _moment(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms // 1_000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
