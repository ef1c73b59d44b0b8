"""A certificate, as a person is told of it: whose it is, who signed it, until when, and for which hosts."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.x509 import Certificate, Name


class CertificateError(ValueError):
    """There is no certificate where one should be."""


def described(pem: bytes) -> str:
    """Say whose certificate the first of a PEM text is; CertificateError where there is none."""
    certificate = _decoded(pem)
    hosts = ", ".join(_hosts(certificate))
    return (
        f"{_named(certificate.subject)}, issued by {_named(certificate.issuer)}, "
        f"valid until {certificate.not_valid_after_utc:%Y-%m-%d %H:%M:%S} UTC"
        + (f", for {hosts}" if hosts else "")
    )


def described_file(path: Path) -> str:
    """Say the same of a PEM file; OSError where it cannot be read."""
    return described(path.read_bytes())


def described_bytes(der: bytes) -> str:
    """Say the same of what somebody presents, which may be nonsense."""
    try:
        return described(ssl.DER_cert_to_PEM_cert(der).encode())
    except CertificateError:
        return "a certificate that cannot be read"


def subject(path: Path) -> str:
    """Return whose a PEM file is as Kafka writes it in its principals (RFC 2253: the last part first)."""
    return _named(_decoded(path.read_bytes()).subject)


def _decoded(pem: bytes) -> Certificate:
    # Most commands never look at one, and it takes a twentieth of a second to load.
    from cryptography.x509 import load_pem_x509_certificate  # noqa: PLC0415

    try:
        return load_pem_x509_certificate(pem)
    except ValueError as error:
        raise CertificateError(str(error)) from None


def _named(name: Name) -> str:
    return name.rfc4514_string() or "nobody"


def _hosts(certificate: Certificate) -> list[str]:
    from cryptography import x509  # noqa: PLC0415

    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except (x509.ExtensionNotFound, ValueError):
        return []
    kinds: dict[type, str] = {x509.DNSName: "DNS", x509.IPAddress: "IP Address"}
    return [f"{kinds[type(each)]}:{each.value}" for each in extension.value if type(each) in kinds]
