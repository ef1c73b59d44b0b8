"""The gatekeeper on a real Kafka: from the statuses that a worker writes, and asked as switches ask."""

import asyncio
import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from loadtest import stage
from loadtest.plan import Plan
from rater.core.times import to_text
from rater.shell.process.clock import now_ms
from tests.e2e.broker import consume, end_offsets, produce
from tests.e2e.charging_fleet import Fleet
from tests.e2e.gatekeeper_stage import ROOT, Gatekeeper, in_mid_month, publish, send, status
from tests.e2e.logins import environment
from tests.recipes import block, contexts, field, unasked_by_kamailio
from topics.catalog import (
    ACCOUNT_COMMANDS,
    ACCOUNT_STATUS,
    CATALOG,
    CDR_RAW,
    RATE_PLANS,
    USER_STATUS,
)
from topics.keys import user_key

pytestmark = pytest.mark.kafka
FRENCH_MOBILE = "+33612345678"
"""0.0316 a minute by the sample deck, in increments of a minute: 1.00 pays 31 of them."""
SHORT = ("112", "911", "15", "17", "18", "110", "000")
"""Numbers that call for help: switches ask nobody."""
CALL = {"tenant_id": "acme", "to": FRENCH_MOBILE, "call_type": "user_out"}


@pytest.fixture
async def bootstrap(private_broker: Any) -> str:
    """Return a broker of one's own with all topics and the sample deck."""
    address = str(private_broker.bootstrap)
    await asyncio.to_thread(stage.create_topics, address)
    await asyncio.to_thread(stage.load_deck, address, Plan(start_ms=1))
    return address


async def test_what_a_worker_says_of_an_account_is_answered_and_nothing_is_written(
    bootstrap: str, tmp_path: Path
) -> None:
    fleet = Fleet(bootstrap, tmp_path)
    try:
        fleet.start()
        await fleet.settled()
        await commands(bootstrap, OPENED, FUNDED)
        with Gatekeeper(bootstrap, tmp_path / "gatekeeper.log") as keeper:
            await keeper.ready()
            first = await keeper.until({"allowed": True}, **CALL)
            assert first["max_duration_s"] == 31 * 60
            assert (first["charge_micros"], first["currency"]) == (979_600, "USD")
            assert (first["account_seq"], first["deck_version"]) == (2, 1)
            assert (first["settings_version"], first["plan_version"]) == (0, None)
            assert 0 <= first["view_age_ms"] < 10_000

            before = {topic.name: await end_offsets(bootstrap, topic.name) for topic in CATALOG}
            await produce(bootstrap, CDR_RAW.name, [(b"acme", cdr(FRENCH_MOBILE, 30 * 60))])
            await keeper.until({"account_seq": 3, "max_duration_s": 60}, **CALL)
            await produce(bootstrap, CDR_RAW.name, [(b"acme", cdr(FRENCH_MOBILE, 120))])
            spent = await keeper.until({"allowed": False}, **CALL)
            assert (spent["reason"], spent["max_duration_s"]) == ("balance_not_positive", 0)
            assert (await keeper.ask(**{**CALL, "to": "112"})).fields["allowed"]
            by_hand = await asyncio.to_thread(
                rater, bootstrap, "authorise", "--tenant", "acme", "--to", "112"
            )
            assert (by_hand.returncode, '"reason":"emergency"' in by_hand.stdout) == (0, True)
            refused = await asyncio.to_thread(
                rater, bootstrap, "authorise", "--tenant", "acme", "--to", FRENCH_MOBILE
            )
            assert refused.returncode == 1
            assert json.loads(refused.stdout)["reason"] == "balance_not_positive"

            assert await keeper.stop() == 0
        after = {topic.name: await end_offsets(bootstrap, topic.name) for topic in CATALOG}
        grown = {name for name in before if before[name] != after[name]}
        assert grown <= {*(each for each in grown if each.startswith("rater-charging")), *OF_CHARGING}  # fmt: skip
        await fleet.stop()
    finally:
        fleet.end()


