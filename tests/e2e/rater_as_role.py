"""`rater` as somebody would type it who has taken the right login first, where there are logins."""

import os
import sys

from tests.e2e.logins import environment

if __name__ == "__main__":
    words = sys.argv[1:]
    os.execve(sys.executable, [sys.executable, "-m", "rater", *words], environment(*words))  # noqa: S606
