"""Shelf: all boards, in the order in which they are read; and the metrics that are on none, each with its reason."""

from typing import Final

from deploy.observe.boards import (
    load,
    money,
    notifications,
    overview,
    pipeline,
    recharge,
    remembering,
)
from deploy.observe.boards.board import Board

BOARDS: Final[tuple[Board, ...]] = (
    overview.BOARD,
    money.BOARD,
    recharge.BOARD,
    pipeline.BOARD,
    remembering.BOARD,
    notifications.BOARD,
    load.BOARD,
)

ON_NONE: Final[dict[str, str]] = {}
"""Family -> why nobody wants to look at it."""
