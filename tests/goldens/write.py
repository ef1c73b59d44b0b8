"""`python -m tests.goldens.write`: write golden files that are missing, or that only gain; `--again` all that differ.

Who writes again says why: before 0.1.0 is tagged, a format that has changed; after it, never without a migration.
"""

import sys

from tests.goldens.frozen import FOLDER, texts


def main(arguments: list[str]) -> int:
    """Write; return 1 where a file differs and was left alone."""
    differing = 0
    files = texts()
    for path, text in files.items():
        there = path.exists()
        if there and path.read_text(encoding="utf-8") == text:
            continue
        lost = set(path.read_text(encoding="utf-8").splitlines() if there else ())
        lost -= set(text.splitlines())
        if lost and arguments != ["--again"]:
            name = path.relative_to(FOLDER)
            sys.stdout.write(f"{name}: {len(lost)} lines are not written any more: see --again\n")
            differing += 1
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        sys.stdout.write(f"{path.relative_to(FOLDER)}: written\n")
    return int(differing > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
