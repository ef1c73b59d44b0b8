"""The README's commands that need no Kafka: each is run, and its output is what the README shows."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BLOCKS = re.findall(r"```console\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
SHOWN = [block for block in BLOCKS if not block.rstrip().split("\n")[-1].startswith("$ ")]


def commands(block: str) -> list[tuple[str, str]]:
    parts = re.split(r"^\$ (.*)\n", block, flags=re.MULTILINE)[1:]
    return list(zip(parts[::2], parts[1::2], strict=True))


@pytest.mark.parametrize("block", SHOWN, ids=range(len(SHOWN)))
def test_the_readme_shows_what_its_commands_print(block: str, tmp_path: Path) -> None:
    for command, output in commands(block):
        if command.startswith("cat "):
            (tmp_path / command.split()[1]).write_text(output)
            continue
        assert command.startswith("rater "), command
        python = f"{shlex.quote(sys.executable)} -m {command}"
        located = python.replace("rater/data/", f"{ROOT}/rater/data/")
        done = subprocess.run(
            ["bash", "-c", located],
            cwd=tmp_path,
            env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (output, "") == (done.stdout, done.stderr)


def test_the_readme_shows_some_output() -> None:
    assert len(SHOWN) >= 2