async def test_what_pools_have_paid_is_known_from_the_statuses_that_a_worker_writes(
    bootstrap: str, tmp_path: Path
) -> None:
    """500 free national minutes, of which a call uses 100; there is no money beside them."""
    await load_plans(bootstrap)
    told = (OPENED, ENTITLED)
    async with beside_a_worker(bootstrap, tmp_path, told, "--longest", "86400") as keeper:
        whole = await keeper.until({"allowed": True}, **NATIONAL)
        assert (whole["max_duration_s"], whole["pools_s"]) == (30_000, 30_000)
        assert (whole["charge_micros"], whole["plan_version"]) == (0, 1)
        call = cdr(NATIONAL["to"], 6_000, usage_country="DE")
        await produce(bootstrap, CDR_RAW.name, [(b"acme", call)])
        await keeper.until({"max_duration_s": 24_000, "pools_s": 24_000}, **NATIONAL)


async def test_what_a_user_may_do_is_known_from_the_statuses_that_a_worker_writes(
    bootstrap: str, tmp_path: Path
) -> None:
    """Scenario 45: the limit is 0.10 a month; a call of three minutes costs 0.0948, then none may be made."""
    told = (OPENED, FUNDED, ENTITLED, USER)
    async with beside_a_worker(bootstrap, tmp_path, told) as keeper:
        ann = {**CALL, "user_id": "ann", "usage_country": "DE"}
        await keeper.until({"allowed": True, "max_duration_s": 180}, **ann)
        call = cdr(FRENCH_MOBILE, 180, user_id="ann", usage_country="DE", call_type="user_out")
        await produce(bootstrap, CDR_RAW.name, [(b"acme", call)])
        await keeper.until({"allowed": False, "reason": "user_limit_too_low"}, **ann)
        assert (await keeper.ask(**{**ann, "user_id": "bob"})).fields["allowed"]
        refused = (await keeper.ask(**{**ann, "call_type": "conf_out"})).fields
        assert (refused["allowed"], refused["reason"]) == (False, "restricted")
        assert (await keeper.ask(**{**ann, "to": "112"})).fields["allowed"]


async def test_plans_decks_and_statuses_that_come_later_are_followed(
    bootstrap: str, tmp_path: Path
) -> None:
    await publish(bootstrap, status(money=0, blocked=BLOCKED, entitlements=LICENCE))
    with Gatekeeper(bootstrap, tmp_path / "gatekeeper.log") as keeper:
        await keeper.ready()
        assert (await keeper.ask(**NATIONAL)).fields["reason"] == "balance_not_positive"

        await load_plans(bootstrap)
        found = await keeper.until({"allowed": True}, **NATIONAL)
        assert (found["charge_micros"], found["plan_version"]) == (0, 1)
        assert found["max_duration_s"] == found["pools_s"] == 14_400

        await publish(bootstrap, status(state="closed", blocked=CLOSED))
        await keeper.until({"allowed": False, "reason": "account_closed"}, **NATIONAL)
        await produce(bootstrap, ACCOUNT_STATUS.name, [(b"acme", None)])
        await keeper.until({"allowed": False, "reason": "unknown_tenant"}, **NATIONAL)
        assert await keeper.stop() == 0
    assert len(await consume(bootstrap, RATE_PLANS.name)) == 1


async def test_without_a_broker_the_view_grows_old_and_paid_calls_are_refused(
    bootstrap: str, private_broker: Any, tmp_path: Path
) -> None:
    await publish(bootstrap, status())
    with Gatekeeper(bootstrap, tmp_path / "gatekeeper.log", "--stale-after", "2") as keeper:
        await keeper.ready()
        assert (await keeper.ask(**CALL)).fields["allowed"]
        private_broker.stop()
        stale = await keeper.until({"allowed": False}, **CALL)
        assert (stale["reason"], stale["view_age_ms"] > 2_000) == ("stale", True)
        assert (await keeper.ask(**CALL)).status == 503
        emergency = await keeper.ask(**{**CALL, "to": "112"})
        assert (emergency.status, emergency.fields["allowed"]) == (200, True)
        inbound = await keeper.ask(**{**CALL, "to": "+493012345678", "direction": "in"})
        assert (inbound.status, inbound.fields["reason"]) == (200, "inbound")


