"""UTF-8: whether a text can be written to topics and shown; Python keeps bytes of the command line that are none."""


def is_utf8(text: str) -> bool:
    """Say whether a text can be encoded: no half of a surrogate pair is in it."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
