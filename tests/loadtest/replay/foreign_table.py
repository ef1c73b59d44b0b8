"""A large CSV of a foreign switch: rows of Asterisk's Master.csv, again and again, with other calls in them.

    python -m tests.loadtest.replay.foreign_table FOLDER --rows 200000 --per-second 5000

writes `calls.csv` and `map.toml`. The rows come from ../shared/data/formats/cdrs, which the project does not depend on.
Of each, account, number, times, seconds and id are other ones; the columns that a CDR of ours lacks stay as they are.
"""

from __future__ import annotations

import argparse
import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from loadtest.numbers import Number, NumberPool
from loadtest.stage import SAMPLE_DECK
from loadtest.tariff import Tariff

SAMPLE = (
    Path(__file__).resolve().parents[4] / "shared" / "data" / "formats" / "cdrs"
) / "asterisk_Master.csv"
COLUMNS = (
    *("accountcode", "src", "dst", "dcontext", "clid", "channel", "dstchannel", "lastapp"),
    *("lastdata", "start", "answer", "end", "duration", "billsec", "disposition", "amaflags"),
    *("uniqueid", "userfield"),
)
TENANTS = 300
SINCE = datetime(2024, 3, 8, 10, tzinfo=UTC)
MAP = """
[fields.cdr_id]
column = "uniqueid"
[fields.tenant_id]
column = "accountcode"
[fields.direction]
value = "out"
[fields.to]
column = "dst"
strip = "00"
prefix = "+"
[fields.from]
column = "src"
[fields.started_at]
column = "start"
time = "%Y-%m-%d %H:%M:%S"
[fields.answered_at]
column = "answer"
time = "%Y-%m-%d %H:%M:%S"
[fields.ended_at]
column = "end"
time = "%Y-%m-%d %H:%M:%S"
[fields.billsec]
column = "billsec"
type = "integer"
[fields.disposition]
column = "disposition"
values = { ANSWERED = "answered", "NO ANSWER" = "no_answer", BUSY = "busy", FAILED = "failed" }
"""


def write(folder: Path, rows: int, per_second: int) -> tuple[Path, Path]:
    """Write so many calls, so many ending each second, and the map; return both."""
    with SAMPLE.open(encoding="utf-8", newline="") as lines:
        samples = [dict(zip(COLUMNS, row, strict=True)) for row in csv.reader(lines)]
    random = Random(1)
    numbers = NumberPool.draw(Tariff.read(SAMPLE_DECK), random).priced
    table, columns = folder / "calls.csv", folder / "map.toml"
    with table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        for number in range(rows):
            writer.writerow(
                _call(samples[number % len(samples)], number, per_second, numbers, random)
            )
    columns.write_text(MAP, encoding="utf-8")
    return table, columns


def _call(
    sample: dict[str, str],
    number: int,
    per_second: int,
    numbers: list[Number],
    random: Random,
) -> dict[str, str]:
    is_answered = sample["disposition"] == "ANSWERED"
    end = SINCE + timedelta(seconds=number // per_second)
    billsec = random.randint(1, 600) if is_answered else 0
    answer = end - timedelta(seconds=billsec)
    start = answer - timedelta(seconds=random.randint(1, 20))
    account = min(int(random.paretovariate(0.7)), TENANTS)
    return sample | {
        "accountcode": f"customer {account}",
        "dst": f"00{random.choice(numbers).text[1:]}",
        "start": _text(start),
        "answer": _text(answer) if is_answered else "",
        "end": _text(end),
        "duration": str(int((end - start).total_seconds())),
        "billsec": str(billsec),
        "uniqueid": f"{int(end.timestamp())}.{number}",
    }


def _text(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--per-second", type=int, default=5_000)
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    print(*write(asked.folder, asked.rows, asked.per_second))
