"""The load test of the gatekeeper: what it asks by is what charging writes, and an answer is read in any parts."""

from itertools import islice
from pathlib import Path
from random import Random

import msgspec

from loadtest.gatekeeper.asking import Asked, Asker, Connection
from loadtest.gatekeeper.population import questions, record_of, status_of, write_deck
from topics.records import AccountStatus


def test_statuses_are_those_that_charging_writes() -> None:
    random = Random(1)
    for tenant in range(30):
        key, value = record_of(status_of(tenant, 2, 1_793_610_600_000, random))
        status = msgspec.json.decode(value, type=AccountStatus)

        assert status.tenant_id.encode() == key
        assert sum(each.amount_micros for each in status.funds) == status.balance_micros
        assert bool(status.blocked) == (not status.balance_micros)


def test_the_deck_has_as_many_prefixes_as_it_should(tmp_path: Path) -> None:
    prefixes = write_deck(tmp_path / "deck.csv")

    assert 190_000 < len(prefixes) == len(set(prefixes)) < 196_000
    assert len((tmp_path / "deck.csv").read_text().splitlines()) > len(prefixes)
    first = next(questions(prefixes, 5, Random(1)))
    head, _, body = first.partition(b"\r\n\r\n")
    assert f"Content-Length: {len(body)}".encode() in head
    assert set(msgspec.json.decode(body)) == {"tenant_id", "to", "from", "call_type", "usage_country"}  # fmt: skip
    assert len(list(islice(questions(prefixes, 5, Random(1)), 3))) == 3


def test_an_answer_that_comes_in_parts_is_counted_once() -> None:
    asker = Asker(Asked(prefixes=[], tenants=1, rate_per_s=1.0, warm_up_s=0.0, seconds=1.0))
    connection = Connection(asker)
    body = b'{"allowed":false,"reason":"stale"}'
    whole = b"HTTP/1.1 503 Not now\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    for n in range(len(whole)):
        connection.data_received(whole[n : n + 1])

    assert dict(asker.outcomes) == {"503 stale": 1}
    assert len(asker.latencies_s) == len(asker.free) == 1
