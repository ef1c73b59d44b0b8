"""A provider is a folder and a line of the registry: nothing else imports its room, and no room another."""

import re
from pathlib import Path

import pytest

from rater.shell.gateway.providers import registry
from rater.shell.gateway.providers.registry import OWN_SETTINGS, PROVIDERS

SOURCES = Path(registry.__file__).parents[3]
ROOMS = sorted(path.name for path in Path(registry.__file__).parent.iterdir() if path.is_dir())
ROOMS = [name for name in ROOMS if name != "__pycache__"]


def test_every_room_is_in_the_registry_under_its_name() -> None:
    assert sorted(PROVIDERS) == ROOMS


@pytest.mark.parametrize("room", ROOMS)
def test_only_the_registry_imports_a_room_from_outside(room: str) -> None:
    wanted = re.compile(rf"gateway\.providers(?:\.| import ){room}\b")
    importing = {
        path.relative_to(SOURCES).as_posix()
        for path in SOURCES.rglob("*.py")
        if room not in path.parts and wanted.search(path.read_text())
    }

    assert importing == {"shell/gateway/providers/registry.py"}


def test_no_two_providers_have_a_setting_of_the_same_name() -> None:
    names = [own.name for own in OWN_SETTINGS]

    assert len(names) == len(set(names))
