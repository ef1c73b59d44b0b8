"""Folding: one letter an occasion, a rate for each address, a digest beyond it; and what a restart knows of it."""

from __future__ import annotations

import asyncio
from collections import Counter
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rater.core.cdr import Source
from rater.core.limits import HOUR_MS
from rater.shell.notifier.delivery import Job
from rater.shell.notifier.digests import Digest
from rater.shell.notifier.folding import TENANT_TIMES, URGENT_TIMES, Folding
from rater.shell.notifier.languages.registry import CODES, language
from rater.shell.notifier.letters import write_letter
from rater.shell.notifier.mail_rates import FOLDABLE, MailRates, mailbox_digest, rate_key
from rater.shell.notifier.message import recipient_digest
from rater.shell.notifier.sent import PartitionMarks
from rater.wire.outputs import encode
from rater.wire.recharge.deliveries import decode_mark
from tests.shell.notifier.notices import GOLDEN, golden
from topics.records.deliveries import MARK_LAYOUT, SentMark

ADA = "ada@acme.example"
URGENT = sorted({notice.kind for notice in GOLDEN} - FOLDABLE)


class World:
    """A partition whose clock is set by its waits, and whose marks outlive it."""

    def __init__(self, written: list[bytes] | None = None, per_hour: int = 3, now: int = 0) -> None:
        self.now = now or 1_800_000_000_000
        self.written = written if written is not None else []
        self.marks = PartitionMarks()
        for value in self.written:
            mark = decode_mark(value)
            assert mark is not None
            self.marks.note(mark)
        self.closing = False
        self.held: list[int] = []
        self.sent: list[tuple[str, Any]] = []
        self.folding = Folding(self, self.marks, per_hour, lambda: self.now)

    async def pause(self, seconds: float) -> bool:
        until = self.now + round(seconds * 1_000)
        for _ in range(20):
            await asyncio.sleep(0)
        if self.closing:
            return False
        self.now = max(self.now, until)
        return True

    def hold(self, offset: int) -> None:
        self.held.append(offset)

    async def write_marks(self, tenant_id: str, *marks: SentMark) -> None:
        await asyncio.sleep(0)
        for mark in marks:
            self.written.append(encode(mark))
            self.marks.note(mark)

    async def deliver(self, job: Job) -> str:
        """Settle a letter, and send what is to be sent."""
        if self.marks.state(job.digest) in ("sent", "folded"):
            return "known"
        settled = await self.folding.settle(job)
        if not isinstance(settled, Job):
            return settled
        self.sent.append((job.recipient, settled.notice))
        mark = SentMark(
            MARK_LAYOUT,
            job.notice.notification_id,
            "email",
            job.digest,
            "sent",
            self.now,
            job.kind,
            job.mailbox,
        )
        await self.write_marks("acme", mark)
        return "sent"

    async def deliver_all(self, jobs: list[Job]) -> Counter[str]:
        return Counter(await asyncio.gather(*map(self.deliver, jobs)))


def job(number: int, kind: str = "funds_added", address: str = ADA, **changes: Any) -> Job:
    changes.setdefault("notification_id", f"acme/{number}/{kind}")
    notice = golden(kind, tenant_id="acme", **changes)
    digest = recipient_digest(notice.notification_id, address)
    mailbox = mailbox_digest("acme", address)
    return Job(notice, b"", Source("n", 0, number, 0), address, digest, "", kind, mailbox)


def low(number: int, micros: int | None, hours: int | None = None, address: str = ADA) -> Job:
    terms = {
        "threshold_micros": micros,
        "threshold_h": hours,
        "at_ms": number,
        "cause_id": f"c{number}",
    }
    name = f"acme/{number}/crossed/{micros or hours}"
    return job(number, "balance_low", address, notification_id=name, **terms)


@pytest.mark.parametrize("turn", [1, -1])
async def test_the_thresholds_of_one_occasion_are_one_letter_on_the_lowest(turn: int) -> None:
    world = World()
    jobs = [low(1, 5_000_000), low(1, 1_000_000), low(1, None, 24)][::turn]
    found = await world.deliver_all(jobs)

    assert found == {"sent": 1, "folded": 2}
    assert [notice.threshold_micros for _, notice in world.sent] == [1_000_000]


