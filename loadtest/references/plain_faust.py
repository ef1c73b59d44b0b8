"""Plain Faust: an agent as the documentation shows it, one event, one parse, one send.

At least once, no table, no transaction: less work than charging, in the framework's own way.
"""

import argparse
import asyncio
import json
import logging
import sys
import time
import uuid
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import faust
import orjson

from topics.numerals import whole_number


def make_app(bootstrap: str, source: str, target: str) -> tuple[Any, Any, Any]:
    """Make the app and its two topics; nothing is created on the broker."""
    app = faust.App(
        f"plain-faust-{uuid.uuid4().hex[:8]}",
        broker=f"kafka://{bootstrap}",
        store="memory://",
        datadir=str(Path(gettempdir()) / "rater-faust"),
        value_serializer="raw",
        topic_allow_declare=False,
        topic_disable_leader=True,
        web_enabled=False,
    )
    return app, app.topic(source, value_type=bytes), app.topic(target, value_type=bytes)


async def run(bootstrap: str, source: str, target: str, records: int) -> dict[str, Any]:
    """Let the agent take so many events; return the measurement, from the first event on."""
    app, incoming, outgoing = make_app(bootstrap, source, target)
    finished: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()

    async def take(events: faust.Stream[bytes]) -> None:
        done, began, cpu = 0, 0.0, 0.0
        async for event in events.events():
            if not done:
                began, cpu = time.monotonic(), time.process_time()
            await outgoing.send(key=event.key, value=_again(event.value))
            done += 1
            if done == records and not finished.done():
                took, spent = time.monotonic() - began, time.process_time() - cpu
                each = spent / done * 1e6
                finished.set_result({"records": done, "per_s": done / took, "cpu_us": each})

    app.agent(incoming)(take)
    await app.start()
    try:
        return await finished
    finally:
        await app.stop()


def _again(value: bytes | None) -> bytes:
    """Return the JSON parsed and encoded anew; what cannot be parsed as it is."""
    try:
        return orjson.dumps(orjson.loads(value or b""))
    except orjson.JSONDecodeError:
        return value or b""


def main() -> None:
    """Run and print one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--broker", required=True)
    parser.add_argument("--source", required=True)
    parser.add_argument("--target", required=True)
    parser.add_argument("--records", type=whole_number, required=True)
    asked = parser.parse_args()
    logging.basicConfig(level=logging.ERROR)
    result = asyncio.run(run(asked.broker, asked.source, asked.target, asked.records))
    sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