async def test_calls_side_by_side_share_the_balance_where_they_hold(
    bootstrap: str, tmp_path: Path
) -> None:
    """1.00 pays 31 minutes: 20 are held, and 11 are left for the next."""
    await publish(bootstrap, status())
    options = ("--settle-for", "1", "--calls-per-user", "2")
    with Gatekeeper(bootstrap, tmp_path / "gatekeeper.log", *options) as keeper:
        await keeper.ready()
        asked = {**CALL, "user_id": "ann", "hold": True}
        first = (await keeper.ask(**asked, longest_s=1_200)).fields
        assert (first["max_duration_s"], first["charge_micros"]) == (1_200, 632_000)
        second = (await keeper.ask(**asked)).fields
        assert second["max_duration_s"] == 11 * 60
        assert (await keeper.ask(**CALL)).fields["reason"] == "held"
        assert (await keeper.ask(**asked)).fields["reason"] == "too_many_calls"

        longer = (await keeper.ask(**asked, longest_s=1_260, hold_id=second["hold_id"])).fields
        assert (longer["hold_id"], longer["max_duration_s"]) == (second["hold_id"], 11 * 60)
        done = await keeper.post("/v1/release", {"hold_id": first["hold_id"], "duration_s": 60})
        assert (done.status, done.fields) == (200, {"released": True})
        # What the first call has cost is kept until its charge is seen: 0.0316 of 1.00.
        await keeper.until({"max_duration_s": 20 * 60}, **CALL)
        again = await keeper.post("/v1/release", {"hold_id": "nobody"})
        assert again.fields == {"released": False}


async def test_freeswitch_is_answered_by_its_recipe(bootstrap: str, tmp_path: Path) -> None:
    """The dialplan of the page: its URL asked as mod_curl asks, its expressions on what is answered."""
    await tell_of_users(bootstrap)
    dialplan = contexts()
    emergency, ask = dialplan["outbound"]
    assert all(re.search(field(emergency, "expression"), each) for each in SHORT)
    number = re.search(field(ask, "expression"), FRENCH_MOBILE)
    assert number is not None
    assert not any(re.search(field(ask, "expression"), each) for each in SHORT)
    words = ask[0][0].attrib["data"].split(" ")
    with Gatekeeper(bootstrap, tmp_path / "gatekeeper.log") as keeper:
        await keeper.ready()
        for tenant, user_id, country, caught in CALLERS:
            extension = "refused" if caught is None else "allowed"
            variables = {
                "${url_encode(${effective_caller_id_number})}": quote("+4930123456", safe=""),
                "${url_encode(${sip_auth_username})}": quote(user_id, safe=""),
                "${usage_country}": country,
                "${accountcode}": tenant,
                "$1": number[1],
            }
            url = words[0]
            for name, value in variables.items():
                assert name in url, name
                url = url.replace(name, value)
            assert "$" not in url
            url = url.replace("http://127.0.0.1:8090", await keeper.address())
            said = await send("GET", url, {"User-Agent": "freeswitch-curl/1.0"})
            form = {"Content-Type": "application/x-www-form-urlencoded"}
            # With `post` mod_curl decodes the form before it sends it.
            body = url.partition("?")[2].replace("%2B", "+").encode()
            posted = await send("POST", url.partition("?")[0], form, body)
            assert (posted.status, posted.fields["allowed"]) == (200, caught is not None)
            taken = gone_through(dialplan["answered_by_gatekeeper"], said.status, said.body)
            assert taken == (extension, caught), said
        nobody = gone_through(dialplan["answered_by_gatekeeper"], 0, "")
        assert nobody == ("refused", None)


async def test_kamailio_is_answered_by_its_recipe(bootstrap: str, tmp_path: Path) -> None:
    """The script of the page: its body posted as http_async_client posts, its expressions on what is answered."""
    await tell_of_users(bootstrap)
    script = block("text")
    given = re.search(r"\$http_req\(body\) = (.*);", script)
    assert given is not None
    header = re.search(r'\$http_req\(hdr\) = "(.*): (.*)"', script)
    assert header is not None
    head = {header[1]: header[2]}
    with Gatekeeper(bootstrap, tmp_path / "gatekeeper.log") as keeper:
        await keeper.ready()
        for domain, user_id, country, longest in CALLERS:
            values = {"$fd": domain, "$rU": FRENCH_MOBILE, "$fU": "+4930123456"}
            values |= {"$au": user_id, "$avp(usage_country)": country}
            parts = [part.strip() for part in re.split(r"(?<=\") \+ | \+ (?=\")", given[1])]
            body = "".join([values[p] if p in values else json.loads(p) for p in parts])
            assert set(values) <= set(parts)
            url = f"{await keeper.address()}/v1/authorise"
            said = await send("POST", url, head, body.encode())
            assert said.status == 200, (body, said)
            is_allowed = re.search(r'"allowed":true', said.body) is not None
            assert is_allowed == (longest is not None)
            seconds = re.sub(r'.*"max_duration_s":([0-9]+).*', r"\1", said.body)
            assert seconds == (longest or "0")
    assert r'"\"allowed\":true"' in script
    assert all(re.search(unasked_by_kamailio(), each) for each in SHORT)
    assert not re.search(unasked_by_kamailio(), FRENCH_MOBILE)
    assert r'{re.subst,/.*"max_duration_s":([0-9]+).*/\1/}' in script


