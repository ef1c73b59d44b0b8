"""Rater: prices call-detail records in the stream and keeps prepaid accounts, exactly once in effect.

Start reading at `rater.core.engine`. The hot path may be compiled (`setup.py`); `RATER_INTERPRETED=1` runs its sources.
"""

import os
import sys
from importlib.machinery import FileFinder, SourceFileLoader

INTERPRETED_VARIABLE = "RATER_INTERPRETED"
"""1: run the sources as they are, also where they have been compiled."""


def _find_sources_only(package: str) -> None:
    """Let Python find the sources of this package, not what was compiled of them."""

    def finder(path: str) -> FileFinder:
        if not path.startswith(package):
            raise ImportError(path)
        return FileFinder(path, (SourceFileLoader, [".py"]))

    sys.path_hooks.insert(0, finder)
    for path in [path for path in sys.path_importer_cache if path.startswith(package)]:
        del sys.path_importer_cache[path]


if os.environ.get(INTERPRETED_VARIABLE, "0") != "0":
    _find_sources_only(__path__[0])
