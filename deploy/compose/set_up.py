"""What an empty, secured Kafka needs before services start: a login for each role, its rights, and the topics.

`python -m deploy.compose.set_up`, in the image; run again, it changes nothing but passwords that are new. It comes to
the broker with the certificate of the administrator (SET_UP_BROKER, `host:port`), and reads SET_UP_LOGINS, a folder:

    ca.pem, admin.pem, admin.key     whom to trust, and as whom to come
    ROLE.password                    of each role of `rater topics acls`

Topics are made by `rater topics create`, with the login that RATER_KAFKA_... names. Exit code 0: all is there.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from deploy.kafka.certificates import Certificate
from deploy.kafka.distribution import BrokerError
from deploy.kafka.wire import Wire, administrator, visitor

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

USERS_S = 30.0
"""How long users that were made may take to arrive at the broker."""
POLL_S = 0.2


def main() -> int:
    """Set it up; return the exit code."""
    logins = Path(os.environ["SET_UP_LOGINS"])
    try:
        rules = rights()
        roles = sorted({rule["principal"].removeprefix("User:") for rule in rules})
        set_up(os.environ["SET_UP_BROKER"], logins, roles, rules)
        wait_for(os.environ["RATER_BROKER"], logins / "ca.pem", roles)
    except (BrokerError, OSError) as error:
        print(f"set-up: {error}", file=sys.stderr)
        return 1
    print(f"set-up: {len(roles)} logins, {len(rules)} access rules", flush=True)
    return subprocess.run(["rater", "topics", "create"], check=False).returncode


def rights() -> list[Mapping[str, str]]:
    """Return the access rules of the release that this is."""
    command = ["rater", "topics", "acls", "--format", "json"]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    rules: list[Mapping[str, str]] = json.loads(printed)
    return rules


def set_up(
    address: str, logins: Path, roles: Sequence[str], rules: Sequence[Mapping[str, str]]
) -> None:
    """Give each role its password and its rules; BrokerError or OSError where that fails."""
    passwords = {role: (logins / f"{role}.password").read_text().strip() for role in roles}
    own = Certificate(logins / "admin.pem", logins / "admin.key")
    with Wire.to(address, administrator(logins / "ca.pem", own)) as wire:
        wire.set_passwords(passwords)
        wire.grant(rules)


def wait_for(addresses: str, ca: Path, roles: Sequence[str]) -> None:
    """Wait until every role may begin to log in; BrokerError where one may not in time."""
    address = addresses.partition(",")[0]
    deadline = time.monotonic() + USERS_S
    for role in roles:
        while not _knows(address, ca, role):
            if time.monotonic() > deadline:
                raise BrokerError(f"{role} cannot log in at {address} after {USERS_S:.0f} s")
            time.sleep(POLL_S)


def _knows(address: str, ca: Path, role: str) -> bool:
    with Wire.to(address, visitor(ca)) as wire:
        return wire.knows(role)


if __name__ == "__main__":
    sys.exit(main())
