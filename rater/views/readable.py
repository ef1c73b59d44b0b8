"""Readable: text of others, such that nothing in it commands a terminal or makes a line of its own."""

from unicodedata import category


def readable(text: str) -> str:
    r"""Return text on one line: what is not printable stands as its escape.

    >>> readable("+33\x1b[2J"), readable("a\nb"), readable("Zürich")
    ('+33\\x1b[2J', 'a\\nb', 'Zürich')
    """
    if text.isprintable():
        return text
    return "".join(c if _is_shown(c) else c.encode("unicode_escape").decode() for c in text)


def _is_shown(character: str) -> bool:
    """Say whether a character shows, or is a space: Python prints none but the plain one."""
    return character.isprintable() or category(character) == "Zs"
