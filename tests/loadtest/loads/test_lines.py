"""Lines: what says itself where it goes is its own line, and nothing else is."""

import json
from base64 import b64decode

import pytest

from loadtest.loads.faults import LoadError
from loadtest.loads.lines import line_of, record_of
from topics.partitioner import partition_of

KEY = b"tenant-0001"
HERE = partition_of(KEY, 4)
CDR = b'{"cdr_id":"c1","tenant_id":"tenant-0001"}'


def test_a_cdr_of_its_tenant_is_its_own_line() -> None:
    assert line_of((HERE, KEY, CDR), 4) is CDR
    assert record_of(CDR, 4) == (HERE, KEY, CDR)


@pytest.mark.parametrize(
    ("partition", "key", "value"),
    [
        ((HERE + 1) % 4, KEY, CDR),
        (HERE, b"lost-tenant-0001", CDR),
        (HERE, KEY, None),
        (HERE, KEY, CDR[:-3]),
        (HERE, KEY, b'{"cdr_id":"\xff","tenant_id":"tenant-0001"}'),
        (HERE, KEY, b'{"cdr_id":"c1"}'),
        (HERE, KEY, CDR + b" "),
        (HERE, KEY, b'{"cdr_id":"c1",\n"tenant_id":"tenant-0001"}'),
        (HERE, KEY, b'{"tenant_id":"tenant-0001","_record":{"key":"x","partition":0}}'),
    ],
)
def test_any_other_is_wrapped_and_nothing_of_it_is_lost(
    partition: int, key: bytes, value: bytes | None
) -> None:
    line = line_of((partition, key, value), 4)

    assert b"\n" not in line
    said = json.loads(line)["_record"]
    assert (said["key"].encode(), said["partition"]) == (key, partition)
    assert ("value_b64" in said) == (value is not None)
    assert value is None or b64decode(said["value_b64"]) == value
    assert record_of(line, 4) == (partition, key, value)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"{}", "tenant_id: must be there, found none"),
        (b"[]", "must be a CDR or a wrapped record: "),
        (b'{"_record":{"key":"a","partition":4}}', "_record.partition: must be 0 to 3, found 4"),
        (b'{"_record":{"key":"a","partition":1,"value_b64":"?"}}', "must be a CDR or a wrapped"),
        (b'{"_record":{"partition":1}}', "missing required field `key`"),
    ],
)
def test_a_line_without_a_record_is_refused(line: bytes, said: str) -> None:
    with pytest.raises(LoadError, match=said):
        record_of(line, 4)
