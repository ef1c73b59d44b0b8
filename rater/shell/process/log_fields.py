"""Log fields: every name that a line of ours may have as JSON; a test holds all calls of the log against this table.

One name has one meaning, so that a query over all services is one query. What is not here is no field.
"""

from typing import Final

HEAD: Final = {
    "time": "when, UTC, to the millisecond",
    "level": "debug, info, warning, error or critical",
    "logger": "the module that says it",
    "event": "the whole sentence",
}
"""The first four fields of every line."""

ERRORS: Final = {
    "error.type": "the class of the error that a line is about; beside `error`, or `exception`",
    "exception": "its traceback",
}
"""What a line of an error has besides."""

FIELDS: Final = {
    # Whose, and of what
    "tenant_id": "whose account it is",
    "user_id": "the account's user",
    "command_id": "of an account command, or a payment command",
    "cdr_id": "of a call; null: the line is about no call in particular",
    "recharge_id": "the recharge that a payment is an attempt of",
    "plan_id": "a plan of the catalog",
    "deck_id": "a rate deck",
    "deck": "a version of a rate deck, described",
    "decks": "rate decks that are not whole",
    "version": "of a deck, a catalog, or the charging settings",
    "versions": "all that are known",
    "valid_from": "from when on a version is in force",
    "usage_country": "of a user",
    "currencies": "codes of currencies",
    # Where
    "topic": "of the records that a line is about",
    "partition": "number of a partition",
    "partitions": "numbers of partitions that a service serves or is assigned",
    "before": "the numbers of those that it had",
    "offset": "of a record",
    "last_offset": "of the last record that cannot be read, where several lie in one place",
    "key": "of a record, as text",
    "field": "of a record",
    "applied": "the offset up to which a state was applied",
    "end": "the offset at which a partition ends",
    "host": "name or address of a host",
    "port": "number of a port",
    "url": "where a service listens",
    "path": "of an URL",
    "file": "of our program, where an error came from",
    "line": "in that file",
    # What and why
    "reason": "why",
    "problem": "what is wrong with a deck",
    "trouble": "what a provider answered, or did not",
    "error": "the error, in its own words",
    "refusal": "what a broker refuses",
    "outcome": "what became of it",
    "operation": "what a provider was asked for",
    "status": "what it answered, as a code of HTTP",
    "code": "the provider's code",
    "bound": "what would be passed",
    "micros": "money, in millionths of the currency's unit",
    "balance": "likewise, of an account",
    "currency": "code of the currency",
    "job_id": "of orders that were given together",
    "param": "the parameter that it names",
    "provider": "name of a payment provider",
    "mode": "live or test",
    "channel": "email or webhook",
    "kind": "of a notification",
    "month": "of a statement, as 2026-12",
    "step": "of a canary's round",
    "expected": "what had to come of it",
    "found": "what came of it",
    "then": "what comes next",
    "held": "what is held for maintenance, of whom and since when",
    "what": "of what a line speaks",
    "lost": "what a charge index dropped",
    "presented": "the certificate that was shown to a broker",
    "compiled": "whether the hot path is",
    "variable": "of the environment",
    "stacks": "of threads and tasks",
    # How many, how long
    "records": "number of records",
    "calls": "number of calls",
    "groups": "number of consumer groups",
    "plans": "number of plans",
    "tenants": "number of tenants",
    "count": "number of what was named",
    "difference": "what the reconciler found: where, which field, what it must be",
    "counts": "numbers by outcome and reason",
    "due": "number of what is due",
    "known": "number of deliveries that are known",
    "whole": "number of versions that are whole",
    "forgotten": "number of entitlements that were let go",
    "quarantined": "number of payment results",
    "refused": "number of webhooks",
    "failures": "number in a row",
    "tries": "number of tries that may be made",
    "number": "of this try",
    "round": "of this question to a provider",
    "at_work": "number of commands that are not finished",
    "took_s": "seconds",
    "wait_s": "seconds until the next try",
    "open_s": "seconds for which a circuit stays open",
    "ahead_s": "seconds by which the clock is set forward",
    "seconds": "seconds that may pass",
}
"""What a message may name, by what it means."""
