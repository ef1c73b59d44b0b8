"""Certificates as a person is told of them, and as Kafka names them."""

import re
import ssl
import subprocess
from pathlib import Path

import pytest

from deploy.kafka.certificates import LOCAL, Authority
from rater.kafka.certificate import (
    CertificateError,
    described,
    described_bytes,
    described_file,
    subject,
)
from tests.kafka.pki import authority


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("ca"))


def test_a_certificate_tells_whose_it_is(ca: Authority) -> None:
    own = ca.issue("rater-charging", LOCAL)

    assert subject(own.certificate) == "CN=rater-charging"
    assert re.fullmatch(
        r"CN=rater-charging, issued by CN=Test CA, valid until \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC,"
        r" for DNS:localhost, IP Address:127\.0\.0\.1",
        described_file(own.certificate),
    )
    assert "for " not in described_file(ca.issue("nowhere").certificate)


def test_a_key_before_it_and_others_behind_it_are_passed_over(ca: Authority) -> None:
    own = ca.issue("one")
    together = own.key.read_text() + own.certificate.read_text() + ca.certificate.read_text()

    assert described(together.encode()).startswith("CN=one, issued by CN=Test CA, ")


def test_a_name_is_written_as_kafka_writes_it_in_its_principals(tmp_path: Path) -> None:
    """RFC 2253: the last part first, and a comma within a part is no end of it."""
    file = tmp_path / "own.pem"
    name = "/C=DE/O=Initech, Inc./OU=Billing/CN=rater"
    new = ("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "/dev/null", "-days", "1")
    made = ["openssl", *new, "-subj", name, "-out", str(file)]
    subprocess.run(made, check=True, capture_output=True)

    assert subject(file) == r"CN=rater,OU=Billing,O=Initech\, Inc.,C=DE"


def test_what_somebody_presents_may_be_nonsense(ca: Authority) -> None:
    der = ssl.PEM_cert_to_DER_cert(ca.certificate.read_text())

    assert described_bytes(der) == described_file(ca.certificate)
    assert described_bytes(b"nonsense") == "a certificate that cannot be read"
    assert described_bytes(der[:100]) == "a certificate that cannot be read"


@pytest.mark.parametrize("text", [b"", b"no PEM", b"-----BEGIN CERTIFICATE-----\nMII\n"])
def test_a_file_without_one_is_an_error_of_its_own(text: bytes) -> None:
    with pytest.raises(CertificateError):
        described(text)
