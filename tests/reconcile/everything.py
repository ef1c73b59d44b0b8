"""Everything at once: what tenants with plans, users, money, credit and corrections do, drawn from a seed.

One history mixes what other tests look at one by one: users and their licences, pools of licences, accounts and users,
calls that are paid later, corrections and voids, accounts that close, that reopen and that begin without credits,
calls that wait until they are free, lots that die as a call ends, months that turn in odd time zones, and records
that come again.
"""

from dataclasses import dataclass, field
from random import Random
from typing import Any

from rater.reconcile.folds.lot_times import month_after
from tests.reconcile.drawn_decks import CALENDARS, TERMS, drawn_sheet
from tests.reconcile.honest_worker import DAY_MS, SHEET, START_MS, HonestWorker, at
from tests.reconcile.test_whatever_pools_pay import (
    COUNTRIES,
    ERA_MS,
    HOUR_MS,
    PLANS,
    drawn_catalog,
)
from topics.catalog import ACCOUNT_COMMANDS, CDR_RAW

ZONES = (
    "UTC",
    "Asia/Tokyo",
    "America/Los_Angeles",
    "America/St_Johns",
    "Asia/Kathmandu",
    "Pacific/Chatham",
    "Pacific/Apia",
    "Africa/Cairo",
)
NUMBERS = (
    *("+12065550100", "+33142685300", "+33612345678", "+442079460034", "+4420794600**"),
    *("+447500123456", "+38267123456", "+449098765432", "+390612345678", "112", "+493012345678"),
)
"""With a number that is denied, one without a rate, and one for help."""
TENANTS = ("acme", "bare")
USERS = ("ann", "bob", "cy")
PAUSES_MS = (1, 999, 1_000, HOUR_MS, DAY_MS, 3 * DAY_MS, 12 * DAY_MS, 31 * DAY_MS)
YEAR_MS = 365 * DAY_MS
FLUSH = "flush"


