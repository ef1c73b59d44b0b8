"""Number patterns: libphonenumber's regular expressions as automata, read digit by digit."""

import re
from collections.abc import Iterable
from typing import Any

DIGITS = "0123456789"


class Automaton:
    """The digits that a pattern lets follow each other; lengths and all but digits are dropped."""

    def __init__(self, pattern: str) -> None:
        """Compile a pattern of digits, sets, groups, alternatives and repeats."""
        self._edges: list[list[tuple[frozenset[str] | None, int]]] = []
        self._end = self._state()
        tokens = re._parser.parse(pattern)  # noqa: SLF001  There is no public way to a pattern's tokens.
        self.start = self._closure({self._sequence(tokens, self._end)})

    def step(self, states: frozenset[int], digit: str) -> frozenset[int]:
        """Return the states after one more digit; none: no number goes on so."""
        reached = {
            target
            for state in states
            for digits, target in self._edges[state]
            if digits is not None and digit in digits
        }
        return self._closure(reached)

    def numbers(self) -> list[str]:
        """Return every number that the pattern describes; for patterns of few."""
        found: list[str] = []
        waiting = [("", self.start)]
        while waiting:
            number, states = waiting.pop()
            if self._end in states:
                found.append(number)
            following = ((number + digit, self.step(states, digit)) for digit in DIGITS)
            waiting += [(longer, after) for longer, after in following if after]
        return sorted(found)

    def _state(self) -> int:
        self._edges.append([])
        return len(self._edges) - 1

    def _closure(self, states: set[int]) -> frozenset[int]:
        waiting = list(states)
        while waiting:
            for digits, target in self._edges[waiting.pop()]:
                if digits is None and target not in states:
                    states.add(target)
                    waiting.append(target)
        return frozenset(states)

    def _sequence(self, tokens: Iterable[Any], end: int) -> int:
        """Return the state from which the tokens lead to `end`; built from the last to the
        first.
        """
        for operator, argument in reversed(list(tokens)):
            end = self._token(str(operator), argument, end)
        return end

    def _token(self, operator: str, argument: Any, end: int) -> int:
        if operator == "SUBPATTERN":
            return self._sequence(argument[3], end)
        if operator == "BRANCH":
            return self._either([self._sequence(tokens, end) for tokens in argument[1]])
        if operator in {"MAX_REPEAT", "MIN_REPEAT"}:
            low, high, tokens = argument
            for count in range(int(high), 0, -1):
                once = self._sequence(tokens, end)
                end = once if count <= low else self._either([once, end])
            return end
        state = self._state()
        self._edges[state].append((_digits(operator, argument), end))
        return state

    def _either(self, starts: list[int]) -> int:
        state = self._state()
        self._edges[state] += [(None, start) for start in starts]
        return state


def _digits(operator: str, argument: Any) -> frozenset[str]:
    """Return the digits that one token stands for."""
    if operator == "LITERAL":
        return frozenset(chr(argument))
    if operator == "IN":
        return frozenset().union(*(_digits(str(name), value) for name, value in argument))
    if operator == "RANGE":
        return frozenset(map(chr, range(argument[0], argument[1] + 1)))
    if operator == "CATEGORY" and str(argument) == "CATEGORY_DIGIT":
        return frozenset(DIGITS)
    message = f"{operator} {argument}: not expected in a number pattern"
    raise ValueError(message)
