"""Side by side: calls that are held, whatever pools they share and in whatever order their CDRs come, make no debt.

The desk answers by the statuses of a worker; each call lasts as long as it may or less; each is charged as it ended.
"""

from random import Random
from typing import Any

import msgspec
import pytest

from rater.core.authorisation.holds import Holds, HoldTerms
from rater.core.limits import DURATION_S_MAX
from rater.core.pricing.rules import Rules
from rater.shell.gatekeeper.desk import Desk
from rater.shell.gatekeeper.metrics import GatekeeperMetrics
from rater.shell.process.metrics import Metrics
from rater.wire.account.state import decode_account
from rater.wire.authorisation.answers import Answer
from rater.wire.authorisation.standings import Standings
from tests.plan_build import allowance, plan, record
from tests.reconcile.drawn_decks import CALENDARS, TERMS, drawn_sheet
from tests.reconcile.honest_worker import DAY_MS, SHEET, START_MS, HonestWorker, at
from tests.reconcile.test_whatever_pools_pay import COUNTRIES, NUMBERS, PLANS, drawn_catalog
from topics import catalog
from topics.records import FundingChain

HOUR_MS = 3_600_000
USERS = ("ann", "bob", None)
SEEDS = range(60)
MANY = range(100, 1_100)


class Stage:
    """A worker with an account, and a desk that follows its statuses."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, worker: HonestWorker) -> None:
        self.worker = worker
        self.standings = Standings()
        self.holds = Holds(HoldTerms(10 * DAY_MS, 10 * DAY_MS, 50, 50))
        self.seen = {catalog.ACCOUNT_STATUS.name: 0, catalog.USER_STATUS.name: 0}
        self.seconds = 0
        monkeypatch.setattr("rater.shell.gatekeeper.desk.now_ms", lambda: self.worker.now_ms)
        metrics = GatekeeperMetrics(Metrics(rooms=()))
        self.desk = Desk(10_000, DURATION_S_MAX, self, self.holds, metrics)  # type: ignore[arg-type]

    @property
    def rules(self) -> Rules:
        return self.worker.rules

    def age_ms(self) -> int:
        return 0

    def look(self) -> None:
        """Charge what has come, and take the statuses."""
        self.worker.work(1)
        self.worker.flush()
        takes = (self.standings.take, self.standings.take_user)
        for topic, take in zip(self.seen, takes, strict=True):
            for _, each in self.worker.topics[topic][self.seen[topic] :]:
                take(each.key, each.value)
            self.seen[topic] = len(self.worker.topics[topic])

    def ask(self, **fields: Any) -> Answer:
        said = self.desk.authorise(msgspec.json.encode({"tenant_id": "acme", **fields}))
        assert isinstance(said, Answer), said
        return said

    def release(self, call: "Call", seconds: int) -> None:
        """Let a call have ended after so long; its charge is not seen yet."""
        call.lasted_s = seconds
        self.worker.now_ms = max(self.worker.now_ms, call.at_ms + seconds * 1_000)
        said = {"hold_id": call.hold_id, "duration_s": str(seconds)}
        assert self.desk.release(said) is True

    def end(self, call: "Call", seconds: int) -> None:
        """Charge a call that has lasted so long, and forget its hold: the charge is seen."""
        call.lasted_s = seconds
        ended_ms = call.at_ms + seconds * 1_000
        began = at(call.at_ms)
        times: dict[str, Any] = {"started_at": began, "answered_at": began, "ended_ms": ended_ms}
        self.worker.now_ms = max(self.worker.now_ms, ended_ms)
        self.worker.call("acme", call.hold_id, billsec=seconds, **times, **call.fields)
        self.look()
        hold = self.holds.find(call.hold_id, self.worker.now_ms)
        assert hold is not None
        self.holds.drop(hold)

    @property
    def balance(self) -> int:
        value = self.worker.shards[self.worker.of("acme")].accounts.get(b"acme")
        return decode_account(value or b"").balance


class Call:
    """A call that may last so long."""

    def __init__(self, answer: Answer, fields: dict[str, Any], at_ms: int) -> None:
        assert answer.hold_id is not None
        assert answer.max_duration_s is not None
        self.hold_id = answer.hold_id
        self.longest_s = answer.max_duration_s
        self.fields = fields
        self.at_ms = at_ms
        self.lasted_s = 0
        """Where it has ended, and its CDR is on its way."""


def stage(monkeypatch: pytest.MonkeyPatch, chance: Random) -> Stage:
    """Make an account with some money, licences and users."""
    sheet = chance.choice((SHEET.read_bytes(), drawn_sheet(chance), drawn_sheet(chance)))
    plans = drawn_catalog(chance, 1, START_MS - 60 * DAY_MS)
    terms = chance.choice(TERMS)
    worker = HonestWorker(decks={"acs": sheet}, calendars=CALENDARS, deck_terms=terms, plans=plans)
    worker.now_ms += 10 * DAY_MS + chance.randrange(24) * HOUR_MS
    worker.command("acme", "open_account", currency="USD", decks=["acs"])
    worker.fund("acme", "A", chance.choice((1, 50_000, 300_000, 2_000_000)))
    since = {"valid_from": at(START_MS - 30 * DAY_MS)}
    rows = [
        {"plan_id": each, "usage_country": land, "licences": chance.choice((1, 1, 2))}
        for each in PLANS
        for land in COUNTRIES
    ]
    worker.command("acme", "set_entitlements", entitlements=rows, **since)
    for user in chance.sample(("ann", "bob"), chance.choice((0, 1, 2))):
        worker.command(
            "acme",
            "set_user",
            user_id=user,
            usage_country=chance.choice(COUNTRIES),
            plan_ids=chance.sample(PLANS, chance.choice((1, 2))),
            credits_licence=chance.random() < 0.6,
            outbound_calls="any",
            conference_dial_out="any",
            **since,
        )
    worker.command(
        "acme",
        "set_unlicensed_calls",
        calls=chance.choice(("charge", "charge", "suspend", "waive")),
    )
    made = Stage(monkeypatch, worker)
    made.look()
    return made


def one_pool(monkeypatch: pytest.MonkeyPatch, rows: str, micros: int, morning_ms: int = 0) -> Stage:
    """Make an account with 120 s of a pool that all calls share, and so much money."""
    shared = allowance("all", 120, pool="near", scope="any", per="account")
    since_ms = START_MS - 60 * DAY_MS
    plans = record(
        plan("ONE", shared, unit_s=1),
        valid_from=at(since_ms),
        chains=(FundingChain("*", ("near", "credits")),),
    )
    worker = HonestWorker(decks={"acs": rows.encode()}, plans=plans)
    worker.now_ms += 10 * DAY_MS
    worker.command("acme", "open_account", currency="USD", decks=["acs"])
    worker.fund("acme", "A", micros)
    licence = {"plan_id": "ONE", "usage_country": "FR", "licences": 1}
    worker.command("acme", "set_entitlements", entitlements=[licence], valid_from=at(since_ms))
    made = Stage(monkeypatch, worker)
    made.look()
    worker.now_ms = START_MS + 11 * DAY_MS + morning_ms
    made.look()
    return made


TIERS = """prefix,country,number_type,rate,increment,from_second
33,FR,mobile,0.01,60/60,0
33,FR,mobile,60,1/1,60
"""
BANDS = """prefix,country,number_type,rate,increment,start,end
33,FR,mobile,0.05,60/60,20:00,08:00
33,FR,mobile,0.60,1/1,08:00,20:00
"""
"""Night is rated by whole minutes, which reach over 08:00."""
BEFORE_EIGHT_MS = 8 * HOUR_MS - 60_000


@pytest.mark.parametrize(
    ("rows", "micros", "morning_ms"),
    [(TIERS, 3_000_000, 0), (BANDS, 130_000, BEFORE_EIGHT_MS)],
    ids=["tiers", "bands"],
)
def test_a_second_more_of_a_pool_may_make_the_rest_dearer(
    rows: str, micros: int, morning_ms: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the first call takes a second less of the pool, the second one's rest begins a second later.

    It then lies in the dearer seconds alone, which the increment before had reached over.
    """
    there = one_pool(monkeypatch, rows, micros, morning_ms)
    fields = {"to": "+33612345678", "direction": "out", "usage_country": "FR"}
    calls = []
    for longest_s in (61, 120):
        answer = there.ask(hold=True, longest_s=longest_s, **fields)
        if answer.allowed:
            calls.append(Call(answer, fields, there.worker.now_ms))
    assert [call.longest_s for call in calls][:1] == [61]

    for call, less_s in zip(calls, (1, 0), strict=False):
        there.end(call, call.longest_s - less_s)
    assert there.balance >= 0
    assert len(calls) == 2, "what the pool leaves for sure is paid by it, so the call may start"


