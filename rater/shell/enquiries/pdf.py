"""PDF: a page of HTML printed by WeasyPrint, which is installed with `pip install rater[pdf]`."""

from typing import Any, NoReturn

from rater.shell.enquiries.enquiry import EnquiryError


def pdf_of(page: str) -> bytes:
    """Print a page, which may fetch nothing; EnquiryError where WeasyPrint, or what it needs, is not there."""
    try:
        import weasyprint  # noqa: PLC0415  # It takes a second, and is optional.
    except (ImportError, OSError) as error:
        raise EnquiryError(
            f"PDF needs WeasyPrint: pip install 'rater[pdf]', and Pango of the system ({error})"
        ) from error
    printed: bytes = weasyprint.HTML(string=page, url_fetcher=_fetch_nothing).write_pdf()
    return printed


def _fetch_nothing(url: str, **_: Any) -> NoReturn:
    raise ValueError(f"a statement fetches nothing: {url[:80]}")
