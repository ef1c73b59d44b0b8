"""Enquiries: what is of another release is said in a line that tells nobody to delete anything."""

import pytest

from rater.shell.enquiries.enquiry import EnquiryError, of_another_version
from rater.views.account import read_account


def test_what_is_of_another_release_is_not_read() -> None:
    with (
        pytest.raises(EnquiryError, match="acme: another release has written it") as caught,
        of_another_version("acme"),
    ):
        read_account(b"\x03", None, None, 0)

    assert "delete" not in str(caught.value)


def test_a_status_with_fields_of_another_release_is_not_read() -> None:
    with pytest.raises(EnquiryError, match="another release"), of_another_version("acme"):
        read_account(b"\x09", b"{}", None, 0)