async def test_a_threshold_that_comes_late_has_no_letter_of_its_own() -> None:
    world = World()
    assert await world.deliver(low(1, 5_000_000)) == "sent"
    assert await world.deliver(low(1, 1_000_000)) == "folded"
    assert await world.deliver(low(2, 1_000_000)) == "sent"


async def test_another_occasion_or_address_has_a_letter_of_its_own() -> None:
    world = World()
    jobs = [low(n, m, address=a) for n in (1, 2) for m in (1, 2) for a in (ADA, "bob@acme.example")]

    assert await world.deliver_all(jobs) == {"sent": 4, "folded": 4}


@pytest.mark.parametrize("kind", ["funds_added", "recharge_failed"])
async def test_beyond_the_rate_letters_wait_and_one_tells_of_them(kind: str) -> None:
    world = World()
    limit = 3 * (1 if kind in FOLDABLE else URGENT_TIMES)
    began = world.now
    found = await world.deliver_all([job(n, kind) for n in range(limit + 40)])

    assert found == {"sent": limit + 1, "folded": 39}
    digest = world.sent[-1][1]
    assert isinstance(digest, Digest)
    assert digest.held == ((kind, 40),)
    assert world.now >= began + HOUR_MS
    assert world.held == [limit]


async def test_money_in_danger_is_not_kept_waiting_by_anything_else() -> None:
    world = World()
    flood = asyncio.gather(*(world.deliver(job(n)) for n in range(100)))
    await asyncio.sleep(0)
    assert {"sent": 6} == await world.deliver_all([job(500 + n, URGENT[n % 5]) for n in range(6)])
    assert not any(isinstance(notice, Digest) for _, notice in world.sent)
    await flood


def test_the_kinds_that_may_wait_are_those_that_say_nothing_is_in_danger() -> None:
    assert sorted(FOLDABLE) == [
        *("balance_low", "funds_added", "funds_expired", "funds_expiring"),
        "pool_used",
    ]
    assert {
        *("recharge_failed", "recharge_paused", "balance_exhausted", "fraud_suspected"),
        "credit_limit_reached",
    } <= set(URGENT)
    assert rate_key("m", "a_kind_of_tomorrow") == "m/urgent"


async def test_one_that_is_held_back_alone_is_sent_as_it_is() -> None:
    world = World()
    await world.deliver_all([job(n) for n in range(4)])

    assert [type(notice).__name__ for _, notice in world.sent] == ["FundsAddedNotification"] * 4


async def test_a_restart_forgets_nothing_and_gives_no_fresh_allowance() -> None:
    before = World()
    jobs = [job(n) for n in range(20)]
    running = asyncio.gather(*map(before.deliver, jobs))
    for _ in range(10):
        await asyncio.sleep(0)
    before.closing = True
    assert Counter(await running) == {"sent": 3, "folded": 16, "unfinished": 1}

    # All is read again, and more comes.
    after = World(before.written, now=before.now + 60_000)
    found = await after.deliver_all([*jobs, *(job(n) for n in range(20, 25))])
    assert found == {"known": 19, "sent": 1, "folded": 5}
    assert after.now >= before.now + HOUR_MS
    ((_, digest),) = after.sent
    assert digest.held == (("funds_added", 22),)
    assert digest.notification_id == jobs[3].notice.notification_id


async def test_after_a_rest_of_an_hour_what_was_held_back_is_still_a_digest() -> None:
    before = World()
    jobs = [job(n) for n in range(10)]
    running = asyncio.gather(*map(before.deliver, jobs))
    for _ in range(10):
        await asyncio.sleep(0)
    before.closing = True
    await running
    after = World(before.written, now=before.now + 2 * HOUR_MS)
    assert await after.deliver_all(jobs) == {"known": 9, "sent": 1}
    assert after.sent[0][1].held == (("funds_added", 7),)


