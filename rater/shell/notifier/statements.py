"""Statements: the figures of months that are over, as `rater statement` has them, for many accounts by one reading.

Rule 1: who is told of a month is told once it is closed, and a statement that is closed never changes (R28): asked for
        again, after whatever end of the process, the figures are the same.
Rule 2: months of a partition that are asked for together are read together: when a thousand accounts turn their month
        in one second, each partition's month is read, not each account's.
Rule 3: figures that do not add up, of which the ledger is gone, or that are beyond what a notification may have, are
        not told; that the month is over is. Those of one account keep nobody else's back.
"""

import asyncio
import logging
from contextlib import suppress
from typing import Any, Final

import msgspec

from rater.kafka.broker import Broker
from rater.shell.enquiries.enquiry import Enquiry, EnquiryError
from rater.shell.enquiries.statement import read_statements
from rater.views.statement.figures import Figures
from topics.catalog import ACCOUNTS_CHANGELOG, LEDGER
from topics.records.notifications import (
    StatementFigures,
    StatementLateCalls,
    StatementReadyNotification,
)

GATHER_S: Final = 1.0
"""How long is waited for others of the same partition before their month is read."""
READ: Final = (LEDGER, ACCOUNTS_CHANGELOG)
"""The topics that statements are made of."""
_Wanted = dict[tuple[str, str], asyncio.Future[StatementFigures | None]]

log = logging.getLogger(__name__)


class StatementDesk:
    """Those of one partition, which are read one crowd at a time."""

    def __init__(self, broker: Broker, partitions: int, gather_s: float = GATHER_S) -> None:
        """Read nothing yet; each topic has so many partitions."""
        self._enquiry = Enquiry(broker, {topic.name: partitions for topic in READ})
        self._gather_s = gather_s
        self._wanted: _Wanted = {}
        self._reading: asyncio.Task[None] | None = None

    async def complete(self, notice: StatementReadyNotification) -> StatementReadyNotification:
        """Return the notification with its figures, or as it is where they cannot be told."""
        asked = (notice.tenant_id, notice.month)
        future = self._wanted.get(asked)
        if future is None:
            future = self._wanted[asked] = asyncio.get_running_loop().create_future()
        if self._reading is None:
            self._reading = asyncio.create_task(self._read_all())
        figures = await asyncio.shield(future)
        return msgspec.structs.replace(notice, figures=figures)

    def close(self) -> None:
        """Read no further: the partition is another's."""
        if self._reading is not None:
            self._reading.cancel()

    async def _read_all(self) -> None:
        """Read what is asked for, until nothing more is."""
        try:
            while self._wanted:
                await asyncio.sleep(self._gather_s)
                crowd, self._wanted = self._wanted, {}
                try:
                    await self._answer(crowd)
                except Exception as error:  # noqa: BLE001 (Whoever waits raises it.)
                    for future in crowd.values():
                        if not future.done():
                            future.set_exception(error)
        finally:
            self._reading = None

    async def _answer(self, crowd: _Wanted) -> None:
        for months in _by_month(crowd):
            found = await self._read(months)
            for tenant, month in months.items():
                crowd[tenant, month].set_result(_told(tenant, month, found.get(tenant)))

    async def _read(self, months: dict[str, str]) -> dict[str, Figures]:
        try:
            return await read_statements(self._enquiry, months)
        except EnquiryError as error:
            log.warning("statements cannot be read: %(error)s", {"error": str(error)})
            return {}


def _by_month(crowd: _Wanted) -> list[dict[str, str]]:
    """Return who is asked for, by month: what lies months apart is not read in one."""
    months: dict[str, dict[str, str]] = {}
    for tenant, month in crowd:
        months.setdefault(month, {})[tenant] = month
    return [months[month] for month in sorted(months)]


def _told(tenant: str, month: str, figures: Figures | None) -> StatementFigures | None:
    told = None
    if figures is not None and figures.is_closed and not figures.faults:
        # The ledger bounds an entry, and no sum of them: what does not fit would end the process again and again.
        with suppress(msgspec.ValidationError):
            told = figures_of(figures)
    if told is None:
        log.error(
            "the statement of %(tenant_id)s of %(month)s is told without figures: see `rater statement`",
            {"tenant_id": tenant, "month": month},
        )
    return told


def figures_of(figures: Figures) -> StatementFigures:
    """Return what is told of a statement: the same names and numbers as it has for programs."""
    said: dict[str, Any] = figures.fields()
    said |= said["calls"]
    told = _fields_of(StatementFigures, said)
    told["movements"] = [each for each in said["movements"] if each["amount_micros"]]
    told["late"] = [_fields_of(StatementLateCalls, each) for each in said["late"]]
    return msgspec.convert(told, StatementFigures)


def _fields_of(kind: type[msgspec.Struct], said: dict[str, Any]) -> dict[str, Any]:
    return {name: said[name] for name in kind.__struct_fields__}
