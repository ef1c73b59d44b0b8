"""Hooks: where customers are told by webhook; each answers in a way that its address names."""

from collections import Counter
from http import HTTPStatus
from typing import Final

from aiohttp import web

_PATH: Final = "/hooks/"
_FAILURES: Final = 5
"""As many as the notifier takes before it leaves the URL alone for half a minute."""
WELL: Final = ("taken",)
"""Ways in which webhooks answer, given to tenants in turn."""
TROUBLED: Final = ("taken", "taken", "busy", "taken", "gone", "taken", "taken", "taken")


def address(page: str, way: str) -> str:
    """Return the URL of a webhook: `taken`; `busy`, which takes it after some tries; `gone`, which never does."""
    return page.rstrip("/") + _PATH + way


class Hooks:
    """What has been told; a notification by its `webhook-id`."""

    def __init__(self) -> None:
        self.tries: Counter[str] = Counter()

    def routes(self) -> list[web.RouteDef]:
        """Return what the web server is to serve."""
        return [web.post(_PATH + "{way}", self._told)]

    async def _told(self, request: web.Request) -> web.Response:
        notification = request.headers["webhook-id"]
        self.tries[notification] += 1
        match request.match_info["way"]:
            case "gone":
                return web.Response(status=HTTPStatus.GONE)
            case "busy" if self.tries[notification] <= _FAILURES:
                return web.Response(status=HTTPStatus.SERVICE_UNAVAILABLE)
        return web.Response(status=HTTPStatus.NO_CONTENT)
