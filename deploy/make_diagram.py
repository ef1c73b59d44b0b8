"""Write the picture of the recharge state machine into ARCHITECTURE.md, from the table that the code goes by."""

import re
from pathlib import Path

from rater.core.recharge.machine import diagram

DOCUMENT = Path(__file__).resolve().parents[1] / "ARCHITECTURE.md"
MARKED = re.compile(r"(<!-- generated: recharge -->\n).*?(<!-- end -->)", re.DOTALL)


def main() -> None:
    """Write the picture between its marks."""
    picture = f"```mermaid\n{diagram()}\n```\n"
    text = DOCUMENT.read_text(encoding="utf-8")
    DOCUMENT.write_text(MARKED.sub(lambda m: m[1] + picture + m[2], text), encoding="utf-8")
    print(f"{DOCUMENT.name}: written")


if __name__ == "__main__":
    main()
