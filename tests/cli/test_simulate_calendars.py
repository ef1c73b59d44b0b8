"""`rater simulate` with decks whose rows name a calendar."""

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from rater.cli.simulate import simulate

HEAD = {"tenant_id": "acme", "currency": "USD"}
LINES: list[tuple[str, str, dict[str, Any]]] = [
    (
        "account.commands.v1",
        "2026-12-20T00:00:00Z",
        {**HEAD, "type": "open_account", "command_id": "o1", "decks": ["d"]},
    ),
    (
        "cdr.raw.v1",
        "2026-12-25T00:00:30Z",
        {
            "cdr_id": "c1",
            "tenant_id": "acme",
            "direction": "out",
            "to": "+33142685300",
            "started_at": "2026-12-24T23:59:30Z",
            "answered_at": "2026-12-24T23:59:30Z",
            "ended_at": "2026-12-25T00:00:30Z",
            "billsec": 60,
        },
    ),
]


def test_their_dates_come_of_a_file(tmp_path: Path) -> None:
    deck, dates, story = tmp_path / "deck.csv", tmp_path / "dates.csv", tmp_path / "story.jsonl"
    deck.write_text("prefix,rate,increment,calendar\n33,0.6,1/1,\n33,0.3,1/1,holidays\n")
    dates.write_text("calendar,date\nholidays,2026-12-25\n")
    told = [
        {"topic": topic, "key": "acme", "timestamp": at, "value": value}
        for topic, at, value in LINES
    ]
    story.write_text("".join(json.dumps(line) + "\n" for line in told))

    asked = ["--deck", f"d={deck}", "--calendars", str(dates), str(story)]
    done = CliRunner().invoke(simulate, asked)
    missing = CliRunner().invoke(simulate, ["--deck", f"d={deck}", str(story)])

    assert done.exit_code == 0, done.output
    written = [json.loads(line)["value"] for line in done.stdout.splitlines()]
    # 30 s at 0.01, 30 s of Christmas at 0.005.
    assert [value["charge_micros"] for value in written if value.get("kind") == "charge"] == [
        450_000
    ]
    assert missing.exit_code == 1
    assert "'holidays' is not a calendar of the deck" in missing.stderr
