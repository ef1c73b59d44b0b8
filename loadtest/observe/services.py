"""Services: the circle and all that stands beside it, each where Prometheus looks for it."""

import asyncio
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import aiohttp

from loadtest import stage
from loadtest.broker import ROOT
from loadtest.circle.services import Circle, circle
from loadtest.observe.ports import HOST
from loadtest.plan import Plan
from loadtest.rater_command import CommandError, now_ms, run
from loadtest.service import Service

JOBS: Final = (
    "charging", "recharge", "gateway", "notifier", "gatekeeper", "watch", "canary", "reconciler", "recycler",
)  # fmt: skip
CANARY: Final = "canary"
"""The tenant."""
READY_S: Final = 180.0
_HOOKS_ARE_HERE: Final = "--webhook-allow-insecure"
_CANARY_DECK: Final = ROOT / "rater" / "data" / "canary_deck.csv"
_IN_FORCE_IN_MS: Final = 90_000
"""Settings come into force a minute after they are loaded, or later."""


def prepare(bootstrap: str, folder: Path, plan: Plan) -> float:
    """Make topics, load decks, plans, settings with a canary tenant; return when those are in force, in seconds."""
    stage.create_topics(bootstrap)
    stage.load_deck(bootstrap, plan)
    stage.load_plans(bootstrap, plan)
    named = ("--deck-id", CANARY, "--version", "1", "--currency", "XTS")
    since = ("--valid-from", "2024-01-01T00:00:00Z", "--broker", bootstrap)
    run("deck", "load", str(_CANARY_DECK), *named, *since)
    in_force_s = (now_ms() + _IN_FORCE_IN_MS) // 1_000
    settings = folder / "settings.json"
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(in_force_s))
    settings.write_text(json.dumps({"version": 1, "valid_from": at, "canary_tenants": [CANARY]}))
    run("config", "load", str(settings), "--broker", bootstrap)
    return float(in_force_s)


@contextmanager
def watched(
    bootstrap: str, folder: Path, ports: Mapping[str, int]
) -> Iterator[tuple[Circle, dict[str, Service]]]:
    """Run the circle and all that stands beside it for as long as the context lasts; yield the circle and all services.

    The canary is among them and not started: its settings must be in force first (`start_canary`).
    """
    with ExitStack() as stack:
        played = stack.enter_context(
            circle(bootstrap, folder, metrics_ports=ports, notifier=(_HOOKS_ARE_HERE,))
        )
        words = {
            "watch": ("watch", "--every", "2"),
            "gatekeeper": ("gatekeeper", "--port", str(ports["questions"])),
            "reconciler": ("reconcile", "--follow", "--checkpoint", str(folder / "reconciler")),
            "recycler": ("recycler", "--every", "5"),
            "canary": ("canary", "--tenant", CANARY, "--every", "10"),
        }
        more = {
            name: Service(
                f"rater {name}", "rater",
                (*asked, "--broker", bootstrap, "--metrics-port", str(ports[name])), folder / f"{name}.log",
            )
            for name, asked in words.items()
        }  # fmt: skip
        for name, service in more.items():
            if name == "canary":
                stack.callback(service.stop)
            else:
                stack.enter_context(service)
        yield played, {**played.services, **more}


async def ready(services: Mapping[str, Service], ports: Mapping[str, int]) -> None:
    """Wait until services say that they are ready; CommandError when one ends or takes too long."""
    deadline = time.monotonic() + READY_S
    async with aiohttp.ClientSession() as session:
        for name, service in services.items():
            while not await _answers(session, f"http://{HOST}:{ports[name]}/readyz"):
                service.check()
                if time.monotonic() > deadline:
                    raise CommandError(f"{service.name} is not ready\n{service.last_lines()}")
                await asyncio.sleep(0.2)


async def _answers(session: aiohttp.ClientSession, address: str) -> bool:
    try:
        async with session.get(address) as answer:
            return answer.ok
    except aiohttp.ClientError:
        return False
