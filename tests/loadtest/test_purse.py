"""The purse: what pays a call, by the load test's own account."""

from loadtest.purse import Purse


def lot(name: str, micros: int, bought: str, **other: str) -> dict[str, object]:
    return {"lot_id": name, "amount_micros": micros, "purchased_at": bought, **other}


def funded() -> Purse:
    purse = Purse()
    purse.add(lot("new", 100, "2026-03-01T00:00:00Z"))
    purse.add(lot("old", 100, "2026-01-01T00:00:00Z"))
    purse.add(lot("gift", 100, "2026-04-01T00:00:00Z", category="promotional"))
    return purse


def test_what_was_given_pays_first_and_then_what_was_bought_first() -> None:
    purse = funded()

    assert purse.pay(150) == 0
    assert purse.left_micros == {"gift": 0, "old": 50, "new": 100}
    assert purse.pay(200) == 50
    assert sum(purse.left_micros.values()) == 0


def test_new_money_pays_debt_first_given_or_not() -> None:
    purse = Purse(debt_micros=130)
    purse.add(lot("gift", 100, "2026-04-01T00:00:00Z", category="promotional"))
    purse.add(lot("money", 100, "2026-05-01T00:00:00Z"))

    assert purse.left_micros == {"gift": 0, "money": 70}
    assert purse.debt_micros == 0


def test_a_copy_is_used_up_by_itself() -> None:
    purse = funded()
    purse.copy().pay(300)

    assert purse == funded()
