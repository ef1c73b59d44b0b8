"""Value: a record of the core as a plain class, which mypyc compiles to one whose attributes cost next to nothing.

A msgspec Struct is quicker to make where nothing is compiled, but its attributes are slow to read from compiled code.
What is encoded as it is (`topics.records`) stays a Struct, in a module that is not compiled.
"""

from typing import ClassVar


class Value:
    """Equal to another of its class with equal fields.

    Fields that are `Final` never change: mypy refuses it everywhere, a compiled class at run time too.
    """

    __slots__ = ()
    __match_args__: ClassVar[tuple[str, ...]] = ()
    """The fields, in the order in which the class takes them."""

    def __eq__(self, other: object) -> bool:
        """Tell whether the other is of the same class and has equal fields."""
        if type(self) is not type(other):
            return False
        return all(getattr(self, name) == getattr(other, name) for name in self.__match_args__)

    def __hash__(self) -> int:
        """Return the hash of the fields; one that is a list has none."""
        return hash(tuple([getattr(self, name) for name in self.__match_args__]))

    def __repr__(self) -> str:
        """Return the fields by name."""
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__match_args__)
        return f"{type(self).__name__}({shown})"
