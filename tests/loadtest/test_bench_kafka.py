"""The benchmark of a worker on real Kafka, in small: users, pools and payment later, and the money as predicted."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Fewer are charged between two looks at the offsets on a quick machine, and there is nothing to measure.
SMALL = ("--worker-only", "--cdrs", "12000", "--tenants", "6")
USERS = ("--plans", "drawn", "--users", "20", "--post-paid", "50")

pytestmark = pytest.mark.kafka


def test_users_pools_and_months_come_out_as_predicted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RATER_BROKER", raising=False)
    command = [sys.executable, "-m", "loadtest.bench", *SMALL, *USERS]

    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=180, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert (found["reconciled"], found["as_predicted"]) == (True, True)
    assert found["pooled"] > 0