@pytest.mark.parametrize(
    ("asked", "head", "body", "code"),
    [
        ("GET /v1/authorise", {}, b"", 400),
        ("GET /v1/authorise?tenant_id=acme", {}, b"", 400),
        ("GET /v1/authorise?to=112&to=113&tenant_id=acme", {}, b"", 400),
        ("PUT /v1/authorise", {}, b"{}", 405),
        ("GET /v1/release?hold_id=x", {}, b"", 405),
        ("GET /", {}, b"", 404),
        ("POST /v1/authorise", {"Content-Type": "application/json"}, b"{", 400),
        ("POST /v1/authorise", {"Content-Encoding": "gzip"}, b"{}", 415),
        ("POST /v1/authorise", {"Content-Type": "text/xml"}, b"<a/>", 415),
        ("POST /v1/release", {"Content-Type": "text/xml"}, b"<a/>", 415),
        ("POST /v1/authorise", {"Content-Type": "text/plain"}, b"<a/>", 400),
        ("POST /v1/authorise", {}, b"x" * 20_000, 413),
    ],
)
async def test_a_question_that_cannot_be_read_is_no_permission(
    port: Gatekeeper, asked: str, head: dict[str, str], body: bytes, code: int
) -> None:
    method, path = asked.split()
    said = await send(method, await port.address() + path, head, body)

    assert (said.status, said.fields["allowed"]) == (code, False)


async def test_a_settings_file_alone_is_enough_to_start(port: Gatekeeper) -> None:
    assert (await port.ask(**{**CALL, "to": "112"})).fields["allowed"]
    assert not (await port.address()).endswith(":8090")
    assert all(json.loads(line)["level"] for line in port.text().splitlines())


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory, broker: Any) -> Any:
    """Start one gatekeeper for all bad questions, told everything by a settings file."""
    stage.create_topics(str(broker.bootstrap))
    folder = tmp_path_factory.mktemp("port")
    settings = folder / "rater.toml"
    settings.write_text(
        f'[kafka]\nbroker = "{broker.bootstrap}"\n[log]\nformat = "json"\n'
        "[gatekeeper]\nport = 0\nmetrics_port = 0\n"
        '[gateway]\nprovider = "stripe"\n'
    )
    with Gatekeeper("", folder / "gatekeeper.log", settings=settings) as keeper:
        yield keeper


OPENED = {
    "type": "open_account", "command_id": "o1", "tenant_id": "acme", "currency": "USD",
    "decks": ["sample"], "time_zone": in_mid_month(now_ms()),
}  # fmt: skip
FUNDED = {
    "type": "add_funds", "command_id": "f1", "tenant_id": "acme", "lot_id": "L1",
    "amount_micros": 1_000_000, "currency": "USD", "purchased_at": to_text(now_ms()),
}  # fmt: skip
ENTITLED = {
    "type": "set_entitlements", "command_id": "e1", "tenant_id": "acme",
    "entitlements": [{"plan_id": "NATIONAL_500", "usage_country": "DE", "licences": 1}],
    "valid_from": "2026-01-01T00:00:00Z",
}  # fmt: skip
USER = {
    "type": "set_user", "command_id": "u1", "tenant_id": "acme", "user_id": "ann",
    "usage_country": "DE", "credits_licence": True, "monthly_spend_limit_micros": 100_000,
    "conference_dial_out": "none", "valid_from": "2026-01-01T00:00:00Z",
}  # fmt: skip
NATIONAL = {"tenant_id": "acme", "to": "+493012345678", "usage_country": "DE"}
NAMES = ("conference_dial_out", "international", "overage", "toll_free")
BLOCKED = [{"call_type": name, "reason": "balance_not_positive"} for name in NAMES]
CLOSED = [{"call_type": name, "reason": "account_closed"} for name in ("in_bundle", *NAMES)]
LICENCE = [
    {"plan_id": "NATIONAL_500", "usage_country": "DE", "valid_from_ms": 0, "licences": 1, "seq": 2}
]
OF_CHARGING = {
    CDR_RAW.name, "ledger.entries.v1", ACCOUNT_STATUS.name, "balance.events.v1",
    "account.timers.v1",
}  # fmt: skip


