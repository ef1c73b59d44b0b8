"""Plan handbook: the page `docs/reference/plan-files.md`, made of what the record and the lint declare."""

from importlib.resources import files
from typing import Any

from rater.wire.plans.plan_lint import CODES
from topics import records as r
from topics.catalog import RATE_PLANS
from topics.records.plans import MinutePrice
from topics.schema import topic_schema

SAMPLES = ("sample_plans.toml", "sample_plans_reseller.toml")

_INTRO = """\
# Plan files

A plan catalog says which calls are paid in seconds that a plan gives, and what pays after them. It is a TOML file in
UTF-8. What it does not say, `rater plan load` asks for: the version, and `--valid-from`, the instant from which on it
holds for the calls that start. Without Kafka, `rater simulate --plans` charges by it, and `rater price --plans` says
what its full pools pay of a call.

Licences are an account's entitlements (`set_entitlements`), and what holds when a call starts pays it: whole units of
the plan while its pool has any, the rest of the call by the deck, with subsequent increments alone, and never for more
than the deck asks for the whole call: no call costs more because a pool has paid a part of it (A91), but for what the
seconds of an allowance with `prices` cost (A67). A plan pays calls of the usage country that its licences are for; a
CDR that names no `usage_country` may draw on all of them.

**Which plans a call may draw on, its user decides** (A61). Of nobody, and of a user whom no `set_user` has named, they
are all that the account has licences of, but for seconds that users have alone. From the first `set_user` on a user
draws on the plans that it names in `plan_ids`, in the user's country, and on no others: **a user who is set without
`plan_ids` draws on no pool at all, also not on those that all users of the account share.** So name all of a user's
plans each time: what comes last replaces what was said before. Ids of users and plans are compared letter by letter:
`Ann` is not `ann`.

Messages (SMS) that a product includes are no matter of plans, nor of Rater: what it prices are seconds.
Seconds of an allowance with `prices` cost money besides: it is taken from the account's credits, as for a call that the
deck prices, and such an allowance is not for accounts of other currencies, nor for those without credits: they are
not shown its pools either, in no status and no alert.
An allowance `per` user is each user's own: it pays the calls of those who have the plan by `set_user`. How many users
may have it the number of licences does not bound, as long as there is one in the user's country: three users of one
licence have three pools of their own. Licences and users are said by different writers, and come in any order; who
sells them holds one against the other (A60). A user whose account has no licence of the plan in the
user's country has nothing of it: that is taken, and charging warns of it (`rater_plans_unlicensed_total`).
What money would pay of a user's calls `set_unlicensed_calls` decides, if the user has no credits licence: it is charged
(the default), suspended or waived. Calls that name no user, or one whom nobody has set, have no licence either: with
`suspend` they wait, too.

This one ships as `rater/data/{reseller}`. The other, `rater/data/{office}`, is an office telephone
system: calling plans by country, audio conferencing.

```toml
{example}```

What has an id is a table under its id, and the order of the file counts: of pools of one name and rank the first in the
file is drawn first.

| in the file | is |
| --- | --- |
| `[plans.ID]`, `[plans.ID.allowances.ID]` | a plan and its allowances; a plan without any says `allowances = {{}}` |
| `zones.ID = ["FR", "GB"]` | countries under one name |
| `sharing_groups.ID = ["US", "PR"]` | usage countries that share their pools and are domestic to each other |
| `chains.out.TYPE = ["POOL", "credits"]` | what pays outgoing calls of a type, in this order; `"*"`: all others |
| `chains.in.TYPE = ["credits"]` | likewise incoming calls; those of a type that is named here cost what decks say |
| `minutes = 500` | the same as `seconds = 30000` |
| `prices = [{{currency = "USD", per_minute_micros = 5000}}]` | each minute that the pool pays costs 0.005 |

"""

