"""Web: the pages that people look at, where Alertmanager posts its alerts, and customers' webhooks; on the loopback."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp
from aiohttp import web

from loadtest.observe import hooks
from loadtest.observe.drawn import pages
from loadtest.observe.drawn.dashboards import dashboards
from loadtest.observe.drawn.series import Prometheus, QueryError, Range, of_dashboard
from loadtest.observe.ports import HOST

RECEIVER: Final = "/alerts"
_REFRESH_S: Final = 5
_MINUTES: Final = 15


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert as it was received."""

    name: str
    firing: bool
    """False: it is over."""
    labels: dict[str, str]
    summary: str
    description: str
    runbook: str


@dataclass(slots=True)
class Received:
    """All alerts that have come, in their order; `told` is called with each."""

    told: Callable[[Alert], None]
    alerts: list[Alert] = field(default_factory=list)

    def take(self, posted: dict[str, Any]) -> None:
        """Take what Alertmanager posts; what it only says again is left out."""
        for each in posted["alerts"]:
            notes = each["annotations"]
            alert = Alert(
                each["labels"]["alertname"], each["status"] == "firing", each["labels"],
                notes["summary"], notes["description"], notes["runbook_url"],
            )  # fmt: skip
            if not self.is_known(alert):
                self.alerts.append(alert)
                self.told(alert)

    def is_known(self, alert: Alert) -> bool:
        """Say whether this was the last that was heard of it."""
        last = [a for a in self.alerts if a.labels == alert.labels]
        return bool(last) and last[-1].firing == alert.firing

    def fires(self, name: str, **labels: str) -> bool:
        """Say whether an alert of that name, with these labels among its own, fires now."""
        now: dict[tuple[tuple[str, str], ...], bool] = {}
        for alert in self.alerts:
            if alert.name == name and labels.items() <= alert.labels.items():
                now[tuple(sorted(alert.labels.items()))] = alert.firing
        return any(now.values())


@asynccontextmanager
async def serving(
    port: int, prometheus: str, every_s: int, received: Received
) -> AsyncIterator[str]:
    """Serve pages and receiver for as long as the context lasts; yield the address of the pages."""
    asked = Prometheus(prometheus)
    began_s = time.time()
    boards = dashboards()

    async def show(request: web.Request) -> web.Response:
        board = boards.get(request.match_info["uid"])
        if board is None:
            raise web.HTTPNotFound(text=f"no such dashboard; there are {', '.join(boards)}\n")
        minutes = float(request.query.get("minutes", _MINUTES))
        end_s = time.time()
        over = Range(max(end_s - 60 * minutes, min(began_s, end_s - 60)), end_s, every_s)
        try:
            found = await of_dashboard(asked, board, over)
        except (QueryError, aiohttp.ClientError) as error:
            raise web.HTTPBadGateway(text=f"Prometheus does not answer: {error}\n") from None
        refresh_s = None if "still" in request.query else _REFRESH_S
        made = pages.page(board, found, over, boards, refresh_s)
        return web.Response(text=made, content_type="text/html")

    async def first(_: web.Request) -> web.Response:
        raise web.HTTPFound(f"/{next(iter(boards))}")

    async def receive(request: web.Request) -> web.Response:
        received.take(await request.json())
        return web.Response()

    app = web.Application()
    app.add_routes(hooks.Hooks().routes())
    app.add_routes([web.get("/", first), web.get("/{uid}", show), web.post(RECEIVER, receive)])
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, HOST, port).start()
        yield f"http://{HOST}:{port}/"
    finally:
        await runner.cleanup()
        await asked.close()