async def commands(bootstrap: str, *given: dict[str, Any]) -> None:
    records = [(b"acme", json.dumps(each).encode()) for each in given]
    await produce(bootstrap, ACCOUNT_COMMANDS.name, records)


@asynccontextmanager
async def beside_a_worker(
    bootstrap: str, tmp_path: Path, told: Sequence[dict[str, Any]], *options: str
) -> AsyncIterator[Gatekeeper]:
    """Start a worker, tell it commands, and start a gatekeeper; both stop as they should in the end."""
    fleet = Fleet(bootstrap, tmp_path)
    try:
        fleet.start()
        await fleet.settled()
        await commands(bootstrap, *told)
        with Gatekeeper(bootstrap, tmp_path / "gatekeeper.log", *options) as keeper:
            await keeper.ready()
            yield keeper
            assert await keeper.stop() == 0
        await fleet.stop()
    finally:
        fleet.end()


async def load_plans(bootstrap: str) -> None:
    plans = ROOT / "rater/data/sample_plans_reseller.toml"
    since = ("--version", "1", "--valid-from", "2026-01-01T00:00:00Z", "--backdate")
    done = await asyncio.to_thread(rater, bootstrap, "plan", "load", str(plans), *since)
    assert done.returncode == 0, done.stderr


def cdr(to: str, seconds: int, **fields: str) -> bytes:
    end = now_ms() // 1_000 * 1_000
    return json.dumps(
        {
            "cdr_id": f"c-{seconds}",
            "tenant_id": "acme",
            "direction": "out",
            "to": to,
            "started_at": to_text(end - seconds * 1_000),
            "ended_at": to_text(end),
            "billsec": seconds,
            **fields,
        }
    ).encode()


def rater(bootstrap: str, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "rater", *words, "--broker", bootstrap]
    env = environment(*words)
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)


CALLERS = (
    ("acme", "ann@initech.example", "DE", "1860"),
    ("acme", "", "", "1860"),
    ("acme", "ben", "DE", None),
    ("poor", "ann@initech.example", "DE", None),
)
"""Tenant, user, country, and for how long the call may last: ben may make no calls, and of nobody nothing is known."""


async def tell_of_users(bootstrap: str) -> None:
    """Write the statuses of two accounts, and of a user of one who may make no calls."""
    await publish(bootstrap, status(), status("poor", money=0, blocked=BLOCKED))
    ben = {
        "tenant_id": "acme", "user_id": "ben", "seq": 2, "at_ms": now_ms(), "valid_from_ms": 1,
        "usage_country": "DE", "outbound_calls": "none", "conference_dial_out": "any",
        "month": to_text(now_ms())[:7], "spent_micros": 0, "blocked": [], "credits_licence": True,
    }  # fmt: skip
    await produce(
        bootstrap, USER_STATUS.name, [(user_key("acme", "ben"), json.dumps(ben).encode())]
    )


def gone_through(context: ET.Element, code: int, data: str) -> tuple[str, str | None]:
    """Return the extension of a context that an answer takes, and what it catches of it."""
    values = {"${curl_response_code}": str(code), "${curl_response_data}": data}
    for extension in context:
        caught = None
        for condition in extension:
            value = values.get(condition.attrib["field"], FRENCH_MOBILE[1:])
            match = re.search(condition.attrib["expression"], value)
            if match is None:
                break
            caught = match[1] if match.re.groups else None
        else:
            return extension.attrib["name"], caught
    raise AssertionError("no extension takes the call")
