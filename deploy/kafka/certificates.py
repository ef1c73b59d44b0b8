"""An authority of our own, made anew for each secured broker, and the certificates that it signs; by openssl.

For development and tests: keys lie unencrypted on the disk, readable to their owner alone. Standard library only.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deploy.kafka.distribution import BrokerError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

DAYS = 30
LOCAL = ("DNS:localhost", "IP:127.0.0.1")
_CONFIG = """\
[req]
distinguished_name = name
prompt = no
[name]
[authority]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[signed]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth,clientAuth
authorityKeyIdentifier = keyid
"""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate and its private key, each a PEM file."""

    certificate: Path
    key: Path


class Authority:
    """A certificate authority in a folder; one that is there is used again."""

    def __init__(
        self, folder: Path, name: str = "Rater development CA", *, days: int = DAYS
    ) -> None:
        """Make its key and its certificate, `ca.pem`, unless they are there."""
        self.folder = folder
        self.certificate = folder / "ca.pem"
        self._key = folder / "ca.key"
        self._config = folder / "openssl.cnf"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not self.certificate.exists():
            self._config.write_text(_CONFIG)
            self._openssl(
                *("req", "-x509", "-new", *self._new_key(self._key)),
                *("-extensions", "authority", "-subj", f"/CN={name}", "-days", str(days)),
                *("-out", str(self.certificate)),
            )

    def issue(self, name: str, hosts: Iterable[str] = (), *, days: int = DAYS) -> Certificate:
        """Make a key and sign a certificate of CN=name; `hosts` as openssl says them, `DNS:localhost`.

        Issued again, it takes the place of the one before.
        """
        made = Certificate(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        request, extensions = self.folder / f"{name}.csr", self.folder / f"{name}.cnf"
        named = f"subjectAltName = {','.join(hosts)}\n" if (hosts := tuple(hosts)) else ""
        extensions.write_text(_CONFIG + named)
        self._openssl("req", "-new", *self._new_key(made.key), "-subj", f"/CN={name}",
                      "-out", str(request))  # fmt: skip
        self._openssl(
            *("x509", "-req", "-in", str(request), "-days", str(days), "-CAcreateserial"),
            *("-CA", str(self.certificate), "-CAkey", str(self._key)),
            *("-extfile", str(extensions), "-extensions", "signed", "-out", str(made.certificate)),
        )
        request.unlink()
        extensions.unlink()
        return made

    def _new_key(self, file: Path) -> tuple[str, ...]:
        kind = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
        return ("-config", str(self._config), *kind, "-keyout", str(file))

    def _openssl(self, *arguments: str) -> None:
        command = ["openssl", *arguments]
        try:
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                umask=0o077,
            )  # fmt: skip
        except FileNotFoundError as error:
            raise BrokerError("a secured broker needs openssl, which is not installed") from error
        if done.returncode != 0:
            raise BrokerError(f"openssl {arguments[0]} failed:\n{done.stderr}")
