"""Effect: a setting that was given and would do nothing beside the others is refused, as those of Kafka are.

Whoever names another address for one provider means not to pay by the other. A settings class says in `only_with`
which of its settings hang on which (`ServiceSettings`); given is what an option, a variable or the settings file says,
and is not what it would be anyhow.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from pydantic import BaseModel

from rater.shell.process.settings.declaration import Declared, declared


class Only(NamedTuple):
    """Beside what a setting has an effect."""

    field: str
    """The setting on which it hangs."""
    values: tuple[str, ...] = ()
    """What that must be, one of them; none: anything, as long as it is set."""

    def holds(self, found: Any) -> bool:
        """Say whether the setting it hangs on is as it must be."""
        return found in self.values if self.values else found not in (None, "")

    def wanted(self, other: Declared) -> str:
        """Say how the setting it hangs on would have to be given."""
        choices = " or ".join(f"{other.shown_name()} {value}" for value in self.values)
        return choices or other.shown_name()


def without_effect(
    settings: BaseModel, only_with: Mapping[str, tuple[Only, ...]]
) -> Iterator[tuple[str, str]]:
    """Yield each field that was given and has no effect, with a sentence that says beside what it has one."""
    by_field = {each.field: each for each in declared(type(settings))}
    for field, conditions in only_with.items():
        if not _is_given(settings, field):
            continue
        for only in conditions:
            found, other = getattr(settings, only.field), by_field[only.field]
            if not only.holds(found):
                beside = f" beside {other.shown_name()} {found}" if only.values else ""
                must_be = f"leave it out, or give {only.wanted(other)}"
                yield field, f"{by_field[field].shown_name()} has no effect{beside}: {must_be}"
                break


def _is_given(settings: BaseModel, field: str) -> bool:
    default = type(settings).model_fields[field].default
    return field in settings.model_fields_set and getattr(settings, field) != default
