"""Checkpoints: a follower goes on from them as if it had never stopped, and refuses what is not its own."""

import json
import os
import pickle
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from hashlib import sha256
from pathlib import Path
from threading import Barrier, BrokenBarrierError

import pytest

from rater.reconcile.follow import checkpoint
from rater.reconcile.follow.checkpoint import CheckpointError, Checkpoints
from tests.reconcile.everything import everything
from tests.reconcile.follow.days import follow, parts_of, published_in, turns_of
from tests.reconcile.honest_worker import PARTITIONS


def test_a_follower_that_begins_anew_with_every_turn_stays_clean(tmp_path: Path) -> None:
    topics, turns = turns_of(partial(everything, 3, 120))
    published = published_in(topics)

    for number, part in enumerate(parts_of(topics, turns)):
        kept = Checkpoints(tmp_path, "cluster-1", PARTITIONS)
        partitions = [kept.load(n) for n in range(PARTITIONS)]
        assert follow(partitions, part, published) == [], number
        for each in partitions:
            kept.save(each)
    assert sorted(file.suffix for file in tmp_path.iterdir()) == [".checkpoint"] * PARTITIONS
    assert not any(b"DeckVersion" in file.read_bytes() for file in tmp_path.iterdir())


@pytest.mark.parametrize(
    ("cluster", "partitions", "names"),
    [
        ("cluster-2", PARTITIONS, "cluster must be 'cluster-2'"),
        ("cluster-1", 9, "partitions must be 9"),
    ],
)
def test_of_another_cluster_it_is_refused(
    tmp_path: Path, cluster: str, partitions: int, names: str
) -> None:
    kept = Checkpoints(tmp_path, "cluster-1", PARTITIONS)
    kept.save(kept.load(0))

    with pytest.raises(CheckpointError, match=names):
        Checkpoints(tmp_path, cluster, partitions).load(0)


def test_of_other_code_it_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Checkpoints(tmp_path, "cluster-1", PARTITIONS)
    kept.save(kept.load(0))
    monkeypatch.setattr(checkpoint, "code", lambda: "another")

    with pytest.raises(CheckpointError, match="code must be 'another'"):
        Checkpoints(tmp_path, "cluster-1", PARTITIONS).load(0)


def test_one_that_was_cut_off_or_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    kept = Checkpoints(tmp_path, "cluster-1", PARTITIONS)
    kept.save(kept.load(0))
    file = next(tmp_path.iterdir())
    whole = file.read_bytes()

    for text in (whole[:-1], b"", b"[]\n", whole[1:]):
        file.write_bytes(text)
        with pytest.raises(CheckpointError):
            Checkpoints(tmp_path, "cluster-1", PARTITIONS).load(0)


def test_nothing_is_called_that_is_not_ours(tmp_path: Path) -> None:
    kept = Checkpoints(tmp_path, "cluster-1", PARTITIONS)
    kept.save(kept.load(0))
    file = next(tmp_path.iterdir())
    head = json.loads(file.read_bytes().partition(b"\n")[0])
    body = pickle.dumps(os.getcwd)
    head["sha256"] = sha256(body).hexdigest()
    file.write_bytes(json.dumps(head).encode() + b"\n" + body)

    with pytest.raises(CheckpointError, match="must not be in it"):
        Checkpoints(tmp_path, "cluster-1", PARTITIONS).load(0)


def test_two_saves_at_once_come_one_after_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A save whose caller was cancelled goes on in its thread, and a stop saves the same partition again."""
    kept = Checkpoints(tmp_path, "cluster-1", PARTITIONS)
    both, written = Barrier(2), os.fsync

    def written_by_both(file: int) -> None:
        written(file)
        with suppress(BrokenBarrierError):
            both.wait(timeout=0.5)

    monkeypatch.setattr(os, "fsync", written_by_both)
    part = kept.load(0)
    with ThreadPoolExecutor(2) as threads:
        saves = [threads.submit(kept.save, part) for _ in range(2)]

    assert [each.exception() for each in saves] == [None, None]
    assert [file.name for file in tmp_path.iterdir()] == ["partition-00000.checkpoint"]
    assert kept.load(0) == part
