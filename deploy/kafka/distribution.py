"""The distribution: Apache Kafka's jars from Maven Central, and the Java programs in them."""

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
    from collections.abc import Callable, Iterable, Iterator

HERE = Path(__file__).resolve().parent
JVM_OPTIONS = ("-Xmx512m", "-XX:+UseSerialGC", "-XX:-UsePerfData")
SHORT_LIVED = ("-XX:TieredStopAtLevel=1",)
"""The quick compiler alone: starting takes 40 % less CPU, and what runs for minutes takes more."""


class BrokerError(Exception):
    """A broker that could not be fetched, started or reached; the text says what to do."""


def fetch(home: Path, say: Callable[[str], None]) -> Path:
    """Copy the jars that pom.xml names into home/jars, unless they are there, and return that.

    Safe to call from several processes at once. Maven's own repository lies under `home` too while
    it works, and is removed afterwards. Raises BrokerError with Maven's words when it fails.
    """
    jars, stamp = home / "jars", home / "jars" / "pom.sha256"
    wanted = hashlib.sha256((HERE / "pom.xml").read_bytes()).hexdigest()
    with lock(home / "fetch.lock"):
        if stamp.is_file() and stamp.read_text() == wanted:
            return jars
        say("fetching Apache Kafka 4.3.0 with mvn (45 MB, once) ...")
        partial, repository = home / "jars.partial", home / "m2"
        shutil.rmtree(partial, ignore_errors=True)
        _copy_dependencies(partial, repository)
        (partial / stamp.name).write_text(wanted)
        shutil.rmtree(jars, ignore_errors=True)
        partial.rename(jars)
        shutil.rmtree(repository, ignore_errors=True)
    return jars


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


def _copy_dependencies(output: Path, repository: Path) -> None:
    """Let Maven copy what the pom names into `output`, with a local repository of its own."""
    options = ["-B", "-q", "-f", str(HERE / "pom.xml"), f"-Dmaven.repo.local={repository}"]
    goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={output}"]
    run(["mvn", *options, *goal], "mvn could not fetch Apache Kafka")


@contextlib.contextmanager
def lock(path: Path) -> Iterator[None]:
    """Hold a lock among processes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
