"""Settings that every service has: Kafka, where its metrics are, its log; and from where all of them are read.

An option wins, then the environment, then the settings file, then the default. Secrets are variables or files, which
`NAME_FILE` or a key of the settings file names: no option, and nothing in the settings file itself, says one.
"""

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, create_model
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from rater.host import read_host
from rater.kafka.broker import Broker
from rater.kafka.refusal import AddressError, check_address
from rater.kafka.security import CHECK_HOSTNAME, SECRETS, SETTINGS, Setting
from rater.kafka.security import read as read_security
from rater.kafka.setting_error import SettingError
from rater.secret import Secret
from rater.shell.process.log_lines import Form
from rater.shell.process.settings.declaration import Names, setting
from rater.shell.process.settings.effect import Only, without_effect
from rater.shell.process.settings.sources import TomlFile, Variables
from rater.wire.utf8 import is_utf8

LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]

Host: TypeAlias = Annotated[str, AfterValidator(read_host)]

Wrong = tuple[str, str]
"""A field, and a sentence that says what is wrong with it beside others."""


def _of_kafka(each: Setting, kind: Any, default: Any, told_default: str | None = None) -> Any:
    names = Names(
        table="kafka", variable=each.variable, metavar=each.metavar, told_default=told_default
    )
    return kind, setting(default, each.help, names)


if TYPE_CHECKING:

    class KafkaSettings(BaseModel):
        """How Kafka is reached; all of them are declared in `rater/kafka/security.py`."""

        broker_address: str = setting(..., "Declared below, with its default.")
        kafka_check_hostname: bool = setting(..., "Likewise.")
else:
    # Made of what every other command's options are made of, too, which have no time to wait for pydantic.
    KafkaSettings = create_model(
        "KafkaSettings",
        __config__=ConfigDict(arbitrary_types_allowed=True),
        __module__=__name__,
        broker_address=(
            str,
            setting(
                "localhost:9092",
                "The Kafka broker.",
                Names("broker", "kafka", "RATER_BROKER", "--broker", "HOST:PORT"),
            ),
        ),
        **{f"kafka_{each.name}": _of_kafka(each, str | None, None) for each in SETTINGS},
        **{
            f"kafka_{CHECK_HOSTNAME.name}": _of_kafka(CHECK_HOSTNAME, bool, True, "checked"),
        },
        **{f"kafka_{name}": _of_kafka(each, Secret | None, None) for name, each in SECRETS.items()},
    )


class ServiceSettings(KafkaSettings, BaseSettings):
    """What every service is told at its start. `table` is its name and its table in the settings file."""

    model_config = SettingsConfigDict(
        arbitrary_types_allowed=True, extra="forbid", frozen=True, hide_input_in_errors=True
    )
    table: ClassVar[str] = ""
    only_with: ClassVar[Mapping[str, tuple[Only, ...]]] = {}
    """By field, beside what other settings alone it has an effect: anywhere else it is refused."""

    metrics_host: Host = setting("127.0.0.1", "Where /metrics, /livez and /readyz listen.")
    metrics_port: int = 0
    log_level: LogLevel = setting("INFO", "What is logged: this and above.", Names(table="log"))
    log_format: Form = setting(
        "text",
        "json: one object a line with time, level, logger, event and the fields of the event.",
        Names(table="log"),
    )
    settings: Path | None = setting(
        None,
        "A TOML file with settings: what neither an option nor a variable says is taken from it.",
        Names(table="", variable="RATER_SETTINGS", metavar="FILE"),
    )

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource,
        *_others: PydanticBaseSettingsSource, **_more: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:  # fmt: skip
        """Return where settings come from, the strongest first; pydantic adds the defaults."""
        return init_settings, Variables(settings_cls), TomlFile(settings_cls)

    @cached_property
    def broker(self) -> Broker:
        """Return the broker, its files read; SettingError where one of its settings is wrong."""
        said = {each.name: getattr(self, f"kafka_{each.name}") for each in SETTINGS}
        secrets = {name: getattr(self, f"kafka_{name}") for name in SECRETS}
        given = {name: secret for name, secret in secrets.items() if secret is not None}
        security = read_security(said, given, check_hostname=self.kafka_check_hostname)
        return Broker(self.broker_address, security)

    def contradictions(self) -> Iterator[Wrong]:
        """Yield what is wrong with fields that are right each by itself, and with the files that they name."""
        try:
            check_address(self.broker)
        except SettingError as error:
            yield f"kafka_{error.name}", str(error)
        except AddressError as error:
            yield "broker_address", f"{error} (set --broker or RATER_BROKER)"
        for name, value in self:
            if isinstance(value, str) and not is_utf8(value):
                yield name, f"must be UTF-8, found {value!a}"
        yield from without_effect(self, self.only_with)


class GroupSettings(ServiceSettings):
    """What a service is told that shares its work with others of a consumer group."""

    session_timeout_s: float = setting(
        10.0,
        "Seconds after which the group gives a dead one's partitions to others.",
        low=1.0,
        high=300.0,
    )


def metrics_port(default: int) -> Any:
    """Declare the port of a service's metrics."""
    about = "/metrics, /livez and /readyz; 0 takes a free one and logs it."
    return setting(default, about, low=0, high=65_535)
