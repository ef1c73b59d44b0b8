"""Checkpoint: what the follower knows of each partition, kept in a file of its own, from which it goes on.

The first line is JSON: the layout, the digest of the code that folds, the cluster, the partition, and the digest of
what follows. Of other code or another cluster it is refused. What follows is pickled, and only the reconciler's own
classes, records of `topics` and plain containers are taken from it; who may write to the folder decides what is proven.
"""

import io
import json
import os
import pickle
from functools import cache
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Any

from rater.reconcile.follow.partition import Partition

LAYOUT = 1
_PACKAGE = Path(__file__).parents[1]
_OURS = ("rater.reconcile.", "topics.records.", "topics.fields")
_PLAIN = {
    ("builtins", "set"),
    ("builtins", "frozenset"),
    ("collections", "Counter"),
    ("collections", "defaultdict"),
    ("builtins", "dict"),
    ("builtins", "list"),
}


class CheckpointError(Exception):
    """A checkpoint is not one that may be gone on from; the message says what it must be, and what it is."""


class Checkpoints:
    """The checkpoints of one cluster; without a folder they are kept in memory alone."""

    def __init__(self, folder: Path | None, cluster: str, partitions: int) -> None:
        """Make the folder, where there is none."""
        self._folder = folder
        self._said = {
            "layout": LAYOUT,
            "code": code(),
            "cluster": cluster,
            "partitions": partitions,
        }
        self._partitions = partitions
        self._kept: dict[int, bytes] = {}
        self._saving = Lock()
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)

    def load(self, number: int) -> Partition:
        """Return a partition as it was kept, or before anything was read; CheckpointError."""
        text = self._kept.get(number)
        if self._folder is not None and self._file(number).exists():
            text = self._file(number).read_bytes()
        if text is None:
            return Partition(number, self._partitions)
        head, _, body = text.partition(b"\n")
        self._check(number, head, body)
        loaded: Partition = _Reader(io.BytesIO(body)).load()
        return loaded

    def save(self, part: Partition) -> None:
        """Keep a partition: the file is there whole, or as it was.

        One after another: a save whose caller was cancelled goes on in its thread, and a stop saves again.
        """
        with self._saving:
            self._save(part)

    def _save(self, part: Partition) -> None:
        body = pickle.dumps(part, protocol=pickle.HIGHEST_PROTOCOL)
        head = self._said | {"partition": part.number, "sha256": sha256(body).hexdigest()}
        text = json.dumps(head).encode() + b"\n" + body
        if self._folder is None:
            self._kept[part.number] = text
            return
        beside = self._file(part.number).with_suffix(".new")
        with beside.open("wb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._file(part.number))

    def _file(self, number: int) -> Path:
        assert self._folder is not None
        return self._folder / f"partition-{number:05}.checkpoint"

    def _check(self, number: int, head: bytes, body: bytes) -> None:
        where = f"checkpoint of partition {number}"
        try:
            said = json.loads(head)
        except ValueError:
            said = None
        if not isinstance(said, dict):
            message = f"{where}: its first line must be a JSON object, found {head[:80]!r}"
            raise CheckpointError(message)
        wanted = self._said | {"partition": number, "sha256": sha256(body).hexdigest()}
        for name, right in wanted.items():
            if said.get(name) != right:
                wrong = f"{name} must be {right!r}, found {said.get(name)!r}"
                message = f"{where}: {wrong}; remove the folder to begin anew"
                raise CheckpointError(message)


@cache
def code() -> str:
    """Return the digest of the code whose state a checkpoint holds."""
    digest = sha256()
    for file in sorted(_PACKAGE.rglob("*.py")):
        digest.update(file.relative_to(_PACKAGE).as_posix().encode() + b"\n" + file.read_bytes())
    return digest.hexdigest()[:16]


class _Reader(pickle.Unpickler):
    """Reads what we have written, and nothing that does anything else."""

    def find_class(self, module: str, name: str) -> Any:
        if module.startswith(_OURS) or (module, name) in _PLAIN:
            return super().find_class(module, name)
        message = f"checkpoint: {module}.{name} must not be in it"
        raise CheckpointError(message)
