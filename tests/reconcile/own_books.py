"""Own books: money, credit and pools added up from ledger, catalogs and statuses, by neither core nor reconciler.

Nothing of Rater but its records' names is used here: entries are JSON, and what a rule needs is written down again.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

Entry = dict[str, Any]


def of(entry: Entry, name: str) -> list[Entry]:
    return list(entry.get(name) or [])


def source(draw: Entry) -> str:
    return str(draw.get("source", "lot"))


def whose(call: Entry) -> str | None:
    """Say whose call it was: a conference is its organizer's, any other call its user's, if both are named."""
    user, organizer = call.get("user_id"), call.get("organizer_id")
    is_conference = (call.get("call_type") or "").lower().startswith("conf")
    return (organizer or user) if is_conference else (user or organizer)


class OwnBooks:
    """One tenant's books, kept entry by entry."""

    def __init__(self, catalogs: list[Entry]) -> None:
        """`catalogs` are the plan catalogs, as published."""
        self.catalogs = catalogs
        self.balance = self.debt = 0
        self.category: dict[str, str] = {}
        """Of each lot, since its opening."""
        self.live: Counter[str] = Counter()
        self.grace: Counter[str] = Counter()
        self.seconds: Counter[str] = Counter()
        self.owed: Counter[str] = Counter()
        self.spent: Counter[tuple[str, str]] = Counter()
        self.users: dict[str, list[Entry]] = defaultdict(list)
        self.licences: list[tuple[str, str, int, int, int]] = []
        self.modes: list[Entry] = []
        self.policy = "charge"
        self.zone = "UTC"
        self.turns: list[Entry] = []
        self.charges: dict[str, Entry] = {}
        self.standing: dict[str, str] = {}
        self.seq = self.said_ms = 0

    def take(self, entry: Entry) -> None:
        """Take the next entry of the tenant, and hold it against what is known before."""
        kind = entry["kind"]
        if kind == "command_rejected":
            return
        assert entry["seq"] == self.seq + 1, entry
        self.seq += 1
        getattr(self, f"_{kind}", self._nothing)(entry)
        self.balance += entry["amount_micros"]
        assert entry["balance_micros"] == self.balance, entry
        assert entry["overdraft_micros"] == self.debt, entry
        assert self.balance == sum(self.live.values()) - self.debt, entry
        assert min([0, self.debt, *self.live.values(), *self.grace.values()]) == 0, entry
        assert min([0, *self.seconds.values(), *self.owed.values(), *self.spent.values()]) == 0, (
            entry
        )

    def _nothing(self, entry: Entry) -> None:
        assert not entry["amount_micros"], entry

    def _account_opened(self, entry: Entry) -> None:
        self.zone = entry["time_zone"]

    def _time_zone_set(self, entry: Entry) -> None:
        from_ms = entry["valid_from_ms"]
        self.turns = [each for each in self.turns if each["valid_from_ms"] < from_ms]
        assert self.month(from_ms - 1) < self.month(from_ms) == entry["month"], entry
        self.turns.append(entry)

    def _user_set(self, entry: Entry) -> None:
        self.users[entry["user_id"]].append(entry)

    def _unlicensed_calls_set(self, entry: Entry) -> None:
        self.policy = entry["calls"]

    def _billing_mode_set(self, entry: Entry) -> None:
        self.modes.append(entry)

    def _billing_state_changed(self, entry: Entry) -> None:
        # What was said last holds, also before a record that comes with an earlier time.
        self.said_ms = max(self.said_ms, entry["at_ms"])
        mode = self._mode_at(self.said_ms)
        limit = None if mode is None else mode.get("credit_limit_micros")
        is_later = mode is not None and mode["mode"] == "post_paid"
        assert (entry["state"] == "prepaid") == (not is_later), entry
        if entry["state"] == "limit_reached":
            assert limit is not None
            assert self.owed[self.month(self.said_ms)] >= limit, entry

    def _entitlements_set(self, entry: Entry) -> None:
        for each in entry["entitlements"]:
            self.licences.append((
                each["plan_id"], each["usage_country"], entry["valid_from_ms"], entry["seq"], each["licences"],
            ))  # fmt: skip

    def _balance_carried_forward(self, entry: Entry) -> None:
        live = {each["lot_id"]: each["remaining_micros"] for each in of(entry, "lots")}
        assert live == +self.live, entry
        used = {each["pool"]: each["used_s"] for each in of(entry, "pools")}
        # What no call asks for any more may be forgotten.
        oldest = datetime.fromtimestamp(entry["at_ms"] / 1_000, UTC) - timedelta(days=433)
        mine = {
            name: s
            for name, s in self.seconds.items()
            if "/user=" not in name and (name in used or name[:7] >= f"{oldest:%Y-%m}")
        }
        assert +Counter(used) == +Counter(mine), (used, mine)

    def _lot(self, lot: Entry) -> int:
        """Open a lot; return what it adds to the balance."""
        for_debt = lot.get("overdraft_paid_micros", 0)
        assert lot["granted_micros"] == for_debt + lot["remaining_micros"], lot
        self.debt -= for_debt
        self.category[lot["lot_id"]] = lot.get("category", "paid")
        self.live[lot["lot_id"]] += lot["remaining_micros"]
        return int(lot["granted_micros"])

    def _funds_added(self, entry: Entry) -> None:
        assert self._lot(entry["lot"]) == entry["amount_micros"], entry

    def _payment_restored(self, entry: Entry) -> None:
        assert self._lot(entry["lot"]) == entry["amount_micros"], entry

    def _adjusted(self, entry: Entry) -> None:
        if entry.get("lot"):
            assert self._lot(entry["lot"]) == entry["amount_micros"], entry
        drawn = 0
        for draw in of(entry, "draws"):
            drawn += draw["amount_micros"]
            if source(draw) == "lot":
                self.live[draw["id"]] -= draw["amount_micros"]
            else:
                assert source(draw) == "shortfall", draw
                self.debt += draw["amount_micros"]
        assert entry["amount_micros"] in (-drawn, (entry.get("lot") or {}).get("granted_micros"))

    def _payment_reversed(self, entry: Entry) -> None:
        """Money goes to a payer from lots that were paid for, else from debt; promotional credit stays."""
        taken = moved = 0
        for draw in of(entry, "draws"):
            amount, grace = draw["amount_micros"], draw.get("grace", False)
            taken += amount
            moved += 0 if grace else amount
            if source(draw) == "lot":
                assert self.category[draw["id"]] == "paid", entry
                (self.grace if grace else self.live)[draw["id"]] -= amount
            else:
                self.debt += amount
        assert (taken, -moved) == (entry["moved_micros"], entry["amount_micros"]), entry

    def _lot_expired(self, entry: Entry) -> None:
        self.grace[entry["lot_id"]] += self.live.pop(entry["lot_id"])

    def _lot_forfeited(self, entry: Entry) -> None:
        assert self.grace.pop(entry["lot_id"]) == entry["forfeited_micros"], entry

    def _charge(self, entry: Entry) -> None:
        call, micros = entry["call"], entry["charge_micros"]
        started_ms = call.get("started_ms") or call["answered_ms"]
        assert micros == sum(line["amount_micros"] for line in of(entry, "lines")), entry
        money: Counter[str] = Counter()
        moved = 0
        for draw in of(entry, "draws"):
            kind, amount = source(draw), draw.get("amount_micros") or 0
            money[kind] += amount
            if kind == "pool":
                self._draw_pool(entry, draw, started_ms)
            elif kind == "lot":
                assert self.category[draw["id"]] == draw.get("category", "paid"), entry
                (self.grace if draw.get("grace") else self.live)[draw["id"]] -= amount
                moved += 0 if draw.get("grace") else amount
            elif kind == "shortfall":
                self.debt += amount
                moved += amount
            elif kind == "post_paid":
                assert draw["id"] == self.month(started_ms), entry
                self.owed[draw["id"]] += amount
            else:
                assert kind == "waived", draw
        assert money.total() == micros, entry
        assert entry["amount_micros"] == -moved, entry
        self._hold_who_pays(entry, money, started_ms)
        self._hold_seconds(entry)
        if call["direction"] == "out" and not money["waived"] and micros:
            self._count(entry, micros)
        back = entry.get("reverses")
        if back is not None:
            assert back in self.charges, entry
        assert entry["cdr_id"] not in self.standing, entry
        if entry.get("reason") != "voided":
            # A void that found nothing to take back is no charge that stands.
            self.standing[entry["cdr_id"]] = entry["entry_id"]
        self.charges[entry["entry_id"]] = entry

    def _hold_who_pays(self, entry: Entry, money: Counter[str], started_ms: int) -> None:
        """Hold debt, credit and what nobody pays against the mode and the user's licence of the call's start."""
        mode = self._mode_at(started_ms)
        is_later = mode is not None and mode["mode"] == "post_paid"
        assert not (money["shortfall"] and is_later), entry
        assert not (money["post_paid"] and not is_later), entry
        if entry["call"]["direction"] != "out" or not entry["charge_micros"]:
            assert not money["waived"], entry
            return
        terms = self._terms(entry["call"], started_ms)
        may = terms is not None and terms.get("credits_licence", False)
        is_waived = bool(money["waived"])
        assert is_waived == (not may and self.policy == "waive"), entry
        assert may or self.policy != "suspend", entry
        assert not is_waived or set(+money) == {"waived"}, entry

    def _hold_seconds(self, entry: Entry) -> None:
        """Pools pay whole units, no more of them than the call needs, and money the seconds that they do not pay."""
        draws = [draw for draw in of(entry, "draws") if source(draw) == "pool"]
        lines = [line for line in of(entry, "lines") if line["kind"] == "pool"]
        assert len(draws) == len(lines), entry
        left = entry["call"]["duration_s"]
        for draw, line in zip(draws, lines, strict=True):
            assert draw["quantity"] == line.get("quantity", 1), entry
            unit = line.get("per", 1)
            assert draw["quantity"] % unit == 0, entry
            assert 0 < draw["quantity"] < left + unit, entry
            left -= draw["quantity"]
        usage = [line for line in of(entry, "lines") if line["kind"] == "usage"]
        # What a deck asks of a call whose seconds pools pay to the last is the regulatory fee alone.
        beside = ("pool_usage", "pool_fee", "regulatory_fee")
        asked = sum(each["amount_micros"] for each in of(entry, "lines") if each["kind"] in beside)
        assert not (draws and left <= 0) or entry["charge_micros"] == asked, entry
        assert not (draws and left > 0) or not entry["deck_id"] or usage, entry

    def _draw_pool(self, entry: Entry, draw: Entry, started_ms: int) -> None:
        """Take seconds of a pool: of the month of the call's start, and no more than there is."""
        name = draw["id"]
        assert name[:7] == self.month(started_ms), entry
        self.seconds[name] += draw["quantity"]
        record = next(each for each in self.catalogs if each["version"] == entry["plan_version"])
        total_s = self._size(record, name[8:], entry, started_ms)
        assert self.seconds[name] <= total_s, (self.seconds[name], total_s, entry)

    def _size(self, record: Entry, name: str, entry: Entry, started_ms: int) -> int:
        """Say how large a pool is at an instant, by the licences that are known."""
        plan_id, allowance_id, *rest = name.split("/")
        plan = next(each for each in record["plans"] if each["plan_id"] == plan_id)
        said = next(each for each in plan["allowances"] if each["allowance_id"] == allowance_id)
        groups = {c: g["group_id"] for g in of(record, "sharing_groups") for c in g["countries"]}
        zones = {zone["zone_id"]: zone["countries"] for zone in of(record, "zones")}
        per = said.get("per", "licence")
        held: dict[str, tuple[tuple[int, int], int]] = {}
        for of_plan, country, from_ms, seq, count in self.licences:
            if of_plan == plan_id and from_ms <= started_ms:
                held[country] = max(held.get(country, ((-1, -1), 0)), ((from_ms, seq), count))
        wanted = [zones[each] for each in said.get("usage_zones") or []]
        counts = {
            country: count
            for country, (_, count) in held.items()
            if not wanted or any(country in each for each in wanted)
        }
        if per == "user":
            user = whose(entry["call"])
            assert rest == [f"user={user}"], entry
            terms = self._terms(entry["call"], started_ms)
            assert terms is not None, entry
            assert plan_id in terms["plan_ids"], entry
            assert counts.get(terms["usage_country"], 0) > 0, entry
            return int(said["seconds"])
        if per == "account":
            assert rest == [], entry
            return int(said["seconds"]) * min(sum(counts.values()), 1)
        if said.get("pooled_by", "country_group") == "account":
            assert rest == [], entry
            return int(said["seconds"]) * sum(counts.values())
        (group,) = rest
        return int(said["seconds"]) * sum(
            count for country, count in counts.items() if groups.get(country, country) == group
        )

    def _charge_reversed(self, entry: Entry) -> None:
        original = self.charges[entry["reverses"]]
        assert self.standing.pop(entry["cdr_id"]) == entry["reverses"], entry
        assert entry["reversed_micros"] == original["charge_micros"], entry
        drawn, back, moved = Counter[Any](), Counter[Any](), 0
        for draw in of(original, "draws"):
            self._note(drawn, draw)
        for draw in of(entry, "returns"):
            self._note(back, draw)
            moved += self._give_back(draw)
        if entry.get("lot"):
            granted = self._lot(entry["lot"])
            moved += granted
            back["money"] += granted
        for name in drawn | back:
            if name != "money":
                assert back[name] == drawn[name], (name, entry, original)
        assert back["money"] == drawn["money"], (entry, original)
        assert moved == entry["amount_micros"], entry
        call = original["call"]
        if call["direction"] == "out" and original["charge_micros"]:
            waived = any(source(draw) == "waived" for draw in of(original, "draws"))
            if not waived:
                self._count(original, -original["charge_micros"])

    def _give_back(self, draw: Entry) -> int:
        """Give back what a charge had drawn; return what it moves the balance."""
        kind, amount = source(draw), draw.get("amount_micros") or 0
        if kind == "pool":
            self.seconds[draw["id"]] -= draw["quantity"]
            return 0
        if kind == "post_paid":
            self.owed[draw["id"]] -= amount
            return 0
        if kind == "shortfall":
            self.debt -= amount
            return int(amount)
        assert kind == "lot", draw
        assert self.category[draw["id"]] == draw.get("category", "paid"), draw
        (self.grace if draw.get("grace") else self.live)[draw["id"]] += amount
        return 0 if draw.get("grace") else int(amount)

    @staticmethod
    def _note(moves: Counter[Any], draw: Entry) -> None:
        match source(draw):
            case "pool":
                moves["pool", draw["id"]] += draw["quantity"]
            case "post_paid":
                moves["post_paid", draw["id"]] += draw["amount_micros"]
            case "waived":
                pass
            case _:
                moves["money"] += draw["amount_micros"]

    def _count(self, charge: Entry, micros: int) -> None:
        """Count of a user what its calls have cost, from the entry on that set it first."""
        call = charge["call"]
        user = whose(call)
        known = self.users.get(user or "")
        if known and charge["seq"] > known[0]["seq"]:
            month = self.month(call.get("started_ms") or call["answered_ms"])
            self.spent[user or "", month] += micros

    def _terms(self, call: Entry, at_ms: int) -> Entry | None:
        user = whose(call)
        begun = [e for e in self.users.get(user or "", []) if e["valid_from_ms"] <= at_ms]
        return max(begun, key=lambda e: (e["valid_from_ms"], e["seq"]), default=None)

    def _mode_at(self, at_ms: int) -> Entry | None:
        begun = [each for each in self.modes if each["valid_from_ms"] <= at_ms]
        return max(begun, key=lambda each: (each["valid_from_ms"], each["seq"]), default=None)

    def month(self, at_ms: int) -> str:
        """Return the month of an instant by the tenant's clocks."""
        zone, least = self.zone, ""
        for turn in self.turns:
            if turn["valid_from_ms"] <= at_ms:
                zone, least = turn["time_zone"], turn["month"]
        return max(least, f"{datetime.fromtimestamp(at_ms / 1_000, ZoneInfo(zone)):%Y-%m}")

    def hold_status(self, status: Entry) -> None:
        """Hold a status of the account after its last entry."""
        if status.get("currency"):
            assert status["balance_micros"] == self.balance, status
            assert status["overdraft_micros"] == self.debt, status
        funds = sum(each["amount_micros"] for each in of(status, "funds"))
        assert funds == sum(self.live.values()), status
        for each in of(status, "pools"):
            assert each["used_s"] == self.seconds[each["pool"]], (status, self.seconds)
            assert each["pool"][:7] >= self.month(status["at_ms"]), status

    def hold_user(self, status: Entry) -> None:
        """Hold a status of a user after the account's last entry."""
        month = self.month(status["at_ms"])
        assert status["month"] == month, status
        assert status["spent_micros"] == self.spent[status["user_id"], month], (status, self.spent)
        for each in of(status, "pools"):
            assert each["used_s"] == self.seconds[each["pool"]], status
        limit = status.get("limit_micros")
        is_over = limit is not None and status["spent_micros"] >= limit
        said = {each["reason"] for each in of(status, "blocked")}
        assert not is_over or said, status
        assert "user_spend_limit" not in said or is_over, status


def keep(catalogs: list[Entry], ledger: Iterable[Entry]) -> dict[str, OwnBooks]:
    """Return the books of each tenant of a ledger."""
    books: dict[str, OwnBooks] = {}
    for entry in ledger:
        books.setdefault(entry["tenant_id"], OwnBooks(catalogs)).take(entry)
    return books


def hold(catalogs: list[Entry], ledger: list[Entry], told: list[Entry]) -> dict[str, OwnBooks]:
    """Keep the books of a ledger, and hold statuses of accounts and users against them where their entry is."""
    by_seq: dict[tuple[str, int], list[Entry]] = defaultdict(list)
    for status in told:
        by_seq[status["tenant_id"], status["seq"]].append(status)
    books: dict[str, OwnBooks] = {}
    for entry in ledger:
        tenant = entry["tenant_id"]
        mine = books.setdefault(tenant, OwnBooks(catalogs))
        mine.take(entry)
        if entry["kind"] != "command_rejected":
            for status in by_seq.pop((tenant, mine.seq), []):
                (mine.hold_user if "user_id" in status else mine.hold_status)(status)
    assert not by_seq, by_seq
    return books
