"""Pseudonyms: what stands for numbers, addresses and names; the same for the same, as long as the key is.

Of a number the beginning that decides its price stays, and its length. The digits behind it are put through a
permutation that the key, the beginning and the length decide (a Feistel network over decimal digits, as NIST SP 800-38G
has it, with BLAKE2b as its round function); again, until the price is the same. So two numbers have two pseudonyms.
Of an address the part before the @ is replaced. Any other text becomes a token of hexadecimal digits.
"""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import Any

from loadtest.replay.prefixes import SHORT_MAX, Prefixes

ROUNDS = 8
FREE_MIN = 0.02
"""Of the numbers with the same beginning so many must have the same price; else one more digit is kept."""
WALK_MAX = 5_000
"""Digits are permuted so often until the price is the same; what is masked, and all around it another one, stays."""
TOKEN_DIGITS = 15
KNOWN_MAX = 500_000
"""Pseudonyms that are remembered, of each sort."""
_E164 = re.compile(r"\+[1-9][0-9]{0,14}\**")
_DIGITS = re.compile(r"[0-9*#+]+")
_RUN = re.compile(r"[0-9]+")
_ADDRESS = re.compile(r"((?:sips?|mailto|tel):)?([^\s<>@:;\"]+)@([^\s<>;\"]+)", re.IGNORECASE)


class Pseudonyms:
    """What stands for what, by a key."""

    def __init__(self, key: bytes, prefixes: Prefixes, kept_digits: int = 0) -> None:
        """Take a key of at most 64 bytes; of each number so many digits stay, or more."""
        self._key = key
        self._prefixes = prefixes
        self._kept_digits = kept_digits
        self._numbers: dict[str, str] = {}
        self._texts: dict[str, str] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        """Give other processes the key, not what is remembered."""
        return Pseudonyms, (self._key, self._prefixes, self._kept_digits)

    def called(self, text: str) -> str:
        """Return what stands for a number that is called. Short ones, toll-free ones and what hides itself stay."""
        return self._remembered(self._numbers, text, self._called)

    def text(self, text: str) -> str:
        """Return what stands for any text: a number in E.164, an address, digits, or a name."""
        return self._remembered(self._texts, text, self._text)

    def _remembered(self, known: dict[str, str], text: str, make: Any) -> str:
        found = known.get(text)
        if found is None:
            if len(known) >= KNOWN_MAX:
                known.clear()
            found = known[text] = make(text)
        return found

    def _called(self, text: str) -> str:
        if not _DIGITS.fullmatch(text):
            return self.text(text)
        if sum(each.isdigit() for each in text) <= SHORT_MAX:
            return text
        if _E164.fullmatch(text):
            return self._number(text)
        return _RUN.sub(self._run, text)

    def _run(self, found: re.Match[str]) -> str:
        return found[0] if len(found[0]) <= SHORT_MAX else self._digits(found[0])

    def _text(self, text: str) -> str:
        if not text:
            return text
        if _E164.fullmatch(text) and len(text) > SHORT_MAX + 1:
            return self._number(text)
        if _DIGITS.fullmatch(text) and _RUN.search(text):
            return _RUN.sub(lambda run: self._permuted("", run[0]), text)
        if (address := _ADDRESS.search(text)) is not None:
            scheme, user, host = address.groups()
            return f"{scheme or ''}{self.text(user)}@{host}"
        return "x" + self._hash(f"text|{text}").hex()[:TOKEN_DIGITS]

    def _number(self, text: str) -> str:
        """Return what stands for a number in E.164 with its plus sign; its stars stay."""
        digits = text[1:].rstrip("*")
        hidden = len(text) - 1 - len(digits)
        if self._prefixes.is_toll_free(digits) or (hidden and self._prefixes.go_on(digits)):
            return text
        return f"+{self._digits(digits, is_masked=hidden > 0)}{'*' * hidden}"

    def _digits(self, digits: str, *, is_masked: bool = False) -> str:
        """Return digits whose tail is permuted, behind the longest prefix that they had and have again."""
        prefixes, longest = self._prefixes, self._prefixes.longest(digits)
        kept = max(longest, self._kept_digits, 1)
        # What is kept follows from the beginning alone: so two numbers never get one pseudonym.
        while kept < len(digits) and prefixes.free_share(digits[:kept]) < FREE_MIN:
            kept += 1
        head, tail = digits[:kept], digits[kept:]
        for _ in range(WALK_MAX):
            tail = self._permuted(head, tail)
            found = head + tail
            if prefixes.longest(found) == longest and not (is_masked and prefixes.go_on(found)):
                return found
        return digits

    def _permuted(self, head: str, tail: str) -> str:
        """Return other digits, as many; of two tails behind one beginning two."""
        middle = len(tail) // 2
        left, right = tail[:middle], tail[middle:]
        for turn in range(ROUNDS):
            size = len(left)
            added = int.from_bytes(self._hash(f"{turn}|{head}|{len(tail)}|{right}"))
            mixed = (int(left or "0") + added) % 10**size
            left, right = right, f"{mixed:0{size}}" if size else ""
        return left + right

    def _hash(self, text: str) -> bytes:
        return blake2b(text.encode(), key=self._key, digest_size=8).digest()
