"""Deck retire: what speaks for and against taking a rate deck out of service.

From its instant on the deck prices nothing: calls answered later find the account's next deck, or wait in suspense
as `unknown_deck`. Calls answered before are still priced, however late they come. A later version ends the retirement.
"""

from rater.core.pricing.decks import Deck, Retirement
from rater.core.times import to_text
from rater.shell.versions.deck_versions import Versions
from rater.shell.versions.shared_loader import LoadRefusedError


def decide_retirement(
    versions: Versions,
    since_ms: int | None,
    now_ms: int,
    *,
    reason: str | None = None,
    backdate: bool = False,
) -> Retirement | None:
    """Return the retirement of the deck that was looked at; None: it is retired at that instant already.

    `since_ms` None: at once. Raises `LoadRefusedError` with what speaks against it.
    """
    # The next whole second: what is published must not reach back before calls that were answered.
    deck_id = versions.deck_id or ""
    since_ms = (now_ms // 1_000 + 1) * 1_000 if since_ms is None else since_ms
    if not any(isinstance(one, Deck) for one in versions.of_deck(deck_id)):
        message = f"deck_id: {deck_id} has no version that could be retired"
        raise LoadRefusedError(message)
    if isinstance(versions.book.governing(deck_id, since_ms), Retirement):
        return None
    if since_ms < now_ms and not backdate:
        message = (
            f"valid_from: {to_text(since_ms)} is in the past: calls already made, whose CDRs come late, "
            "would have no price. Say --backdate if that is meant"
        )
        raise LoadRefusedError(message)
    return Retirement(deck_id, versions.next_version(deck_id), since_ms, reason)


def revived_by(versions: Versions, retirement: Retirement) -> Deck | None:
    """Return the version that ends a retirement, where there is one already."""
    later = [
        one
        for one in versions.of_deck(retirement.deck_id)
        if isinstance(one, Deck) and one.valid_from_ms > retirement.valid_from_ms
    ]
    return later[0] if later else None