@dataclass
class Happening:
    """What happens to one worker, by chance."""

    worker: HonestWorker
    chance: Random
    steps: int = 60
    size: int = 7
    deeds: tuple[str, ...] = ()
    """What may happen, each as often as it is named."""
    number: int = 0
    dying: list[int] = field(default_factory=list)
    """When lots die that were bought a year before."""
    made: list[tuple[str, str]] = field(default_factory=list)
    """Tenants and ids of calls."""
    rings_s: tuple[int, ...] = ()
    """How long calls ring before they are answered; where nothing is said, their CDRs name no answer."""

    def run(self) -> None:
        """Let it all happen."""
        worker, chance = self.worker, self.chance
        worker.now_ms += 2 * HOUR_MS
        zone = chance.choice(ZONES)
        worker.command("acme", "open_account", currency="USD", decks=["acs"], time_zone=zone)
        worker.command("bare", "open_account", time_zone=chance.choice(ZONES))
        worker.fund("acme", "A0", chance.choice((50_000, 1_000_000, 30_000_000)))
        for tenant in TENANTS:
            self.entitle(tenant, [(each, land) for each in PLANS for land in COUNTRIES], -30)
            for user in chance.sample(USERS, chance.choice((0, 2, 3))):
                self.hire(tenant, user, -30)
        worker.work(self.size)
        for number in range(self.steps):
            self.number = number
            getattr(self, chance.choice(self.deeds))(
                chance.choice(("acme", "acme", "acme", "bare"))
            )
            if not chance.randrange(self.size):
                worker.work(self.size)
        worker.work(self.size)

    def days(self, *more: int | None) -> dict[str, Any]:
        """Draw from when on something holds."""
        days = self.chance.choice((None, None, -20, -1, 0, 1, *more))
        return {} if days is None else {"valid_from": at(self.worker.now_ms + days * DAY_MS)}

    def entitle(self, tenant: str, named: list[tuple[str, str]], days: int | None = None) -> None:
        rows = [
            {"plan_id": each, "usage_country": land, "licences": self.chance.choice((0, 1, 1, 2))}
            for each, land in named
        ]
        since = (
            self.days() if days is None else {"valid_from": at(self.worker.now_ms + days * DAY_MS)}
        )
        self.worker.command(tenant, "set_entitlements", entitlements=rows, **since)

    def licences(self, tenant: str) -> None:
        self.entitle(tenant, [(self.chance.choice(PLANS), self.chance.choice(COUNTRIES))])

    def hire(self, tenant: str, user_id: str, days: int | None = None) -> None:
        chance = self.chance
        limit = chance.choice((None, 1, 20_000, 500_000))
        since = (
            self.days() if days is None else {"valid_from": at(self.worker.now_ms + days * DAY_MS)}
        )
        self.worker.command(
            tenant,
            "set_user",
            user_id=user_id,
            usage_country=chance.choice(COUNTRIES),
            plan_ids=chance.sample(PLANS, chance.choice((0, 1, 2, 2, 2))),
            credits_licence=chance.random() < 0.6,
            outbound_calls=chance.choice(("any", "any", "domestic", "none")),
            conference_dial_out=chance.choice(("any", "any", "same_country", "none")),
            **({} if limit is None else {"monthly_spend_limit_micros": limit}),
            **since,
        )

    def user(self, tenant: str) -> None:
        self.hire(tenant, self.chance.choice(USERS))

    def policy(self, tenant: str) -> None:
        calls = self.chance.choice(("charge", "suspend", "waive"))
        self.worker.command(tenant, "set_unlicensed_calls", calls=calls)

    def billing(self, tenant: str) -> None:
        chance = self.chance
        mode = chance.choice(("prepaid", "post_paid", "post_paid"))
        limit = chance.choice((None, 1, 20_000, 300_000)) if mode == "post_paid" else None
        said = {} if limit is None else {"credit_limit_micros": limit}
        self.worker.command(tenant, "set_billing_mode", mode=mode, **said, **self.days(5))

    def money(self, tenant: str) -> None:
        """Add a lot; many of them soon die."""
        chance = self.chance
        age_ms = chance.choice(
            (0, YEAR_MS - DAY_MS, YEAR_MS - HOUR_MS, YEAR_MS - HOUR_MS, YEAR_MS - 1)
        )
        self.dying.append(self.worker.now_ms - age_ms + YEAR_MS)
        given: dict[str, Any] = {}
        if chance.random() < 0.5:
            given["category"] = "promotional"
            lives_ms = chance.choice((None, 1, HOUR_MS, 3 * HOUR_MS, DAY_MS, 40 * DAY_MS))
            if lives_ms is not None:
                self.dying.append(self.worker.now_ms + lives_ms)
                given["expires_at"] = at(self.worker.now_ms + lives_ms)
        self.worker.fund(
            tenant,
            f"L{self.number}",
            chance.choice((1, 15_000, 40_000, 700_000, 5_000_000)),
            purchased_at=at(self.worker.now_ms - age_ms),
            **given,
        )

    def reverse(self, tenant: str) -> None:
        """Take a payment back that may never have been one."""
        micros = self.chance.choice((1, 40_000, 900_000))
        self.worker.command(
            *(tenant, "reverse_payment"),
            payment_id=f"L{self.chance.randint(max(0, self.number - 30), self.number)}",
            amount_micros=micros,
            reversed_micros=micros,
            currency="USD",
            reversal_id=f"dp_{self.number}",
            reversal="dispute",
        )

    def restore(self, tenant: str) -> None:
        """Give back what a dispute took, or never did."""
        self.worker.command(
            *(tenant, "restore_payment"),
            payment_id=f"L{self.chance.randint(max(0, self.number - 30), self.number)}",
            amount_micros=self.chance.choice((1, 40_000, 900_000)),
            reversed_micros=0,
            currency="USD",
            reversal_id=f"dp_{self.number}",
            reversal="dispute",
        )

    def adjust(self, tenant: str) -> None:
        micros = self.chance.choice((-900_000, -15_000, -1, 1, 40_000))
        self.worker.command(
            tenant, "adjust", amount_micros=micros, currency="USD", reason="as drawn"
        )

    def watch(self, tenant: str) -> None:
        levels = [{"threshold_id": "low", "amount_micros": self.chance.choice((0, 20_000, 10**6))}]
        self.worker.command(tenant, "set_thresholds", thresholds=levels)

    def limit(self, tenant: str) -> None:
        spent = self.chance.choice((0, 1, 50_000))
        self.worker.command(tenant, "set_spend_limits", spend_per_hour_micros=spent)

    def resume(self, tenant: str) -> None:
        self.worker.command(tenant, "resume_recharge")

    def recharge(self, tenant: str) -> None:
        on = self.chance.random() < 0.3
        amounts = {"trigger_micros": 50_000_000, "amount_micros": 50_000_000} if on else {}
        self.worker.command(tenant, "set_auto_recharge", enabled=on, **amounts)

    def zone(self, tenant: str) -> None:
        self.worker.command(tenant, "set_time_zone", time_zone=self.chance.choice(ZONES))

    def close(self, tenant: str) -> None:
        self.worker.command(tenant, "close_account")

    def reopen(self, tenant: str) -> None:
        self.worker.command(tenant, "reopen_account")

    def credits(self, tenant: str) -> None:
        self.worker.command(tenant, "open_credits", currency="USD", decks=["acs"])

    def pause(self, _tenant: str) -> None:
        self.worker.work(self.size)
        self.worker.pass_time(self.chance.choice(PAUSES_MS))

    def hours(self, _tenant: str) -> None:
        """Let some hours pass."""
        self.worker.work(self.size)
        self.worker.pass_time(self.chance.choice((1, 3, 6, 12)) * HOUR_MS)

    def turn(self, _tenant: str) -> None:
        """Come near to where the next month begins, for someone in the world."""
        self.worker.work(self.size)
        turn_ms = month_after(self.worker.now_ms + DAY_MS)
        self.worker.pass_time(turn_ms + self.chance.randint(-16, 16) * HOUR_MS - self.worker.now_ms)

    def months(self, _tenant: str) -> None:
        """Let so many months pass that some of it is forgotten."""
        self.worker.work(self.size)
        self.worker.pass_time(self.chance.choice((60, 150, 200, 300)) * DAY_MS)

    def flush(self, _tenant: str) -> None:
        self.worker.work(self.size)
        self.worker.flush()

    def again(self, _tenant: str) -> None:
        """Send a record of before once more."""
        topic = self.chance.choice((CDR_RAW.name, ACCOUNT_COMMANDS.name))
        _, record = self.chance.choice(self.worker.topics[topic][-15:] or [(0, None)])
        if record is not None and record.at_ms > self.worker.now_ms - ERA_MS:
            self.worker.produce(topic, record.key, record.value)

    def dated(self, tenant: str) -> None:
        """Publish settings that are dated back; a worker may know them some calls later than another."""
        chance, worker = self.chance, self.worker
        worker.work(self.size)
        usd = {
            "currency": "USD",
            "spend_per_hour_micros": chance.choice((0, 30_000, 1_000_000_000)),
            "balance_max_micros": chance.choice((60_000_000, 1_000_000_000)),
        }
        before = worker.rules
        worker.load_settings(
            (worker.now_ms - chance.choice((0, 1, HOUR_MS, DAY_MS, 20 * DAY_MS))) // 1_000 * 1_000,
            currencies=[usd],
            promotional_credit=chance.choice(("first", "last")),
            corrections=chance.random() < 0.8,
            freecall_after_days=chance.choice((0, 1, 2)),
            number_masks=chance.choice(([], [{"prefix": "", "digits": 4}])),
            window_days=chance.choice((3, 5, 7)),
            duration_tolerance_s=chance.choice((0, 5, 60)),
        )
        after = worker.rules
        for rules in chance.choice(((after,), (before, after), (after, before, after))):
            worker.rules = rules
            self.call(tenant)
            self.money(tenant)
            self.correct(tenant)
            self.call(tenant)
            worker.work(self.size)

    def call(self, tenant: str) -> None:
        era = self.worker.now_ms // ERA_MS
        self.made.append((tenant, f"c{self.number}-{era}"))
        self.send(tenant, f"c{self.number}-{era}")

    def correct(self, tenant: str) -> None:
        era, number = self.worker.now_ms // ERA_MS, self.number
        cdr_id = f"c{self.chance.randint(max(0, number - 9), number)}-{era}"
        if len(self.made) and self.chance.random() < 0.7:
            tenant, cdr_id = self.chance.choice(self.made[-6:])
        kind = self.chance.choice(("correction", "correction", "void"))
        if cdr_id.endswith(f"-{era}"):
            self.send(tenant, cdr_id, kind=kind, version=number + 2)

    def send(self, tenant: str, cdr_id: str, **more: Any) -> None:
        """Send the CDR of some call: it may start in a month that is over, and end as a lot dies."""
        chance, worker = self.chance, self.worker
        worker.now_ms += chance.choice((0, 1, 400, 1_000))
        ended_ms = worker.now_ms - chance.choice((0, 1, 8 * HOUR_MS, DAY_MS, 3 * DAY_MS))
        for died_ms in self.deaths():
            if chance.random() < 0.5:
                ended_ms = died_ms + chance.choice((-1, 0, 0, 1))
        if self.number % 13 == 5:
            # The platform's clock is ahead.
            ended_ms = worker.now_ms + 6 * HOUR_MS
        inbound = chance.random() < 0.1
        named: dict[str, Any] = {
            "usage_country": chance.choice((None, *COUNTRIES)),
            "user_id": chance.choice((None, "eve", *USERS, *USERS)),
            "organizer_id": chance.choice((None, None, None, *USERS)),
            "routing_number": chance.choice((None, None, None, None, "+33612345678")),
        }
        if inbound:
            more |= {"direction": "in", "service_number_type": "toll_free", "from": "+12065550100"}
        to = "+18005550100" if inbound else chance.choice(NUMBERS)
        billsec = chance.choice((0, 1, 59, 60, 61, 150, 700))
        if self.rings_s:
            answered_ms = ended_ms - billsec * 1_000
            more["answered_at"] = at(answered_ms)
            more["started_at"] = at(answered_ms - chance.choice(self.rings_s) * 1_000)
        worker.call(
            tenant,
            cdr_id,
            to,
            billsec=billsec,
            call_type=chance.choice(("user_out", "user_out", "conf_out")),
            ended_ms=ended_ms,
            **more,
            **{name: value for name, value in named.items() if value is not None},
        )

    def deaths(self) -> list[int]:
        """Return when the last lots die that calls of now may meet."""
        now_ms = self.worker.now_ms
        return [each for each in self.dying[-3:] if now_ms - 3 * DAY_MS < each < now_ms + HOUR_MS]


