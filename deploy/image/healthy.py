"""Ask a service in this container whether it does its work: exit code 0 when /readyz says so, else 1 and its reasons.

`python /opt/rater/deploy/image/healthy.py PORT`; standard library only.
"""

from __future__ import annotations

import sys
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

TIMEOUT_S = 5.0


def main(arguments: list[str]) -> int:
    """Ask; return the exit code."""
    port = "".join(arguments)
    if not (port.isascii() and port.isdecimal() and len(arguments) == 1):
        print(f"PORT must be a whole number, found {' '.join(arguments)!r}")
        return 1
    try:
        with urlopen(f"http://127.0.0.1:{port}/readyz", timeout=TIMEOUT_S) as answer:
            print(answer.read().decode(errors="replace"))
    except HTTPError as error:
        print(f"{error.code} {error.read().decode(errors='replace')}")
        return 1
    except (URLError, OSError) as error:
        print(f"nobody answers on port {port}: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
