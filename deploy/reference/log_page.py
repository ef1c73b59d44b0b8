"""Log page: every field that a line of a log may have as JSON, from the table that tests hold all calls against."""

from deploy.reference.tables import cell, code, table
from rater.shell.process.log_fields import ERRORS, FIELDS, HEAD
from rater.shell.process.log_masking import HIDDEN_DIGITS

_INTRO = f"""\
# Log lines

With `--log-format json` (or `RATER_LOG_FORMAT=json`) every line on standard error is one object. These are all the
names that a service's own lines have; a line has those that its sentence names. Lines of Faust and of the Kafka client
have the first four. Of a number in E.164 with its plus the last {HIDDEN_DIGITS} digits are hidden, of an e-mail address
all but the first letter before the `@`, in text and JSON alike. No line names a CDR: what became of each is in the
ledger, in suspense or a dead letter.

"""


def page() -> str:
    """Return the page."""
    rows = {**HEAD, **ERRORS, **FIELDS}
    return _INTRO + table(
        ("field", "meaning"), [(code(name), cell(of)) for name, of in rows.items()]
    )