DEEDS = (
    *("call",) * 16,
    *("correct",) * 9,
    *("again", "again", "pause", "pause", "licences", "user", "user", "policy", "billing"),
    *(
        "billing",
        "billing",
        "money",
        "money",
        "money",
        "adjust",
        "watch",
        "limit",
        "resume",
        "recharge",
        "close",
    ),
    *("reopen", "reopen", "credits", "flush", "money", "reverse"),
)


MOVES = (
    *[each for each in DEEDS if each not in ("credits", "close", "reopen")],
    *(*("call",) * 12, *("correct",) * 12),
    *(*("zone",) * 8, *("hours",) * 6, *("turn",) * 5),
)
"""What may happen where clocks are what it is about; nothing by which what was refused would be taken if it came again.
"""
DATED = (*DEEDS, *(("dated",) * 6), *(("hours",) * 3))
"""What may happen where settings are dated back."""

YEARS = (*MOVES, *("months",) * 6, *("restore",) * 4)
"""What may happen in years: what no call asks for any more is let go."""
RINGS_S = (0, 20, 6 * 3_600)
"""Queues may be long: what holds at the start of a call and what at its answer are two things."""


def everything(seed: int, steps: int = 60, deeds: tuple[str, ...] = DEEDS) -> HonestWorker:
    """Return a worker after a history."""
    chance = Random(seed)
    begins = chance.choice((0, 20, 28, 30, 57, 87))
    versions = [drawn_catalog(chance, 1, START_MS - 60 * DAY_MS)]
    for number in range(chance.choice((0, 1, 3))):
        since_ms = START_MS + begins * DAY_MS + chance.randint(number * 3, number * 3 + 2) * DAY_MS
        versions.append(drawn_catalog(chance, number + 2, since_ms))
    days = sorted(chance.sample(range(-1, 60), chance.choice((0, 1, 2))))
    turns = [at(START_MS + (begins + day) * DAY_MS) for day in days]
    priced = Random(f"deck {seed}")
    sheet = drawn_sheet(priced) if seed % 2 else SHEET.read_bytes()
    worker = HonestWorker(
        decks={"acs": sheet},
        calendars=CALENDARS,
        deck_terms=priced.choice(TERMS),
        promotional=list(zip(turns, ("last", "first"), strict=False)),
        corrections=chance.random() < 0.9,
        freecall_after_days=chance.choice((0, 1, 2)),
        plans=versions[0],
        plans_later=versions[1:],
    )
    for number in range(priced.choice((0, 1, 2)) if seed % 2 else 0):
        since_ms = START_MS + (begins + priced.randint(0, 40)) * DAY_MS + priced.randint(0, DAY_MS)
        worker.load_deck("acs", drawn_sheet(priced), number + 2, since_ms)
    worker.now_ms += begins * DAY_MS
    size = chance.choice((1, 3, 50))
    Happening(worker, chance, steps, size, deeds, rings_s=RINGS_S if deeds is YEARS else ()).run()
    return worker
