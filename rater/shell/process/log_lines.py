"""Log lines: how what is logged is written to standard error, as text for people or as one JSON object a line.

Everybody logs with the standard library, Faust and the Kafka client too, and structlog renders it. Our messages name
what they say (`"command %(command_id)s: %(outcome)s", {...}`): in JSON these are fields beside the whole message, and
`log_fields` has all of them. Numbers and addresses are masked in both forms (`log_masking`).
"""

import json
import logging
import sys
from collections.abc import Mapping, MutableMapping
from datetime import UTC, datetime
from typing import Any, Final, Literal, get_args

import structlog

from rater.shell.process.log_levels import lower_expected
from rater.shell.process.log_masking import mask_fields, masked
from rater.shell.process.quiet_log import SaidBefore, crash_told_by_us

Form = Literal["text", "json"]
FORMS: Final[tuple[Form, ...]] = get_args(Form)

_TEXT: Final = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def start_logging(level: str, form: Form) -> None:
    """Log to standard error; what Faust says of itself only when everything is asked for."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter(form))
    handler.addFilter(SaidBefore())
    if level.upper() != "DEBUG":
        handler.addFilter(crash_told_by_us)
    logging.basicConfig(level=level.upper(), handlers=[handler])
    lower_expected()
    if level.upper() != "DEBUG":
        for name in ("faust", "mode"):
            logging.getLogger(name).setLevel(logging.WARNING)


def formatter(form: Form) -> logging.Formatter:
    """Return what makes a line of a record."""
    if form == "text":
        return _MaskedText(_TEXT)
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[_line, structlog.processors.format_exc_info, mask_fields],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer(serializer=json.dumps, default=str),
        ],
        pass_foreign_args=True,
    )


class _MaskedText(logging.Formatter):
    """Lines of text without whole numbers and addresses."""

    def format(self, record: logging.LogRecord) -> str:
        return masked(super().format(record))


def _error_type(record: logging.LogRecord, fields: Mapping[str, Any]) -> str | None:
    """Return the class of the error that a line is about: of its traceback, or of what it names."""
    if record.exc_info and record.exc_info[0] is not None:
        return record.exc_info[0].__name__
    named = (type(each).__name__ for each in fields.values() if isinstance(each, BaseException))
    return next(named, None)


def _line(_logger: Any, _method: str, given: MutableMapping[str, Any]) -> dict[str, Any]:
    """Return time, level, logger, event, then the fields that the message names."""
    record: logging.LogRecord = given["_record"]
    at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
    line: dict[str, Any] = {
        "time": at.replace("+00:00", "Z"),
        "level": record.levelname.lower(),
        "logger": record.name,
        "event": given["event"],
    }
    named = given.pop("positional_args", ())
    fields = {**given, **(named if isinstance(named, Mapping) else {})}
    if (kind := _error_type(record, fields)) is not None:
        fields["error.type"] = kind
    return {**line, **{name: value for name, value in fields.items() if name not in line}}
