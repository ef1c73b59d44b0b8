"""Security of the way to Kafka: TLS, and a login by password, token or certificate.

`SETTINGS` are what an operator says of it, each an environment variable and, but for the secrets, an option of every
command that talks to a broker. `read` makes a `Security` of them, or refuses them with the one that is wrong.
A setting that would have no effect is refused, too: whoever gives a password means not to go without one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from rater.kafka.certificate import subject
from rater.kafka.setting_error import SettingError, variable
from rater.kafka.tls import FreshContext, TlsFiles, new_context
from rater.kafka.tokens import TokenProvider, TokenSource, check_source
from rater.secret import Secret, read_secret

PROTOCOLS = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
PASSWORD_MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
TOKEN_MECHANISM = "OAUTHBEARER"  # noqa: S105 (the name of a mechanism)
MECHANISMS = (*PASSWORD_MECHANISMS, TOKEN_MECHANISM)


class Setting(NamedTuple):
    """Something an operator may say; the default of a text is that it was not said."""

    name: str
    help: str
    metavar: str = "TEXT"

    @property
    def variable(self) -> str:
        """Return its environment variable."""
        return variable(self.name)


SETTINGS = (
    Setting("security_protocol", f"{', '.join(PROTOCOLS)}; default: {PROTOCOLS[0]}.", "NAME"),
    Setting("sasl_mechanism", f"{', '.join(MECHANISMS)}.", "NAME"),
    Setting("username", "Of PLAIN and SCRAM; RATER_KAFKA_PASSWORD (or _FILE) has the password."),
    Setting("ca_file", "PEM; who may have signed the broker's certificate.", "FILE"),
    Setting("certificate_file", "PEM; what is presented to the broker (mutual TLS).", "FILE"),
    Setting(
        "key_file", "PEM; its private key, where it is not in the same file. RATER_KAFKA_KEY_PASSWORD (or _FILE).",
        "FILE",
    ),
    Setting("token_url", "Of OAUTHBEARER: the endpoint for client credentials.", "URL"),
    Setting("client_id", "Of OAUTHBEARER; RATER_KAFKA_CLIENT_SECRET (or _FILE) has the secret."),
    Setting("scope", "Of OAUTHBEARER: what to ask for."),
    Setting("token_ca_file", "PEM; who may have signed the token endpoint's certificate.", "FILE"),
)  # fmt: skip
CHECK_HOSTNAME = Setting(
    "check_hostname", "Whether the broker's certificate must name its address (TLS)."
)
SECRETS = {
    each.name: each
    for each in (
        Setting("password", "The password at Kafka, of PLAIN and SCRAM."),
        Setting("key_password", "Opens the private key presented to Kafka, where it is encrypted."),
        Setting("client_secret", "Of OAUTHBEARER: the client's secret at the token endpoint."),
    )
}
"""By name. Never on the command line, where anybody on the machine can read them."""

_OF_TLS = ("ca_file", "certificate_file", "key_file", "key_password")
_OF_PASSWORDS = ("username", "password")
_OF_TOKENS = ("token_url", "client_id", "client_secret", "scope", "token_ca_file")


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordLogin:
    """A login by user and password."""

    mechanism: str
    username: str
    password: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenLogin:
    """A login by a token that somebody else gives."""

    provider: TokenProvider
    mechanism: str = TOKEN_MECHANISM


Login = PasswordLogin | TokenLogin


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """TLS, with the one context of all connections."""

    files: TlsFiles
    context: FreshContext


@dataclass(frozen=True, slots=True, kw_only=True)
class Security:
    """How the way to Kafka is secured; as it is made, not at all."""

    protocol: str = PROTOCOLS[0]
    tls: Tls | None = None
    login: Login | None = None

    def options(self) -> dict[str, Any]:
        """Return what any client of aiokafka needs of it."""
        options: dict[str, Any] = {"security_protocol": self.protocol}
        if self.tls is not None:
            options["ssl_context"] = self.tls.context
        if self.login is not None:
            options["sasl_mechanism"] = self.login.mechanism
        if isinstance(self.login, PasswordLogin):
            options["sasl_plain_username"] = self.login.username
            options["sasl_plain_password"] = self.login.password.reveal()
        if isinstance(self.login, TokenLogin):
            options["sasl_oauth_token_provider"] = self.login.provider
        return options

    def principal(self) -> str:
        """Return whom the broker takes us for, as far as we can know: it may have rules of its own for names."""
        if isinstance(self.login, PasswordLogin):
            return f"User:{self.login.username}"
        if isinstance(self.login, TokenLogin):
            return f"User:{self.login.provider.source.client_id}"
        if self.tls is not None and self.tls.files.certificate_file is not None:
            return f"User:{subject(self.tls.files.certificate_file)}"
        return "User:ANONYMOUS"


PLAINTEXT = Security()


def read(
    given: Mapping[str, str | None], secrets: Mapping[str, Secret] | None = None, *,
    check_hostname: bool = True,
) -> Security:  # fmt: skip
    """Make it of settings by name, empty ones not given, and of secrets by name; None: those in the environment.

    Raises SettingError, or SecretError where the file of a secret cannot be read.
    """
    values = {name: text.strip() for name, text in given.items() if text and text.strip()}
    secrets = _of_environment() if secrets is None else secrets
    protocol = _chosen(values, "security_protocol", PROTOCOLS, PROTOCOLS[0])
    said = [*values, *secrets]
    with_tls, with_login = protocol.endswith("SSL"), protocol.startswith("SASL_")
    if not with_tls:
        _refuse_unused(said, _OF_TLS, "SSL or SASL_SSL", protocol)
        if not check_hostname:
            _refuse_unused(["check_hostname"], ("check_hostname",), "SSL or SASL_SSL", protocol)
    if not with_login:
        unused = ("sasl_mechanism", *_OF_PASSWORDS, *_OF_TOKENS)
        _refuse_unused(said, unused, "SASL_PLAINTEXT or SASL_SSL", protocol)
    return Security(
        protocol=protocol,
        tls=_tls(values, secrets, check_hostname=check_hostname) if with_tls else None,
        login=_login(values, secrets) if with_login else None,
    )


def _of_environment() -> dict[str, Secret]:
    read = ((name, read_secret(each.variable)) for name, each in SECRETS.items())
    return {name: secret for name, secret in read if secret is not None}


def _chosen(
    values: Mapping[str, str], name: str, choices: tuple[str, ...], default: str | None = None
) -> str:
    found = values.get(name, default)
    if found not in choices:
        shown = "nothing" if found is None else repr(found)
        raise SettingError(name, f"one of {', '.join(choices)}", shown)
    return found


def _refuse_unused(
    said: list[str], of_others: tuple[str, ...], protocols: str, protocol: str
) -> None:
    """Refuse what only other protocols use."""
    for name in of_others:
        if name in said:
            must_be = f"left out, or {variable('security_protocol')} be {protocols}"
            raise SettingError(name, must_be, f"it beside {protocol}")


def _required(values: Mapping[str, str], name: str, mechanism: str) -> str:
    if name not in values:
        raise SettingError(name, f"set for {mechanism}", "nothing")
    return values[name]


def _secret(secrets: Mapping[str, Secret], name: str, mechanism: str) -> Secret:
    if name not in secrets:
        by_file = f"{variable(name)}_FILE"
        raise SettingError(
            name, f"set for {mechanism}, or {by_file} name a file with it", "nothing"
        )
    return secrets[name]


def _tls(values: Mapping[str, str], secrets: Mapping[str, Secret], *, check_hostname: bool) -> Tls:
    paths = {name: Path(values[name]) for name in _OF_TLS if name in values}
    for name in ("key_file", "key_password"):
        if (name in paths or name in secrets) and "certificate_file" not in paths:
            raise SettingError(name, f"set beside {variable('certificate_file')}", "it alone")
    files = TlsFiles(
        **paths, key_password=secrets.get("key_password"), check_hostname=check_hostname
    )
    return Tls(files=files, context=new_context(files))


def _login(values: Mapping[str, str], secrets: Mapping[str, Secret]) -> Login:
    mechanism = _chosen(values, "sasl_mechanism", MECHANISMS)
    others = _OF_PASSWORDS if mechanism == TOKEN_MECHANISM else _OF_TOKENS
    for name in others:
        if name in values or name in secrets:
            found = f"it beside {mechanism}"
            raise SettingError(name, f"left out, or {variable('sasl_mechanism')} another", found)
    if mechanism == TOKEN_MECHANISM:
        return TokenLogin(provider=TokenProvider(_source(values, secrets)))
    username = _required(values, "username", mechanism)
    if not username.isprintable():
        raise SettingError("username", "printable text", repr(username))
    return PasswordLogin(
        mechanism=mechanism, username=username, password=_secret(secrets, "password", mechanism)
    )


def _source(values: Mapping[str, str], secrets: Mapping[str, Secret]) -> TokenSource:
    source = TokenSource(
        url=_required(values, "token_url", TOKEN_MECHANISM),
        client_id=_required(values, "client_id", TOKEN_MECHANISM),
        client_secret=_secret(secrets, "client_secret", TOKEN_MECHANISM),
        scope=values.get("scope"),
        ca_file=Path(values["token_ca_file"]) if "token_ca_file" in values else None,
    )
    check_source(source)
    return source
