"""The registry: every language that a record may name, with its folder's words; read once."""

from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final, get_args

from rater.shell.notifier.languages.language import Language
from rater.shell.notifier.languages.words import read_words
from topics.fields import Language as Code

FOLDER: Final[Traversable] = files("rater").joinpath("shell/notifier/languages")
CODES: Final[tuple[str, ...]] = get_args(Code)


@cache
def language(code: str) -> Language:
    """Return a language that records may name."""
    assert code in CODES, code
    return Language(code, read_words(FOLDER.joinpath(code)))