def asked(chance: Random) -> dict[str, Any]:
    fields = {
        "to": chance.choice(NUMBERS[:4]),
        "direction": "out",
        "call_type": chance.choice(("user_out", "conf_out")),
        "usage_country": chance.choice(COUNTRIES),
        "user_id": chance.choice(USERS),
    }
    return {name: said for name, said in fields.items() if said is not None}


def play(there: Stage, chance: Random) -> int:
    """Let calls begin, end and be charged in any order; return for how many seconds calls were allowed."""
    calls: list[Call] = []
    seconds = 0
    for _ in range(40):
        if calls and chance.random() < 0.45:
            call = calls[chance.randrange(len(calls))]
            if chance.random() < 0.3:
                there.release(call, lasting(chance, call))
                continue
            calls.remove(call)
            there.end(call, lasting(chance, call))
            assert there.balance >= 0, (there.balance, call.fields, call.lasted_s)
            continue
        fields, longest_s = asked(chance), chance.choice((30, 61, 200, 600, 7_200))
        answer = there.ask(hold=True, longest_s=longest_s, **fields)
        if answer.allowed and answer.max_duration_s:
            calls.append(Call(answer, fields, there.worker.now_ms))
            seconds += answer.max_duration_s
    chance.shuffle(calls)
    for call in calls:
        there.end(call, lasting(chance, call))
        assert there.balance >= 0, (there.balance, call.fields, call.lasted_s)
    return seconds


def lasting(chance: Random, call: Call) -> int:
    most_s = call.longest_s
    return call.lasted_s or chance.choice((most_s, most_s, chance.randint(1, most_s)))


@pytest.mark.parametrize("seed", SEEDS)
def test_property_calls_side_by_side_never_take_the_balance_below_zero(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = Random(seed)
    play(stage(monkeypatch, chance), chance)


@pytest.mark.slow
@pytest.mark.parametrize("seed", MANY)
def test_property_many_calls_side_by_side_never_do(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = Random(seed)
    play(stage(monkeypatch, chance), chance)