async def test_a_digest_that_is_in_doubt_goes_out_again_as_a_digest() -> None:
    world = World()
    await world.deliver_all([job(n) for n in range(3)])
    carrier, other = job(3), job(4)
    world.marks.note(
        SentMark(
            MARK_LAYOUT,
            "x",
            "email",
            other.digest,
            "folded",
            0,
            "funds_added",
            None,
            carrier.digest,
        )
    )
    world.marks.note(SentMark(MARK_LAYOUT, "y", "email", carrier.digest, "sending", 0))
    settled = await world.folding.settle(carrier)

    assert isinstance(settled, Job)
    assert isinstance(settled.notice, Digest)
    assert settled.notice.held == (("funds_added", 2),)


async def test_all_addresses_of_a_tenant_have_a_rate_too() -> None:
    world = World(per_hour=1)
    addresses = [f"a{n}@acme.example" for n in range(TENANT_TIMES + 5)]
    began = world.now
    await world.deliver_all([job(n, address=address) for n, address in enumerate(addresses)])

    assert len(world.sent) == len(addresses)
    assert world.now >= began + HOUR_MS


async def test_fifty_commands_on_sixteen_thresholds_and_addresses_are_no_mail_bomb() -> None:
    world = World(per_hour=10)
    addresses = [f"a{n}@acme.example" for n in range(16)]
    jobs = [low(n, m + 1, address=a) for n in range(50) for m in range(16) for a in addresses]
    assert len(jobs) == 12_800
    found = await world.deliver_all(jobs)

    assert found == {"sent": 16 * 11, "folded": 12_800 - 16 * 11}
    digests = [notice for _, notice in world.sent if isinstance(notice, Digest)]
    assert [digest.held for digest in digests] == [(("balance_low", 40),)] * 16


async def test_when_writing_fails_all_of_the_occasion_are_cut_short(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World()

    async def fails(*_: object) -> None:
        raise ConnectionError

    monkeypatch.setattr(world, "write_marks", fails)
    found = await asyncio.gather(
        *map(world.deliver, [low(1, 1), low(1, 2)]), return_exceptions=True
    )
    assert {type(each).__name__ for each in found} == {"ConnectionError", "CancelledError"}


@given(st.lists(st.integers(0, 3 * HOUR_MS), max_size=60).map(sorted), st.integers(1, 6))
def test_no_hour_has_more_than_the_rate(times: list[int], limit: int) -> None:
    rates, sent = MailRates(), []
    for number, at_ms in enumerate(times):
        if not rates.wait_ms("a", limit, at_ms):
            rates.note("a", str(number), at_ms)
            rates.note("a", str(number), at_ms + 5)
            sent.append(at_ms)
        else:
            due = at_ms + rates.wait_ms("a", limit, at_ms)
            assert deepcopy(rates).wait_ms("a", limit, due) == 0
    for at_ms in sent:
        assert sum(at_ms <= other < at_ms + HOUR_MS for other in sent) <= limit


def test_what_is_counted_is_forgotten_after_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rater.shell.notifier.mail_rates.LOGS_MAX", 5)
    rates = MailRates()
    for number in range(100):
        rates.note(f"m{number}", "d", number * HOUR_MS)
    assert len(rates._logs) <= 6


@pytest.mark.parametrize("code", CODES)
def test_a_digest_says_how_many_of_what(code: str) -> None:
    held = tuple((kind, n + 1) for n, kind in enumerate(sorted({n.kind for n in GOLDEN})))
    head = ("acme/1/x", "acme", 1_772_361_060_000, "USD", 0, code)
    letter = write_letter(Digest(*head, (*held, ("a_kind_of_tomorrow", 1_000))))

    assert "_" not in letter.subject + letter.text
    names = {language(code).kind(kind) for kind, _ in held}
    assert len(names) == len(held)
    assert language(code).kind("a_kind_of_tomorrow") not in names
    assert (
        len({line for line in letter.text.splitlines() if line.startswith("  ")}) == len(held) + 1
    )
