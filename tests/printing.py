"""Printing: whether this machine can make a PDF; a machine that cannot skips what tries it, and says so."""

import pytest

from rater.shell.enquiries.enquiry import EnquiryError
from rater.shell.enquiries.pdf import pdf_of


def can_print() -> bool:
    """Say whether WeasyPrint and the libraries of the system that it needs are here."""
    try:
        return bool(pdf_of("<p>"))
    except EnquiryError:
        return False


needs_printing = pytest.mark.skipif(
    not can_print(), reason="no Pango here (apt-get install libpango-1.0-0 libpangoft2-1.0-0)"
)
