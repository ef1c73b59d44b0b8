"""What is compiled must be what the sources say."""

import json
import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from rater.shell.process import hot_path
from rater.shell.process.hot_path import (
    PACKAGE,
    StaleError,
    is_compiled,
    refuse_stale,
    stale_sources,
)


@pytest.fixture
def package(tmp_path: Path) -> Path:
    (tmp_path / "core.py").write_text("PRICE = 1\n")
    digest = sha256(b"PRICE = 1\n").hexdigest()
    (tmp_path / "compiled.json").write_text(json.dumps({"core.py": digest}))
    return tmp_path


def test_nothing_is_stale_after_a_build(package: Path) -> None:
    assert stale_sources(package) == []


def test_a_source_that_was_changed_after_the_build_is_named(package: Path) -> None:
    (package / "core.py").write_text("PRICE = 2\n")

    assert stale_sources(package) == ["core.py"]


def test_a_source_that_is_gone_is_named(package: Path) -> None:
    (package / "core.py").unlink()

    assert stale_sources(package) == ["core.py"]


def test_a_build_without_notes_is_not_trusted(tmp_path: Path) -> None:
    assert stale_sources(tmp_path) == ["compiled.json"]


def test_what_is_stale_is_refused_and_the_remedy_named(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hot_path, "is_compiled", lambda: True)
    refuse_stale(package)
    (package / "core.py").write_text("PRICE = 2\n")

    with pytest.raises(StaleError, match=r"core\.py.*make install.*RATER_INTERPRETED"):
        refuse_stale(package)


def test_what_is_not_compiled_is_never_stale(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hot_path, "is_compiled", lambda: False)

    refuse_stale(tmp_path)


@pytest.mark.skipif(not is_compiled(), reason="nothing is compiled here")
def test_the_notes_of_this_build_name_what_is_compiled() -> None:
    noted = set(json.loads((PACKAGE / "compiled.json").read_text()))
    found = {
        path.relative_to(PACKAGE).with_name(f"{path.name.partition('.')[0]}.py").as_posix()
        for path in PACKAGE.rglob("*.so")
    }

    assert found - {"hot_path__mypyc.py"} == noted


def test_on_request_the_sources_run_though_there_is_something_compiled() -> None:
    asked = "import rater.core.engine as e, rater.batch.charging.cdr_batch as b; print(e.__file__, b.__file__)"
    found = subprocess.run(
        [sys.executable, "-c", asked],
        env={**os.environ, "RATER_INTERPRETED": "1"},
        cwd=PACKAGE.parent,
        capture_output=True,
        text=True,
        check=True,
    )

    assert all(path.endswith(".py") for path in found.stdout.split())
