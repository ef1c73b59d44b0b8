"""Who is charged: by a file of names, or by a hash; and ids that stay good for one tenant alone."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.accounts import is_ours, name_of
from loadtest.replay.altering import Altering
from loadtest.replay.faults import ReplayError
from loadtest.replay.heads import Head
from loadtest.replay.reading import Choice, Extent, Routes, measure
from loadtest.replay.sources import Source
from loadtest.replay.tenants import TenantMap, TenantRewrite, read_tenants
from topics.partitioner import partition_of

names = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=64)


def read(folder: Path, text: str) -> TenantMap:
    path = folder / "tenants.toml"
    path.write_text(text, encoding="utf-8")
    return read_tenants(path)


def made(change: TenantMap | TenantRewrite, **cdr: object) -> dict[str, object]:
    found = json.loads(Altering((change,)).of(json.dumps(cdr).encode(), 3))
    assert isinstance(found, dict)
    return found


def test_a_file_names_who_is_charged(tmp_path: Path) -> None:
    found = read(tmp_path, '[tenants]\n4711 = "acme"\n"a.b" = "globex"\n')
    assert (found.of("4711"), found.of("a.b")) == ("acme", "globex")
    assert made(found, tenant_id="4711", cdr_id="c") == {"tenant_id": "acme", "cdr_id": "c"}


def test_a_tenant_that_the_file_does_not_name_ends_it_or_is_left_out(tmp_path: Path) -> None:
    table = '[tenants]\na = "acme"\n'
    with pytest.raises(ReplayError, match="tenant_id must be one that the map names, found 'b'"):
        read(tmp_path, table).of("b")
    assert read(tmp_path, f'unknown = "leave-out"\n{table}').of("b") is None
    with pytest.raises(ReplayError, match="record 7: tenant_id must be one that the map names"):
        Routes(8, read(tmp_path, table)).of(Head("b"), 7)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "missing required field `tenants`"),
        ('unknown = "drop"\n[tenants]', "Invalid enum value 'drop'"),
        ("[tenants]\na = 1", "Expected `str`, got `int`"),
        ('[tenants]\na = "b"\n[others]', "unknown field `others`"),
        ("[tenants", "Expected ']'"),
    ],
)
def test_a_file_that_is_wrong_is_refused_with_what_is_wrong(
    tmp_path: Path, text: str, said: str
) -> None:
    with pytest.raises(ReplayError) as caught:
        read(tmp_path, text)
    assert said in str(caught.value)


@given(names, st.integers(1, 10_000))
def test_a_rewrite_gives_each_tenant_one_of_the_accounts_of_a_load_test(
    name: str, count: int
) -> None:
    found = TenantRewrite(count).of(name)
    assert is_ours(found.encode())
    assert found == TenantRewrite(count).of(name)
    assert 1 <= int(found.removeprefix("tenant-")) <= count


def test_the_same_name_has_the_same_account_on_any_machine() -> None:
    assert [TenantRewrite(1_000).of(each) for each in ("acme", "globex")] == [
        "tenant-0873",
        "tenant-0600",
    ]


def test_accounts_are_spread_evenly() -> None:
    found = Counter(TenantRewrite(10).of(f"customer {number}") for number in range(10_000))
    assert set(found) == {name_of(serial) for serial in range(1, 11)}
    assert max(found.values()) < 1_200


def test_ids_of_tenants_that_share_an_account_stay_different() -> None:
    change = TenantRewrite(1)
    ids = {made(change, tenant_id=each, cdr_id="c1")["cdr_id"] for each in ("acme", "globex")}
    assert len(ids) == 2
    assert all(str(each).endswith("-c1") for each in ids)
    again = made(change, tenant_id="acme", cdr_id="c1", leg_of="c0")
    assert str(again["leg_of"]).removesuffix("c0") == str(again["cdr_id"]).removesuffix("c1")


def test_a_map_marks_ids_only_where_an_account_is_shared() -> None:
    change = TenantMap({"a": "acme", "b": "acme", "c": "globex"})
    found = [made(change, tenant_id=each, cdr_id="1")["cdr_id"] for each in "abc"]
    assert (len(set(found)), found[2]) == (3, "1")


def test_calls_go_to_the_partition_of_who_is_charged() -> None:
    routes = Routes(8, TenantMap({"a": "acme"}, leaves_out=True))
    assert routes.of(Head("a"), 1) == (partition_of(b"acme", 8), b"acme")
    assert routes.of(Head("b"), 2) is None


def test_what_is_left_out_is_not_measured(tmp_path: Path) -> None:
    path = tmp_path / "cdrs.jsonl"
    rows = [("b", "10"), ("a", "20"), ("a", "30"), ("b", "40")]
    path.write_text(
        "".join(
            f'{{"tenant_id":"{name}","ended_at":"1970-01-01T00:00:{second}Z"}}\n'
            for name, second in rows
        )
    )
    choice = Choice(Source(str(path), "jsonl"))
    found = measure(choice, TenantMap({"a": "acme"}, leaves_out=True), has_times=True)
    assert found == Extent(2, 20_000, 30_000)
    with pytest.raises(ReplayError, match="no record is there"):
        measure(choice, TenantMap({}, leaves_out=True), has_times=False)


def test_the_file_of_the_page_is_one(tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs/operating/replay.md").read_text(encoding="utf-8")
    found = re.search(r"<!-- tested: [^\n]*test_tenants.py -->\n```toml\n(.*?)```", page, re.DOTALL)
    assert found is not None
    tenants = read(tmp_path, found[1])
    assert [tenants.of(each) for each in ("4711", "4712", "4713")] == ["acme", "acme", None]
