"""The desk of statements: who asks together is answered by one reading, and a failure reaches all who wait.

What is read is proven on real Kafka by tests/e2e/test_monthly_kafka.py; here it is a function of the test.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from rater.kafka.broker import Broker
from rater.shell.enquiries.enquiry import Enquiry, EnquiryError
from rater.shell.notifier import statements
from rater.shell.notifier.statements import StatementDesk
from rater.views.statement.figures import CallSum, Figures
from rater.views.statement.period import Clocks, period_of
from tests.shell.notifier.notices import golden
from topics.fields import AMOUNT_MICROS_MAX
from topics.records.notifications import StatementReadyNotification
from topics.schema import FOLDER

Asked = list[dict[str, str]]
MONTHS = [f"{2000 + number // 12}-{number % 12 + 1:02}" for number in range(65)]
"""More months of late calls than a notification may have."""
ODD: dict[str, dict[str, Any]] = {
    "faulty": {"faults": ["of the test"]},
    "late": {"late": {month: CallSum(1, 60, 1) for month in MONTHS}},
    "rich": {"movements": Counter(paid=AMOUNT_MICROS_MAX + 1)},
}


def notice(tenant: str, month: str = "2025-01") -> StatementReadyNotification:
    return golden("statement_ready", tenant_id=tenant, month=month, figures=None)  # type: ignore[no-any-return]


def figures(tenant: str, month: str, **changes: Any) -> Figures:
    """Return a month in which nothing happened; the closing balance tells whose."""
    found = Figures(tenant, period_of(month, Clocks("UTC", [])))
    found.currency, found.is_closed = "USD", True
    found.opening_micros = found.closing_micros = len(tenant)
    for name, value in changes.items():
        setattr(found, name, value)
    return found


def desk(
    monkeypatch: pytest.MonkeyPatch, failing: Exception | None = None
) -> tuple[StatementDesk, Asked]:
    asked: Asked = []

    async def read(_: Enquiry, months: Mapping[str, str]) -> dict[str, Figures]:
        asked.append(dict(months))
        await asyncio.sleep(0.1)
        if failing is not None:
            raise failing
        return {
            tenant: figures(tenant, month, **ODD.get(tenant, {}))
            for tenant, month in months.items()
            if tenant != "nobody"
        }

    monkeypatch.setattr(statements, "read_statements", read)
    return StatementDesk(Broker("127.0.0.1:1"), 8, gather_s=0.01), asked


async def test_who_asks_together_is_answered_by_one_reading_a_month(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    it, asked = desk(monkeypatch)
    wanted = [notice("a"), notice("bb"), notice("a"), notice("ccc", "2025-02")]

    told = await asyncio.gather(*map(it.complete, wanted))

    assert asked == [{"a": "2025-01", "bb": "2025-01"}, {"ccc": "2025-02"}]
    assert [each.figures.closing_micros for each in told if each.figures] == [1, 2, 1, 3]
    assert [msgspec.structs.replace(each, figures=None) for each in told] == wanted


async def test_who_asks_while_a_month_is_read_is_answered_by_the_next_reading(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    it, asked = desk(monkeypatch)

    async def when_the_first_is_read() -> StatementReadyNotification:
        await asyncio.sleep(0.05)
        assert len(asked) == 1
        return await it.complete(notice("bb"))

    told = await asyncio.gather(it.complete(notice("a")), when_the_first_is_read())

    assert asked == [{"a": "2025-01"}, {"bb": "2025-01"}]
    assert all(each.figures is not None for each in told)


@pytest.mark.parametrize("tenant", ["nobody", *ODD])
async def test_a_month_without_figures_is_told_without_them(
    monkeypatch: pytest.MonkeyPatch, tenant: str
) -> None:
    it, _ = desk(monkeypatch)

    told = await asyncio.gather(it.complete(notice(tenant)), it.complete(notice("bb")))

    assert [each.figures is None for each in told] == [True, False]


async def test_what_cannot_be_read_for_good_is_told_without_figures(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    it, _ = desk(monkeypatch, EnquiryError("no ledger"))

    assert (await it.complete(notice("a"))).figures is None


async def test_a_failure_reaches_all_who_wait_and_the_desk_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    it, asked = desk(monkeypatch, OSError("broken"))

    found = await asyncio.gather(
        it.complete(notice("a")), it.complete(notice("bb")), return_exceptions=True
    )
    assert [str(each) for each in found] == ["broken", "broken"]
    with pytest.raises(OSError, match="broken"):
        await it.complete(notice("a"))
    assert len(asked) == 2


def test_the_page_shows_the_body_of_a_webhook_as_it_is() -> None:
    page = (FOLDER.parent / "docs" / "operating" / "statements.md").read_text(encoding="utf-8")
    shown = page.partition("```json\n")[2].partition("```")[0]

    assert msgspec.json.decode(shown, type=StatementReadyNotification) == golden("statement_ready")
