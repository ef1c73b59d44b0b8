"""TLS files: what is refused, what is presented, and that files put in place anew are taken."""

import asyncio
import logging
import os
import shutil
import ssl
import subprocess
from pathlib import Path
from typing import Any

import pytest

from deploy.kafka.certificates import Authority
from rater.kafka.setting_error import SettingError
from rater.kafka.tls import FreshContext, TlsFiles, new_context
from rater.secret import Secret
from tests.kafka.pki import authority, server_context, tls_server


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture
def place(ca: Authority, tmp_path: Path) -> TlsFiles:
    """Put the files of a client where they can be exchanged."""
    client = ca.issue("client")
    shutil.copy(ca.certificate, tmp_path / "ca.pem")
    shutil.copy(client.certificate, tmp_path / "client.pem")
    shutil.copy(client.key, tmp_path / "client.key")
    return TlsFiles(
        ca_file=tmp_path / "ca.pem",
        certificate_file=tmp_path / "client.pem",
        key_file=tmp_path / "client.key",
    )


async def said(context: ssl.SSLContext, port: int, host: str = "localhost") -> bytes:
    """Connect as aiokafka does, and return what the server says."""
    async with asyncio.timeout(5):
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", port, ssl=context, server_hostname=host
        )
        try:
            return await reader.read(5)
        finally:
            writer.close()


async def test_both_sides_see_who_the_other_is(ca: Authority, place: TlsFiles) -> None:
    with tls_server(server_context(ca, wants_certificate=True)) as (port, presented):
        assert await said(new_context(place), port) == b"hello"

    assert presented == ["client"]


async def test_another_authority_is_not_believed(ca: Authority, tmp_path: Path) -> None:
    other = authority(tmp_path / "other")
    with tls_server(server_context(ca)) as (port, _), pytest.raises(ssl.SSLCertVerificationError):
        await said(new_context(TlsFiles(ca_file=other.certificate)), port)


async def test_the_name_that_was_dialled_is_looked_at_unless_one_says_not_to(ca: Authority) -> None:
    with tls_server(server_context(ca)) as (port, _):
        strict, lax = (
            new_context(TlsFiles(ca_file=ca.certificate, check_hostname=check))
            for check in (True, False)
        )
        with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
            await said(strict, port, "elsewhere.example")
        assert await said(lax, port, "elsewhere.example") == b"hello"


async def test_a_renewed_certificate_is_presented_by_the_next_connection(
    ca: Authority, place: TlsFiles, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "rater.kafka.tls")
    context = new_context(place)
    assert place.certificate_file
    assert place.key_file
    with tls_server(server_context(ca, wants_certificate=True)) as (port, presented):
        await said(context, port)
        renewed = ca.issue("client-renewed")
        for fresh, at in (
            (renewed.key, place.key_file),
            (renewed.certificate, place.certificate_file),
        ):
            shutil.copy(fresh, at.with_suffix(".new"))
            os.replace(at.with_suffix(".new"), at)  # noqa: PTH105
        await said(context, port)
        await said(context, port)

    assert presented == ["client", "client-renewed", "client-renewed"]
    assert ["CN=client-renewed" in record.getMessage() for record in caplog.records] == [True]


async def test_a_new_authority_is_believed_without_a_restart(
    ca: Authority, place: TlsFiles, tmp_path: Path
) -> None:
    other = authority(tmp_path / "other", "The next CA")
    context = new_context(TlsFiles(ca_file=place.ca_file))
    assert place.ca_file
    with tls_server(server_context(other)) as (port, _):
        with pytest.raises(ssl.SSLCertVerificationError):
            await said(context, port)
        place.ca_file.write_text(ca.certificate.read_text() + other.certificate.read_text())
        assert await said(context, port) == b"hello"


async def test_half_a_pair_is_left_and_the_old_one_stays(
    ca: Authority, place: TlsFiles, caplog: pytest.LogCaptureFixture
) -> None:
    """Between the writing of a certificate and that of its key somebody may connect."""
    context = new_context(place)
    assert place.certificate_file
    with tls_server(server_context(ca, wants_certificate=True)) as (port, presented):
        shutil.copy(ca.issue("half").certificate, place.certificate_file)
        await said(context, port)
        await said(context, port)

    assert presented == ["client", "client"]
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "KEY_VALUES_MISMATCH" in caplog.text


def test_files_that_are_gone_later_leave_the_context_as_it_is(place: TlsFiles) -> None:
    context = new_context(place)
    assert place.ca_file
    place.ca_file.unlink()

    assert isinstance(context, FreshContext)
    context.refresh()
    assert len(context.get_ca_certs()) == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"ca_file": "gone"},
            "RATER_KAFKA_CA_FILE must be a file that can be read, found .*: No such file",
        ),
        (
            {"ca_file": "text"},
            "RATER_KAFKA_CA_FILE must be a PEM file with certificates of authorities, found",
        ),
        (
            {"certificate_file": "gone"},
            "RATER_KAFKA_CERTIFICATE_FILE must be a file that can be read",
        ),
        (
            {"certificate_file": "text"},
            "RATER_KAFKA_CERTIFICATE_FILE must be a PEM file with a certificate",
        ),
        ({"key_file": "gone"}, "RATER_KAFKA_KEY_FILE must be a file that can be read"),
        ({"key_file": "text"}, "RATER_KAFKA_KEY_FILE must be a PEM file with the private key of"),
        ({"key_file": "other.key"}, "RATER_KAFKA_KEY_FILE must be .*KEY_VALUES_MISMATCH"),
        (
            {"key_file": None},
            "RATER_KAFKA_CERTIFICATE_FILE must be a PEM file with the private key of",
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_by_its_field(
    ca: Authority, place: TlsFiles, tmp_path: Path, change: dict[str, str | None], message: str
) -> None:
    (tmp_path / "text").write_text("no certificate\n")
    shutil.copy(ca.issue("other").key, tmp_path / "other.key")
    given: dict[str, Any] = {
        "ca_file": place.ca_file, "certificate_file": place.certificate_file, "key_file": place.key_file,
    } | {name: file and tmp_path / file for name, file in change.items()}  # fmt: skip

    with pytest.raises(SettingError, match=message):
        new_context(TlsFiles(**given))


@pytest.mark.parametrize("password", ["wrong", None])
def test_a_key_that_is_locked_is_told_and_nobody_is_asked(
    ca: Authority, place: TlsFiles, tmp_path: Path, password: str | None
) -> None:
    locked = tmp_path / "locked.key"
    key = ["openssl", "pkcs8", "-topk8", "-v2", "aes-256-cbc", "-in", str(place.key_file)]
    subprocess.run([*key, "-out", str(locked), "-passout", "pass:sesame"], check=True)

    def files(secret: str | None) -> TlsFiles:
        key_password = None if secret is None else Secret(secret)
        return TlsFiles(
            certificate_file=place.certificate_file, key_file=locked, key_password=key_password
        )

    assert new_context(files("sesame"))
    with pytest.raises(
        SettingError, match=r"RATER_KAFKA_KEY_FILE .* which RATER_KAFKA_KEY_PASSWORD opens"
    ) as refused:
        new_context(files(password))
    assert "wrong" not in str(refused.value)
