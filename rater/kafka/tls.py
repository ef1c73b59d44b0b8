"""TLS to a broker: whom we trust, what we present, and both again when the files on the disk have changed.

A certificate lives for days where a service lives for months. Whoever renews it writes the files anew, and the next
connection takes them: every connection begins in `wrap_bio` or `wrap_socket`, whichever loop or thread it belongs to.
"""

from __future__ import annotations

import logging
import ssl
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rater.kafka.certificate import CertificateError, described_file
from rater.kafka.setting_error import SettingError, variable
from rater.secret import Secret

log = logging.getLogger(__name__)

Stamp = tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFiles:
    """Where TLS takes what it needs from, all in PEM form."""

    ca_file: Path | None = None
    """Who may have signed the broker's certificate; None: whom this machine trusts."""
    certificate_file: Path | None = None
    """What we present, with the certificates between it and its authority; None: nothing."""
    key_file: Path | None = None
    """Its private key; None: it lies in the certificate's file."""
    key_password: Secret | None = None
    check_hostname: bool = True
    """Whether the broker's certificate must name the address that was dialled."""

    def stamp(self) -> Stamp:
        """Return what differs when one of the files was written or put in place anew."""
        files = (self.ca_file, self.certificate_file, self.key_file)
        found = [file.stat() for file in files if file is not None]
        return tuple((each.st_mtime_ns, each.st_ino, each.st_size) for each in found)

    def trust(self) -> str:
        """Say whose certificates are believed."""
        return f"the CA file {self.ca_file}" if self.ca_file else "the CAs of this machine"

    def presented(self) -> str:
        """Say what we show of ourselves, as it lies on the disk now."""
        if self.certificate_file is None:
            return "no certificate"
        try:
            return f"the certificate {described_file(self.certificate_file)}"
        except (OSError, CertificateError) as error:
            return (
                f"the certificate {self.certificate_file}, unreadable now: {type(error).__name__}"
            )


class _Parting(ssl.SSLObject):
    """A connection that says good-bye (close_notify) and does not wait for the other side's.

    Event loops wait for it for half a minute, and a broker that is at a long poll does not always answer. Kafka needs
    none: its messages have lengths, so that nothing can be cut off unseen.
    """

    def unwrap(self) -> None:
        with suppress(ssl.SSLWantReadError, ssl.SSLSyscallError):
            super().unwrap()


class FreshContext(ssl.SSLContext):
    """A context for clients that reads its files again, once they have changed, before the next connection.

    What cannot be used is logged and left: the certificates of before stay. A CA that is no longer in its file is
    believed until the process ends, for OpenSSL does not forget.
    """

    sslobject_class = _Parting
    files: TlsFiles
    _lock: threading.Lock
    _loaded: Stamp
    _refused: Stamp | None

    def wrap_bio(self, *args: Any, **options: Any) -> ssl.SSLObject:
        """Begin a connection of an event loop."""
        self.refresh()
        return super().wrap_bio(*args, **options)

    def wrap_socket(self, *args: Any, **options: Any) -> ssl.SSLSocket:
        """Begin a connection of a plain socket."""
        self.refresh()
        return super().wrap_socket(*args, **options)

    def refresh(self) -> None:
        """Read the files if they have changed."""
        with self._lock:
            stamp: Stamp | None = None
            try:
                stamp = self.files.stamp()
                if stamp == self._loaded:
                    return
                # A key that does not fit would leave the context with half of a pair.
                _load(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), self.files)
                _load(self, self.files)
            except (SettingError, OSError) as error:
                if stamp != self._refused or stamp is None:
                    log.warning("TLS files are not taken: %(reason)s", {"reason": error})
                self._refused = stamp
                return
            self._loaded, self._refused = stamp, None
            log.info("TLS files read again: %(presented)s", {"presented": self.files.presented()})


def new_context(files: TlsFiles) -> FreshContext:
    """Make the one context of a broker's clients; SettingError where a file is not what it must be."""
    context = FreshContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = files.check_hostname
    context.files, context._lock, context._refused = files, threading.Lock(), None  # noqa: SLF001
    try:
        context._loaded = files.stamp()  # noqa: SLF001
    except OSError:
        context._loaded = ()  # noqa: SLF001 (which one it is says the next line)
    _load(context, files)
    return context


def _load(context: ssl.SSLContext, files: TlsFiles) -> None:
    if files.ca_file is None:
        context.load_default_certs()
    else:
        _readable("ca_file", files.ca_file)
        try:
            context.load_verify_locations(files.ca_file)
        except ssl.SSLError as error:
            raise _no_pem("ca_file", "certificates of authorities", files.ca_file, error) from None
    if files.certificate_file is None:
        return
    _readable("certificate_file", files.certificate_file)
    try:
        described_file(files.certificate_file)
    except CertificateError as error:
        found = files.certificate_file
        raise _no_pem("certificate_file", "a certificate", found, error) from None
    _load_pair(context, files, files.certificate_file)


def _load_pair(context: ssl.SSLContext, files: TlsFiles, certificate: Path) -> None:
    name, key = (
        ("key_file", files.key_file) if files.key_file else ("certificate_file", certificate)
    )
    _readable(name, key)
    # Without a function for it OpenSSL would ask at the terminal.
    secret = files.key_password
    try:
        context.load_cert_chain(
            certificate, files.key_file, lambda: secret.reveal() if secret is not None else ""
        )
    except ssl.SSLError as error:
        what = f"the private key of {certificate}, which {variable('key_password')} opens"
        raise _no_pem(name, what, key, error) from None


def _readable(name: str, path: Path) -> None:
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        raise SettingError(name, "a file that can be read", f"{path}: {error.strerror}") from None


def _no_pem(
    name: str, what: str, path: Path, error: ssl.SSLError | CertificateError
) -> SettingError:
    why = getattr(error, "reason", None) or "not readable as such"
    return SettingError(name, f"a PEM file with {what}", f"{path}: {why}")
