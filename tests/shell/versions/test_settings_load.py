"""Settings load: a version that is dated back says until when it has to be named; the same file again is the same."""

import pytest

from rater.core.limits import HOUR_MS, SECOND_MS
from rater.shell.versions.numbered_load import LEAD_MS, decide
from rater.shell.versions.settings_load import as_published, is_dated_back
from tests.build import NOW, settings_version


@pytest.mark.parametrize(
    ("since_ms", "is_late"),
    [(0, True), (NOW, True), (NOW + LEAD_MS - 1, True), (NOW + LEAD_MS, False)],
)
def test_dated_back_is_what_is_in_force_before_every_worker_knows_it(
    since_ms: int,
    is_late: bool,  # noqa: FBT001
) -> None:
    asked = settings_version(1, since_ms)
    known_from_ms = (NOW + HOUR_MS) // SECOND_MS * SECOND_MS if is_late else 0

    assert is_dated_back(asked, NOW) is is_late
    assert as_published(asked, None, NOW).known_from_ms == known_from_ms


@pytest.mark.parametrize("since_ms", [0, NOW + HOUR_MS])
def test_the_same_file_again_is_the_same_version_whenever_it_comes(since_ms: int) -> None:
    asked = settings_version(1, since_ms)
    published = as_published(asked, None, NOW)
    again = as_published(asked, published, NOW + 2 * HOUR_MS)

    assert again == published
    assert decide([published], again, NOW + 2 * HOUR_MS, backdate=False) is False


def test_a_file_cannot_say_it_itself() -> None:
    shown = as_published(settings_version(1, 0), None, NOW)

    assert as_published(shown, None, NOW + HOUR_MS).known_from_ms > shown.known_from_ms
