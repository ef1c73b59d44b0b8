"""The classes of a broker, as the JVM found them when one had started: whoever starts from them reads no jar again.

Brokers of tests live for seconds, and most of a start is loading classes: 3.7 s of CPU, from the archive 2.1 s. Making
it takes 9 s, once. The JVM holds an archive against its own version and the jars, and uses none that does not fit.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from deploy.kafka.address import HOST, answers, free_ports
from deploy.kafka.data_folder import format_once, new_id, settings_text
from deploy.kafka.distribution import SHORT_LIVED, java, lock
from deploy.kafka.process import within

if TYPE_CHECKING:
    from collections.abc import Sequence

TIMEOUT_S = 120.0
"""How long starting may take, and ending, which writes the archive."""


def archive_options(home: Path, jars: Path) -> tuple[str, ...]:
    """Return the options by which a JVM starts from the archive, which is made if it is not there yet.

    Safe to call from several processes at once. Empty where this JVM has made none; then it is not tried again.
    """
    archive = home / "classes" / f"{_digest(jars)}.jsa"
    with lock(home / "classes.lock"):
        if not archive.is_file():
            _make(archive, home, jars)
    return (f"-XX:SharedArchiveFile={archive}",) if archive.stat().st_size else ()


def _make(archive: Path, home: Path, jars: Path) -> None:
    """Start a broker of which nobody knows, end it in order, and keep the classes that it has loaded by then."""
    partial = archive.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    for folder in ("data", "logs", "tmp"):
        (partial / folder).mkdir(parents=True)
    port, controller_port = free_ports(2)
    format_once(partial / "data", home, jars, node=1, cluster_id=new_id())
    settings = partial / "server.properties"
    settings.write_text(settings_text(partial / "data", port, controller_port))
    made = partial / archive.name
    options = (*SHORT_LIVED, f"-XX:ArchiveClassesAtExit={made}")
    _start_and_end(java(jars, partial, "kafka.Kafka", str(settings), options=options), port)
    # An empty one says that this JVM makes none.
    made.touch()
    made.rename(archive)
    shutil.rmtree(partial, ignore_errors=True)


def _start_and_end(command: Sequence[str], port: int) -> None:
    """Run a broker until it answers. In our own session: who ends us ends it."""
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet) as broker:
        try:
            within(TIMEOUT_S, lambda: broker.poll() is not None or answers(f"{HOST}:{port}"))
            broker.terminate()
            within(TIMEOUT_S, lambda: broker.poll() is not None)
        finally:
            broker.kill()


def _digest(jars: Path) -> str:
    """Name what the archive is made of: the JVM, and the jars in their place."""
    program = java(jars, jars)[0]
    found = Path(shutil.which(program) or program).resolve()
    changed = found.stat().st_mtime_ns if found.exists() else 0
    stamps = sorted((jar.name, jar.stat().st_mtime_ns) for jar in jars.iterdir())
    return hashlib.sha256(repr((str(found), changed, str(jars), stamps)).encode()).hexdigest()[:16]
