"""Pattern words: what a text must be, in words instead of a pattern; every pattern but that of moments has some."""

from typing import Final

from topics import fields

PRINTABLE: Final = "must be printable ASCII without blanks"
TENANT: Final = "must be letters, digits and . _ : @ - only"
COUNTRY: Final = "must be two capital letters, as in DE"
NUMBER: Final = "must be an E.164 number with +, its last digits masked by * at most, or a short number as dialled"
_DIGEST: Final = "must be a digest: 0 to 9 and a to f"

WORDS: Final[dict[str, str]] = {
    fields.ID_PATTERN: PRINTABLE,
    fields.TENANT_PATTERN: TENANT,
    fields.COUNTRY_PATTERN: COUNTRY,
    fields.NUMBER_PATTERN: NUMBER,
    fields.EMAIL_PATTERN: "must be an e-mail address, as in ann@acme.example, of letters, digits and signs but ?",
    r"[A-Z]{3}": "must be three capital letters, as in USD",
    r"https?://[\x21-\x7e]+": "must be a URL that begins with http:// or https://, without blanks",
    r"[A-Za-z0-9._-]+": "must be letters, digits and . _ - only",
    r"[0-9]{4}-(?:0[1-9]|1[0-2])": "must be a month, as in 2026-12",
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}": "must be a date, as in 2026-12-24",
    r"[a-z][a-z0-9_-]*": "must be small letters, digits, _ and -, a letter first",
    r"\+[1-9][0-9]{0,14}": "must be at most 15 digits after a plus sign, as in +33",
    r"(\+[1-9][0-9]{0,6})?": "must be at most 7 digits after a plus sign, as in +33, or empty",
    r"[0-9a-f]{64}": _DIGEST,
    r"[0-9a-f]{32}": _DIGEST,
}
"""By the pattern as it is declared; what a moment must be, `demands` says."""


def in_words(pattern: str) -> str:
    """Return what a text must be to match a pattern, of a schema or of msgspec; one without words is said as it is."""
    bare = pattern.removeprefix("^(?:").removesuffix(r"\Z").removesuffix("$").removesuffix(")")
    if bare.startswith("(?:") and bare.endswith(")?") and (inner := WORDS.get(bare[3:-2])):
        return f"{inner}, or empty"
    return WORDS.get(bare) or f"must match {pattern.replace(chr(92) + 'Z', '$')}"
