"""A token endpoint on this machine: client credentials in, a signed token out; signed by openssl, checked by Kafka."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from base64 import b64decode, urlsafe_b64encode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from pathlib import Path

ISSUER, AUDIENCE = "https://issuer.example", "kafka"


class TokenServer:
    """Gives tokens of `lifetime_s` to clients that know their secret; `asked` counts them."""

    def __init__(self, folder: Path, secrets: dict[str, str]) -> None:
        """Make the key pair; `jwks` is the file that a broker checks signatures with."""
        self.lifetime_s = 60
        self.audience = AUDIENCE
        self.asked = 0
        self.jwks = folder / "jwks.json"
        self._key = folder / "token.key"
        self._secrets = secrets
        _openssl("genrsa", "-out", str(self._key), "2048")
        said = _openssl("rsa", "-in", str(self._key), "-noout", "-modulus").decode().strip()
        modulus = bytes.fromhex(said.removeprefix("Modulus="))
        key = {
            "kty": "RSA",
            "use": "sig",
            "alg": "RS256",
            "kid": "one",
            "n": _base64(modulus),
            "e": "AQAB",
        }
        self.jwks.write_text(json.dumps({"keys": [key]}))
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                said = b64decode(self.headers["Authorization"].removeprefix("Basic ")).decode()
                client, _, secret = said.partition(":")
                known = server._secrets.get(client) == secret
                told = server.token(client) if known else {"error": "invalid_client"}
                body = json.dumps(told).encode()
                self.send_response(200 if known else 401)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/token"

    def token(self, client: str) -> dict[str, Any]:
        """Sign a token: the client is who Kafka takes it for."""
        self.asked += 1
        now = int(time.time())
        claims = {"iss": ISSUER, "aud": self.audience, "sub": client, "scope": "kafka", "iat": now,
                  "exp": now + self.lifetime_s}  # fmt: skip
        head = {"alg": "RS256", "typ": "JWT", "kid": "one"}
        signed = ".".join(_base64(json.dumps(part).encode()) for part in (head, claims))
        signature = _openssl("dgst", "-sha256", "-sign", str(self._key), given=signed.encode())
        return {"access_token": f"{signed}.{_base64(signature)}", "expires_in": self.lifetime_s}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _base64(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def _openssl(*arguments: str, given: bytes = b"") -> bytes:
    return subprocess.run(
        ["openssl", *arguments], input=given, capture_output=True, check=True
    ).stdout
