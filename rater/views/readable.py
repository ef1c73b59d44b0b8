"""Readable: text of others, such that nothing in it commands a terminal or makes a line of its own."""


def readable(text: str) -> str:
    r"""Return text on one line: what is not printable stands as its escape.

    >>> readable("+33\x1b[2J"), readable("a\nb"), readable("Zürich")
    ('+33\\x1b[2J', 'a\\nb', 'Zürich')
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
