"""Charged CDR: a CDR as the entry of its charge says it: every input of its price is there (R4)."""

from rater.core.cdr import Cdr
from topics.records import Charge


def cdr_of(entry: Charge, whose: tuple[str, str] | None = None) -> Cdr:
    """Return the CDR of a charge; `whose`: tenant and id, where those of the entry are not to be believed."""
    call, dialled = entry.call, None
    if call.routing_number is not None:
        dialled = call.to
    tenant_id, cdr_id = (entry.tenant_id, entry.cdr_id) if whose is None else whose
    return Cdr(
        tenant_id,
        cdr_id,
        entry.version,
        "void" if entry.reason == "voided" else "final",
        call.direction,
        call.routing_number or call.to,
        call.from_,
        call.call_type,
        call.service_number_type,
        call.usage_country,
        call.disposition,
        call.answered_ms,
        call.ended_ms,
        call.duration_s,
        call.started_ms is not None,
        call.answered_ms if call.started_ms is None else call.started_ms,
        call.user_id,
        call.organizer_id,
        dialled,
    )
