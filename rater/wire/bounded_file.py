"""A file that people wrote, read up to a bound: no device without end, and no other kind of file, fills the memory."""

from pathlib import Path


class FileTooLongError(OSError):
    """A file has more bytes than are read; `strerror` says how many may be."""

    def __init__(self, path: Path, bytes_max: int) -> None:
        super().__init__(None, f"must have at most {bytes_max} bytes, found more", str(path))


def read_bounded(path: Path, bytes_max: int) -> bytes:
    """Return what is in a file; OSError, whose `strerror` says why, where it cannot be read or is too long."""
    with path.open("rb") as file:
        content = file.read(bytes_max + 1)
    if len(content) > bytes_max:
        raise FileTooLongError(path, bytes_max)
    return content
