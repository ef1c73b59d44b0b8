"""Remembered: the ids that a batch wants remembered, and how they stand in its manifest (D8)."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from rater.batch.charging.charge_index import make_entries
from rater.batch.charging.id_table import ENTRY
from rater.core.limits import DAY_MS
from topics.manifests import PLACE_MAX, IdState

NOWHERE = PLACE_MAX
"""The place of an id that left no record: a timer's command that found nothing to do."""


Remembered = tuple[bytes, int, IdState, int, int]
"""An id to remember: its 16-byte digest, the hash of its content, its state, the index of its record among those that
the batch writes (-1: none), and the time whose day the window is applied to."""


def packed(
    remembered: Sequence[Remembered], ledger: Sequence[int], suspense: Sequence[int]
) -> npt.NDArray[np.void]:
    """Return ids as they stand in the manifest, given the offsets of the records written."""
    if not remembered:
        return np.zeros(0, ENTRY)
    digests, content, states, index, times = zip(*remembered, strict=True)
    # By way of bytes: numpy asks each member of an enum what number it is, which takes five times as long.
    state = np.frombuffer(bytes(states), np.uint8).astype(np.uint64)
    return make_entries(
        np.frombuffer(b"".join(digests), "<u8").reshape(-1, 2),
        content=content,
        place=_places(state, np.array(index, np.int64), ledger, suspense),
        state=state,
        day=np.array(times, np.int64) // DAY_MS,
    )


def _places(
    state: npt.NDArray[np.uint64],
    index: npt.NDArray[np.int64],
    ledger: Sequence[int],
    suspense: Sequence[int],
) -> npt.NDArray[np.uint64]:
    """Return for each id the offset of its record."""
    places = np.full(len(index), NOWHERE, np.uint64)
    suspended = state == IdState.SUSPENDED
    for mine, offsets in ((suspended, suspense), (~suspended, ledger)):
        written = mine & (index >= 0)
        if written.any():
            places[written] = _array(offsets)[index[written]]
    return places


def _array(offsets: Sequence[int]) -> npt.NDArray[np.uint64]:
    """Return offsets as an array; those of one record batch follow one another, and are not made numbers of Python."""
    if isinstance(offsets, range):
        return np.arange(offsets.start, offsets.stop, offsets.step, dtype=np.uint64)
    return np.asarray(offsets, np.uint64)
