"""Payers: which pools pay the calls of those who hold the same plans; remembered, for to find them takes longest.

What a catalog was asked once it is not asked again: calls are alike in a few ways, and so are those who make them.
"""

from collections.abc import Callable
from typing import Final, TypeAlias, final

from rater.core.pricing.plans.pools import Choice, Held, PlanCall
from topics.fields import CallDirection

Answer: TypeAlias = Callable[[tuple[Held, ...], PlanCall], Choice]
"""Finds the pools that may pay calls like one, to whatever number."""


@final
class Payers:
    """What pays the calls of all who hold the same plans."""

    __slots__ = ("_answer", "_held", "_in", "_out")

    def __init__(self, held: tuple[Held, ...], answer: Answer) -> None:
        self._held: Final = held
        self._answer: Final = answer
        self._out: Final[dict[str | None, Choices]] = {}
        self._in: Final[dict[str | None, Choices]] = {}

    def choices(self, direction: CallDirection, call_type: str | None) -> "Choices":
        """Return what pays calls of a direction and type."""
        known = self._out if direction == "out" else self._in
        found = known.get(call_type)
        if found is None:
            found = known[call_type] = Choices(self._held, self._answer, direction, call_type)
        return found

    def forget(self) -> None:
        """Forget what was asked."""
        self._out.clear()
        self._in.clear()


@final
class Choices:
    """What pays the calls of a direction and type, by the number called."""

    __slots__ = ("_answer", "_call_type", "_direction", "_held", "_known")

    def __init__(
        self,
        held: tuple[Held, ...],
        answer: Answer,
        direction: CallDirection,
        call_type: str | None,
    ) -> None:
        self._held: Final = held
        self._answer: Final = answer
        self._direction: Final[CallDirection] = direction
        self._call_type: Final = call_type
        self._known: Final[dict[str, dict[str, Choice]]] = {}
        """By country and type; texts are found sooner one by one than a tuple is made of them."""

    def of(self, destination: str, number_type: str) -> Choice:
        """Return the pools that may pay calls to numbers of a country and type (`Catalog.is_unpooled`)."""
        by_type = self._known.get(destination)
        if by_type is not None:
            known = by_type.get(number_type)
            if known is not None:
                return known
        call = PlanCall(self._direction, self._call_type, "", destination, number_type)
        found = self._answer(self._held, call)
        self._known.setdefault(destination, {})[number_type] = found
        return found
