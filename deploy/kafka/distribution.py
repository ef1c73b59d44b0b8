"""The distribution: jars from Maven Central, of Apache Kafka and of a program of ours that is built there."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

HERE = Path(__file__).resolve().parent
JVM_OPTIONS = ("-Xmx512m", "-XX:+UseSerialGC", "-XX:-UsePerfData")
SHORT_LIVED = ("-XX:TieredStopAtLevel=1",)
"""The quick compiler alone: starting takes 40 % less CPU, and what runs for minutes takes more."""
_STAMP = "pom.sha256"


class BrokerError(Exception):
    """A broker that could not be fetched, started or reached; the text says what to do."""


def fetch(home: Path, say: Callable[[str], None]) -> Path:
    """Copy the jars that pom.xml names into home/jars, unless they are there, and return that.

    Safe to call from several processes at once. Raises BrokerError with Maven's words when it fails.
    """
    with lock(home / "fetch.lock"):
        if not _is_made(home / "jars", [HERE / "pom.xml"]):
            say("fetching Apache Kafka 4.3.0 with mvn (45 MB, once) ...")
            _make(home / "jars", [HERE / "pom.xml"])
    return home / "jars"


def build(program: Path, home: Path, say: Callable[[str], None]) -> Path:
    """Build the Maven project in a folder into home/NAME, unless it is there, and return that.

    Its own jar and those that it needs lie there side by side; nothing is written beside the
    sources. As safe, and failing in the same way, as `fetch`.
    """
    made = home / program.name
    sources = [program / "pom.xml", *sorted((program / "src").rglob("*.java"))]
    with lock(home / "fetch.lock"):
        if not _is_made(made, sources):
            say(f"building {program.name} with mvn (90 MB, once) ...")
            _make(made, sources, "package")
    return made


def java(jars: Path, folder: Path, *arguments: str, options: Iterable[str] = ()) -> list[str]:
    """Build the command line of one of Kafka's main classes; it writes under `folder` alone."""
    java_home = os.environ.get("JAVA_HOME")
    program = str(Path(java_home) / "bin" / "java") if java_home else "java"
    own = (
        f"-Djava.io.tmpdir={folder / 'tmp'}",
        f"-Dkafka.logs.dir={folder / 'logs'}",
        f"-Dlog4j2.configurationFile={HERE / 'log4j2.properties'}",
    )
    return [program, *JVM_OPTIONS, *options, *own, "-cp", f"{jars}/*", *arguments]


def run(command: list[str], failure: str) -> None:
    """Run a program to its end; raise BrokerError with all that it printed when it fails."""
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
    except FileNotFoundError as error:
        needs = f"{command[0]} is not installed: `python3 deploy/check_tools.py` says how to"
        raise BrokerError(needs) from error
    if done.returncode != 0:
        raise BrokerError(f"{failure}:\n{done.stdout}{done.stderr}")


def _is_made(folder: Path, sources: Sequence[Path]) -> bool:
    """Tell whether the folder was made of these very sources."""
    stamp = folder / _STAMP
    return stamp.is_file() and stamp.read_text() == _digest(sources)


def _make(folder: Path, sources: Sequence[Path], *goals: str) -> None:
    """Let Maven put what the pom, the first source, makes and names into the folder.

    Maven's own repository lies beside it while it works, and is removed afterwards.
    """
    partial, repository = folder.with_name(f"{folder.name}.partial"), folder.with_name("m2")
    shutil.rmtree(partial, ignore_errors=True)
    options = ["-B", "-q", "-f", str(sources[0]), f"-Dmaven.repo.local={repository}"]
    places = [f"-Doutput={partial}", f"-DoutputDirectory={partial}"]
    copy = ["dependency:copy-dependencies", "-DincludeScope=runtime"]
    run(["mvn", *options, *places, *goals, *copy], f"mvn could not make {folder.name}")
    (partial / _STAMP).write_text(_digest(sources))
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)
    shutil.rmtree(repository, ignore_errors=True)


def _digest(sources: Sequence[Path]) -> str:
    return hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()


@contextlib.contextmanager
def lock(path: Path) -> Iterator[None]:
    """Hold a lock among processes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
