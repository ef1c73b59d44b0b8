"""Exit codes: what an operator reads is what a service says."""

from pathlib import Path

import pytest

from rater.shell.process.exit_code import OF_A_SERVICE, ExitCode, said

PAGE = Path(__file__).parents[3] / "docs" / "operating" / "services.md"


@pytest.mark.parametrize("code", ExitCode)
def test_the_page_of_the_services_names_every_code(code: ExitCode) -> None:
    assert f"{code:d} {OF_A_SERVICE[code]}" in PAGE.read_text()


def test_the_sentence_has_the_codes_that_a_service_has() -> None:
    assert said((ExitCode.STOPPED, ExitCode.STUCK)) == "Exit codes: 0 stopped, 70 stuck."
