"""What is hidden in a CDR, and what stays; keys from files and new ones."""

import json
from pathlib import Path
from typing import Any

import pytest

from loadtest.replay.altering import Altering
from loadtest.replay.anonymising import CALLED, KEPT, TEXTS, Anonymising, read_key
from loadtest.replay.faults import ReplayError
from loadtest.replay.prefixes import Prefixes
from loadtest.replay.pseudonyms import Pseudonyms
from topics.records import Cdr

CDR = {
    "cdr_id": "1772881684.12655",
    "tenant_id": "acme",
    "direction": "out",
    "to": "+33612345678",
    "from": "+33142685300",
    "started_at": "2026-03-07T10:08:04Z",
    "billsec": 16,
    "user_id": "ann@acme.example",
    "organizer_id": None,
    "conference_id": "Ann's weekly",
    "comment": "Ann called her doctor",
    "raw": {"src": "+33142685300"},
}


def made(**changes: Any) -> dict[str, Any]:
    change = Anonymising(Pseudonyms(b"a key of the tests", Prefixes({"336", "331"})))
    found = json.loads(Altering((change,)).of(json.dumps(CDR | changes).encode(), 1))
    assert isinstance(found, dict)
    return found


def test_what_says_who_it_was_is_replaced_and_the_rest_stays() -> None:
    found = made()
    assert {name for name in CDR if found[name] == CDR[name]} == {
        *("tenant_id", "direction", "started_at", "billsec", "organizer_id"),
    }
    assert (found["to"][:4], found["from"][:4]) == ("+336", "+331")
    assert (found["comment"], found["raw"]) == (None, None)
    text = json.dumps(found)
    assert not [each for each in ("Ann", "ann", "33612345678", "doctor", "12655") if each in text]
    assert made() == found, "the same for the same"


def test_every_field_of_a_cdr_is_decided_on() -> None:
    names = {"from" if name == "from_" else name for name in Cdr.__struct_fields__}
    assert names == KEPT | set(TEXTS) | set(CALLED)


def test_the_toll_free_number_of_a_tenant_stays() -> None:
    found = made(direction="in", service_number_type="TollFree")
    assert (found["to"], found["from"] == CDR["from"]) == (CDR["to"], False)


def test_what_a_worker_refuses_it_refuses_still() -> None:
    found = made(to=5, user_id=["ann"], cdr_id="c" * 200)
    assert (found["to"], found["user_id"], len(found["cdr_id"])) == (0, [], 200)


def test_a_key_comes_from_a_file_or_is_new(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_bytes(b"0123456789abcdef\n")
    assert read_key(path) == b"0123456789abcdef"
    assert read_key(None) != read_key(None)
    path.write_bytes(b"short")
    with pytest.raises(ReplayError, match="a key must have 16 to 64 bytes, found 5"):
        read_key(path)
    with pytest.raises(ReplayError, match="No such file"):
        read_key(tmp_path / "none")
