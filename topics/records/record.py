"""Record: what every record type is made of. A record is declared once, here in `topics.records`, and nowhere else."""

from typing import Any

from msgspec import Struct


class Record(Struct, frozen=True, gc=False, omit_defaults=True, forbid_unknown_fields=True):
    """What we write: optional fields at their default are left out, and no field is there that is not declared.

    No record refers to itself, so the cyclic collector need not look at any.
    """


class OpenRecord(Struct, frozen=True, gc=False, omit_defaults=True):
    """What others write, or what lies inside it: it may carry fields that we do not know, which are passed over."""


def kinds_of(base: type[Struct]) -> tuple[type[Struct], ...]:
    """Return the kinds of record that are declared below a base, in that order; what has kinds below it is none."""
    below = [kind for each in base.__subclasses__() for kind in kinds_of(each)]
    return tuple(below) or (base,)


class _Tag:
    def __set_name__(self, base: type, name: str) -> None:
        """Note by which name it is asked for."""
        self._name = name

    def __get__(self, record: object, kind: Any) -> str:
        """Return what `tag=` says of the type, and leave it there: from then on it is found without this.

        A base may not have one of its own: its kinds would be taken for it.
        """
        tag: str = kind.__struct_config__.tag
        if not kind.__subclasses__():
            setattr(kind, self._name, tag)
        return tag


TAG: Any = _Tag()
"""The value that tells a record type from the others of its topic, as an attribute of type and record; no field.

A base with `tag_field="kind"` has `kind: ClassVar[str] = TAG`, and each of its kinds says its literal for mypy.
"""
