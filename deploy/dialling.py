"""Dialling: calling codes, emergency numbers, and beginnings that no number has, from `phonenumbers`."""

from collections.abc import Iterator

from number_patterns import DIGITS, Automaton
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, SUPPORTED_SHORT_REGIONS, PhoneMetadata

WORLD = "001"
"""What libphonenumber calls the region of calling codes without a country."""


def calling_codes() -> list[tuple[str, str]]:
    """Return the countries and their calling codes."""
    found = COUNTRY_CODE_TO_REGION_CODE.items()
    return sorted(
        (region, str(code)) for code, those in found for region in those if region != WORLD
    )


def impossible() -> Iterator[tuple[str, str, str]]:
    """Yield prefix, country and kind of what no number begins with: a trunk zero after the code.

    Where some digits may follow a zero (Japan's 00...), only the others are named.
    """
    for code, regions in COUNTRY_CODE_TO_REGION_CODE.items():
        after_zero = [_after_zero(code, region) for region in regions]
        never = [digit for digit in DIGITS if not any(a.step(s, digit) for a, s in after_zero)]
        country = "" if regions == (WORLD,) else regions[0]
        tails = [""] if len(never) == len(DIGITS) else never
        yield from ((f"{code}0{tail}", country, "impossible") for tail in tails)


def _after_zero(code: int, region: str) -> tuple[Automaton, frozenset[int]]:
    """Return the pattern of all numbers of a region, and its states after a zero."""
    if region == WORLD:
        metadata = PhoneMetadata.metadata_for_nongeo_region(code)
    else:
        metadata = PhoneMetadata.metadata_for_region(region)
    made = Automaton((metadata and metadata.general_desc.national_number_pattern) or "")
    return made, made.step(made.start, "0")


def emergency_numbers() -> list[tuple[str, str]]:
    """Return country and emergency number; `*`: 112 and 911, which mobile networks take
    everywhere.
    """
    found = {("*", "112"), ("*", "911")}
    for region in sorted(SUPPORTED_SHORT_REGIONS):
        metadata = PhoneMetadata.short_metadata_for_region(region)
        pattern = metadata and metadata.emergency and metadata.emergency.national_number_pattern
        if pattern:
            found |= {(region, number) for number in Automaton(pattern).numbers()}
    return sorted(found)
