"""Write docs/deck-columns.md from the columns and the lint codes that the code goes by."""

from pathlib import Path

from rater.wire.pricing.deck_handbook import render

PAGE = Path(__file__).resolve().parents[1] / "docs" / "deck-columns.md"


def main() -> None:
    """Write the page."""
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(render(), encoding="utf-8")
    print(f"docs/{PAGE.name}: written")


if __name__ == "__main__":
    main()