_RULES = """\
## How a pool is found

1. The funding chain of the call's direction and type, else that of `"*"`; where there is none, an outgoing call is paid
   from credits, an incoming one as decks say. Emergency calls and calls to ordinary numbers of the tenant are free.
   But incoming calls of a type that a chain names (not by `"*"`) are free to nobody: a row `in` of the deck prices
   them, whatever number they are to, and where there is none they wait (`no_rate`). So conferences are paid by the
   minute: `chains.in.conf_in = ["credits"]`. A catalog is for all tenants: for those whose conferences take calls for
   nothing the deck has a free row. Which organizer holds which licence decides nothing here.
2. What `unpooled_number_types` and `unpooled_prefixes` name is in no pool, and neither is a destination without a
   country. A number is of the type that the row of the deck says, and also of that which it has by itself: under a row
   of all Great Britain, `44`, a premium number is premium still. A masked number that may be, or begin, so is taken to.
3. For each source of the chain: the allowances with that `pool` of the plans that are held (of a user who was set:
   those of its `plan_ids`, none where it has none), whose scope, zones, usage zones, number types and call types all
   fit; the lowest `rank` first, then the order of the file. Number types follow the deck: where it says `mixed`, as the
   sample deck of the United States, `number_types` must name `mixed`. Leave them out if in doubt.
4. A pool is one month's seconds of one allowance, in the account's time zone (another begins with a month, A70); a call
   belongs to the month in which it starts. A pool pays whole units of the plan; what it cannot pay is the next one's,
   at last that of `credits`.

The version in force is that of the call's start. A version is immutable and numbers rise: a lower one, or other content
under a known number, is refused; it is published a minute ahead at the latest, unless `--backdate` says otherwise. What
was charged is never charged again.

"""

_LINT = """\
## What `rater plan lint` finds

The first three are errors: such a file is not loaded. All errors of one kind are said at once: first lines that are
no TOML, then all of form and fields, then names.

"""

_RECORDS = (r.PlanCatalog, r.Plan, r.Allowance, MinutePrice)
_NAMED = {"plan_id", "allowance_id", "version", "valid_from"}
"""What the file has no field for."""


def render() -> str:
    """Return the page."""
    office, reseller = SAMPLES
    intro = _INTRO.format(office=office, reseller=reseller, example=_example(reseller))
    definitions = topic_schema(RATE_PLANS)["$defs"]
    fields = "".join(_section(definitions[each.__name__]) for each in _RECORDS)
    lint = "".join(f"| `{code}` | {meaning} |\n" for code, meaning in CODES.items())
    return f"{intro}{fields}{_RULES}{_LINT}| code | finds |\n| --- | --- |\n{lint}"


def _example(name: str) -> str:
    return files("rater").joinpath("data", name).read_text("utf-8")


def _section(definition: dict[str, Any]) -> str:
    rows = "".join(
        f"| `{name}` | {_kind(said)} | {_default(name, said, definition)} | {_meaning(said)} |\n"
        for name, said in definition["properties"].items()
        if name not in _NAMED
    )
    head = "| field | value | default | meaning |\n| --- | --- | --- | --- |\n"
    return f"## {definition['title']}: {definition['description']}\n\n{head}{rows}\n"


def _kind(said: dict[str, Any]) -> str:
    if "enum" in said:
        return ", ".join(f"`{value}`" for value in said["enum"])
    if said.get("type") == "integer":
        return f"{said['minimum']:,} to {said['maximum']:,}"
    if said.get("type") == "array":
        items = said["items"]
        listed = "$ref" in items or items.get("type") != "string"
        return f"{'tables' if listed else 'texts'}, at most {said['maxItems']}"
    return f"text, at most {said['maxLength']} characters" if "maxLength" in said else "text"


def _default(name: str, said: dict[str, Any], definition: dict[str, Any]) -> str:
    if name in definition["required"]:
        return "must be there"
    default = said["default"]
    return "none" if isinstance(default, list | tuple) else f"`{default}`"


def _meaning(said: dict[str, Any]) -> str:
    return str(said.get("description", "")).replace("|", "\\|")
