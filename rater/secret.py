"""Secrets: from the environment, or from a file that the environment names; never from the command line."""

import os
from pathlib import Path
from typing import Final

MASKED: Final = "***"
"""What is shown in the place of a secret."""


class SecretError(Exception):
    """A secret is missing, or its file cannot be read; the message names the variable, never the secret."""


class Secret:
    """A text that shows itself to whoever asks for it by name, and to no log, traceback or format."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(...)"


def read_secret(variable: str) -> Secret | None:
    """Return what VARIABLE, or the file that VARIABLE_FILE names, holds, less blanks around it; None: nothing."""
    if text := os.environ.get(variable, "").strip():
        return Secret(text)
    if not (path := os.environ.get(f"{variable}_FILE")):
        return None
    return secret_of_file(f"{variable}_FILE", path)


def secret_of_file(place: str, path: str) -> Secret:
    """Return what a file holds, less blanks around it; SecretError with the place that names the file."""
    try:
        text = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        raise SecretError(f"{place}: cannot read {path}: {type(error).__name__}") from None
    if not text:
        raise SecretError(f"{place}: {path} is empty")
    return Secret(text)


def require_secret(variable: str) -> Secret:
    """Return the secret of a variable; SecretError where there is none."""
    secret = read_secret(variable)
    if secret is None:
        raise SecretError(f"set {variable}, or {variable}_FILE to the name of a file that holds it")
    return secret
