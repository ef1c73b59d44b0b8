"""Expectations: what a load must lead to, as a file that people read, too; one entry a tenant.

Amounts are micros, 1e-6 of the currency; balances are said, and must be what the rest of the entry adds up to.
"""

from __future__ import annotations

from collections import Counter

import msgspec

from loadtest.expected import Expected, UserCounts
from loadtest.loads.faults import LoadError
from loadtest.purse import Purse


class User(msgspec.Struct, omit_defaults=True):
    """What must be counted of a user, by month and by pool, and what the user may do."""

    limit_micros: int = 0
    spent_micros: dict[str, int] = {}
    used_s: dict[str, int] = {}
    may_spend: bool = True
    outbound: str = "any"
    conferences: str = "any"


class Tenant(msgspec.Struct, omit_defaults=True):
    """What must come of a tenant."""

    balance_micros: int
    """In the end; below zero it is debt."""
    funded_micros: int = 0
    charges: int = 0
    charged_micros: int = 0
    waived_micros: int = 0
    """Of what is charged: what nobody pays."""
    lots: dict[str, int] | None = None
    """What is left of each lot; null: nothing is known of them."""
    debt_micros: int = 0
    used_s: dict[str, int] | None = None
    """Seconds drawn on each pool."""
    owed_micros: dict[str, int] | None = None
    """Of each month, of a tenant that pays later."""
    credit_limit_micros: int | None = None
    """Of one that pays later, or has; 0: none."""
    is_prepaid_again: bool = False
    users: dict[str, User] = {}


class Expectations(msgspec.Struct, omit_defaults=True):
    """All of them."""

    outcomes: dict[str, int]
    """Of CDRs, as the manifests of batches count them."""
    pooled: int
    """Charges of which pools pay at least a second."""
    tenants: dict[str, Tenant]


_encoder = msgspec.json.Encoder(order="sorted")


def encode(expected: Expected) -> bytes:
    """Return the file."""
    names = {*expected.funded_micros, *expected.charges, *expected.purses, *expected.owed_micros}
    names |= {*expected.used_s, *expected.credit_limits, *(who for who, _ in expected.users)}
    tenants = {name: _tenant(expected, name) for name in sorted(names)}
    for (name, user_id), counts in expected.users.items():
        tenants[name].users[user_id] = User(
            counts.limit_micros,
            dict(counts.spent_micros),
            dict(counts.used_s),
            counts.may_spend,
            counts.outbound,
            counts.conferences,
        )
    found = Expectations(dict(expected.outcomes), expected.pooled, tenants)
    return msgspec.json.format(_encoder.encode(found), indent=1) + b"\n"


def _tenant(expected: Expected, name: str) -> Tenant:
    purse, used = expected.purses.get(name), expected.used_s.get(name)
    owed = expected.owed_micros.get(name)
    return Tenant(
        balance_micros=expected.balance_micros(name),
        funded_micros=expected.funded_micros[name],
        charges=expected.charges[name],
        charged_micros=expected.charged_micros[name],
        waived_micros=expected.waived_micros[name],
        lots=None if purse is None else dict(purse.left_micros),
        debt_micros=0 if purse is None else purse.debt_micros,
        used_s=None if used is None else dict(used),
        owed_micros=None if owed is None else dict(owed),
        credit_limit_micros=expected.credit_limits.get(name),
        is_prepaid_again=name in expected.prepaid_again,
    )


def decode(value: bytes, name: str) -> Expected:
    """Read such a file; LoadError names it and what is wrong in it."""
    try:
        found = msgspec.json.decode(value, type=Expectations)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise LoadError(f"{name}: {error}") from None
    expected = Expected(outcomes=Counter(found.outcomes), pooled=found.pooled)
    for tenant_id, said in found.tenants.items():
        _take(expected, tenant_id, said)
        if (adds_up := expected.balance_micros(tenant_id)) != said.balance_micros:
            raise LoadError(
                f"{name}: {tenant_id}: balance_micros: must be {adds_up}, as the rest of the entry adds up,"
                f" found {said.balance_micros}"
            )
    return expected


def _take(expected: Expected, tenant_id: str, said: Tenant) -> None:
    expected.funded_micros[tenant_id] = said.funded_micros
    expected.charges[tenant_id] = said.charges
    expected.charged_micros[tenant_id] = said.charged_micros
    expected.waived_micros[tenant_id] = said.waived_micros
    if said.lots is not None:
        expected.purses[tenant_id] = Purse(said.lots, said.debt_micros)
    if said.used_s is not None:
        expected.used_s[tenant_id] = Counter(said.used_s)
    if said.owed_micros is not None:
        expected.owed_micros[tenant_id] = Counter(said.owed_micros)
    if said.credit_limit_micros is not None:
        expected.credit_limits[tenant_id] = said.credit_limit_micros
    if said.is_prepaid_again:
        expected.prepaid_again.add(tenant_id)
    for user_id, user in said.users.items():
        expected.users[tenant_id, user_id] = UserCounts(
            user.limit_micros,
            Counter(user.spent_micros),
            Counter(user.used_s),
            user.may_spend,
            user.outbound,
            user.conferences,
        )
