"""A setting of the way to Kafka that cannot be: which one, what it must be, and what was found."""

PREFIX = "RATER_KAFKA_"


def variable(name: str) -> str:
    """Return the environment variable of a setting."""
    return PREFIX + name.upper()


class SettingError(Exception):
    """A setting is wrong; no message shows a secret."""

    def __init__(self, name: str, must_be: str, found: str) -> None:
        """Name the setting."""
        self.name = name
        super().__init__(f"{variable(name)} must be {must_be}, found {found}")
