"""Kafka Streams: the same CDRs through a Java program of ours, priced, with a balance a tenant.

The program lies in `kafka_streams/`; its main class says what it does not do. Here it is built,
started, and its balances are compared with what they must be.
"""

import os
from pathlib import Path

import orjson

from loadtest.broker import java_folder
from loadtest.generate import Workload
from loadtest.service import Program
from loadtest.tariff import Tariff, charge_micros
from loadtest.topic_log import read
from topics.catalog import ACCOUNT_COMMANDS, CDR_RAW

PROJECT = Path(__file__).with_name("kafka_streams")
APPLICATION = "reference-kafka-streams"
"""The application id, which is the name of its consumer group, too."""
CHARGES = "reference.streams-charges"
_JVM = ("-Xms1g", "-Xmx1g", "-XX:+UseParallelGC", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn")


class Streams(Program):
    """The program, with as many threads as it is given, each a member of its group."""

    def __init__(self, bootstrap: str, deck: Path, folder: Path, threads: int, *more: str) -> None:
        """Build it if it is not built; its log and its state go into the folder."""
        home = os.environ.get("JAVA_HOME")
        java = str(Path(home) / "bin" / "java") if home else "java"
        options = {
            "broker": bootstrap,
            "application": APPLICATION,
            "cdrs": CDR_RAW.name,
            "commands": ACCOUNT_COMMANDS.name,
            "charges": CHARGES,
            "deck": deck,
            "state": folder / "state",
            "threads": threads,
        }
        words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
        program = ("-cp", f"{java_folder(PROJECT)}/*", "rater.reference.Reference")
        command = [java, *_JVM, *program, *words, *more]
        super().__init__("Kafka Streams", command, folder / "streams.log")


def predict(workload: Workload, deck: Path) -> dict[bytes, int]:
    """Return each tenant's balance in the end, micros, by the rules of the reference."""
    balances = dict.fromkeys((each.key for each in workload.population.tenants), 0)
    for _, key, value in workload.commands():
        assert value is not None
        balances[key] += orjson.loads(value).get("amount_micros", 0)
    homes = {each.key: each.partition for each in workload.population.tenants}
    tariff = Tariff.read(deck)
    for partition, key, value in workload.cdrs():
        if homes.get(key) == partition:
            balances[key] -= _price_micros(tariff, value)
    return balances


async def balances(bootstrap: str) -> dict[bytes, int]:
    """Return each tenant's balance as its last charge says; one without a charge has none."""
    return {
        record.key: orjson.loads(record.value)["balance_micros"]
        async for record in read(bootstrap, CHARGES)
        if record.key is not None and record.value is not None
    }


def differences(found: dict[bytes, int], wanted: dict[bytes, int]) -> list[str]:
    """Name every tenant with a charge whose balance is another one; none: they agree."""
    return [
        f"{key.decode()}: {found[key]}, expected {wanted.get(key)}"
        for key in sorted(found)
        if found[key] != wanted.get(key)
    ]


def _price_micros(tariff: Tariff, value: bytes | None) -> int:
    """Return what the reference takes for a record; one that it cannot read costs nothing."""
    try:
        cdr = orjson.loads(value or b"")
    except orjson.JSONDecodeError:
        return 0
    billsec, direction, number = cdr.get("billsec"), cdr.get("direction"), cdr.get("to")
    if not isinstance(billsec, int) or billsec <= 0 or cdr.get("disposition") != "answered":
        return 0
    if direction not in {"in", "out"} or not number[1:].isdigit() or not number.startswith("+"):
        return 0
    row = tariff.match(direction, number)
    return charge_micros(row.terms, billsec) if row is not None else 0
