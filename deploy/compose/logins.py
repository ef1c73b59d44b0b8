"""Make the secrets of compose.yaml: certificates, a password for each role, and what else must not be in git.

`python3 deploy/compose/logins.py` writes deploy/compose/secrets/, which only its owner can enter; files that are there
stay, so that whatever uses them goes on. Needs openssl, and nothing of Python but its standard library:

    ca.pem, ca.key               the authority, good for ten years; the key is for nobody else
    broker-store.pem             key, certificate and authority of the broker
    admin.pem, admin.key         of who sets the broker up, and may do everything
    ROLE.password                of each role of topics/roles.py
    ROLE.env                     to be sourced on this machine: how `rater` reaches the broker as that role
    webhook, grafana             what signs webhooks; the password of Grafana's `admin`

Files that a container reads are readable to all: it runs as another user than the folder's, and sees no other file.
To change a password delete its file, run this and `docker compose run --rm set-up`, and restart who uses it.
"""

from __future__ import annotations

import secrets
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if not __package__:
    # Run as a script: Python has put this folder on the path, not the repository.
    sys.path[0] = str(ROOT)

from deploy.kafka.certificates import Authority  # noqa: E402
from deploy.kafka.distribution import BrokerError  # noqa: E402
from topics.roles import ROLES  # noqa: E402

FOLDER = ROOT / "deploy" / "compose" / "secrets"
HOSTS = ("DNS:kafka", "DNS:localhost", "IP:127.0.0.1")
AUTHORITY_DAYS = 3650
CERTIFICATE_DAYS = 825
OTHERS = ("webhook", "grafana")
HOST_ADDRESS = "127.0.0.1:9094"
"""The listener HOST of kafka.properties."""


def main(folder: Path = FOLDER) -> int:
    """Make what is missing; return the exit code."""
    try:
        _certificates(folder)
    except BrokerError as error:
        print(f"logins: {error}", file=sys.stderr)
        return 1
    for role in roles():
        _secret(folder / f"{role}.password")
        (folder / f"{role}.env").write_text(exports(folder, role))
    for name in OTHERS:
        _secret(folder / name)
    print(f"logins: {folder} has certificates and {len(roles())} passwords")
    return 0


def roles() -> list[str]:
    """Return the roles' logins."""
    return [role.principal for role in ROLES]


def exports(folder: Path, role: str) -> str:
    """Return what a shell on this machine is told, to be that role."""
    said = {
        "RATER_BROKER": HOST_ADDRESS,
        "RATER_KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
        "RATER_KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
        "RATER_KAFKA_CA_FILE": str(folder / "ca.pem"),
        "RATER_KAFKA_USERNAME": role,
        "RATER_KAFKA_PASSWORD_FILE": str(folder / f"{role}.password"),
    }
    return "".join(f"export {name}='{value}'\n" for name, value in said.items())


def _certificates(folder: Path) -> None:
    authority = Authority(folder, "Rater compose CA", days=AUTHORITY_DAYS)
    if not (folder / "broker-store.pem").exists():
        own = authority.issue("broker", HOSTS, days=CERTIFICATE_DAYS)
        parts = (own.key, own.certificate, authority.certificate)
        (folder / "broker-store.pem").write_text("".join(part.read_text() for part in parts))
        admin = authority.issue("admin", days=CERTIFICATE_DAYS)
        for file in (admin.certificate, admin.key, folder / "broker-store.pem"):
            file.chmod(0o444)
    authority.certificate.chmod(0o444)


def _secret(file: Path) -> None:
    if not file.exists():
        file.write_text(f"{secrets.token_urlsafe(24)}\n")
        file.chmod(0o444)


if __name__ == "__main__":
    sys.exit(main())
