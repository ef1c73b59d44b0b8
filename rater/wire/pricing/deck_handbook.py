"""Deck handbook: the page `docs/reference/deck-columns.md`, made of what the columns and the lint declare."""

from rater.wire.pricing.deck_columns import COLUMNS, REQUIRED, Column
from rater.wire.pricing.deck_findings import CODES

EXAMPLE = """\
prefix,destination,country,number_type,action,rate,increment,connection_fee,surcharge,grace_s,min_charge,from_second,days,start,end
331,France fixed,FR,landline,rate,0.012,60/60,,,,,,,,
336,France mobile,FR,mobile,rate,0.0316,30/6,0.001,,6,0.02,,mon-fri,08:00,20:00
336,France mobile evening,FR,mobile,rate,0.02,30/6,,,,,,mon-fri,20:00,24:00
336,France mobile morning,FR,mobile,rate,0.02,30/6,,,,,,mon-fri,00:00,08:00
336,France mobile weekend,FR,mobile,rate,0.02,30/6,,,,,,sat sun,,
33800,France toll-free,FR,toll_free,free,,,,,,,,,,
3389,France premium,FR,premium,deny,,,,,,,,,,
34,Spain,ES,mixed,rate,0.03,60/60,,,,,0,,,
34,Spain after 10 minutes,ES,mixed,rate,0.01,60/60,,,,,600,,,
3278,Belgium at one price per call,BE,shared_cost,rate,0.25,60/0,,,,,,,,
881,Satellite,,satellite,rate,4.50,60/60,,0.35,,,,,,
"""

_INTRO = """\
# Rate decks: the columns

A rate deck is a CSV file in UTF-8: a header that names the columns, in any order, then one row a line. Commas separate,
a full stop is the decimal point, cells that need it stand in quotation marks; blank lines are passed over. Only
{required} must be there; a column that is absent and a cell that is empty both mean the default. What the file does not
say, `rater deck load` asks for: deck id, version, currency, `--valid-from`, time zone, and what a call does at the
boundary of a band.

One prefix may have several rows, for different hours (bands), seconds of the call (tiers) or callers; two that hold at
the same hour, second and caller are refused.

```csv
{example}```

## Columns
"""

_RULES = """\
## Calendars

A row that names a `calendar` holds on its dates alone, and on them the rows of the same prefix and callers that name
none do not hold. The date of each second of a call decides, in the deck's time zone: a call is cut at midnight as it is
at the boundary of a band. Hours and days of such a row say when on those dates it holds. Two calendars may share dates,
but not where both have rows of one prefix and callers. The dates are in a CSV file of their own, given as
`--calendars`; a version carries them, whole or not at all, and new dates are a new version.

```csv
calendar,date
holidays,2026-12-25
holidays,2027-01-01
```

## What one line may not say

- `start` and `end` the same, or a `start` at the end of the day: leave both empty for all day.
- `from_second` above 0 in a row that denies: a call is denied at its answer or not at all.
- `from_second` above 0 and an `increment` that is one price per call: a tier that costs nothing is `action` free.
- A fee, a `surcharge` or a `min_charge` in a free row: it charges nothing at all. For calls that cost their fee alone
  write `action` rate and `rate` 0.
- A `min_charge` above the `max_charge`.

## From other formats

| there | here |
| --- | --- |
| several prefixes in one cell (`43, 431`, `15-17`), area codes apart | one row a prefix, all digits in `prefix` |
| decimal comma, semicolons between cells | decimal point, commas |
| effective date of a row | a version of the deck, loaded with `--valid-from` |
| inactive, discontinued | leave the row out: a shorter prefix then prices the call, or none |
| forbidden, blocked | `action` deny |
| flat rate, price per call (`60/0`, `1/0`) | `increment` 60/0, with the price as `rate` |
| price 1 and price n, interval 1 and interval n | `rate` and `increment` where the prices agree, else two tiers |
| grace time, no-charge time | `grace_s` |
| first seconds free for every call, however long | a free tier with increment 1/1 before the others |
| peak and off-peak prices | one row for each band, with `days`, `start` and `end` |
| holiday prices, prices by date | a row with the name of a `calendar`, its dates in the file of calendars |
| origination prefixes | a row for each `origin_prefix`, one without for others, one of `unknown` |

## What `rater deck lint` finds

"""


def render() -> str:
    """Return the page."""
    required = " and ".join(f"`{name}`" for name in REQUIRED)
    intro = _INTRO.format(required=required, example=EXAMPLE)
    columns = "\n".join(_section(name, column) for name, column in COLUMNS.items())
    lint = "".join(f"| `{code}` | {meaning} |\n" for code, meaning in CODES.items())
    return f"{intro}\n{columns}\n{_RULES}| code | finds |\n| --- | --- |\n{lint}"


def _section(name: str, column: Column) -> str:
    facts = {
        "unit": column.unit,
        "allowed": column.allowed,
        "default": _default(name, column),
        "examples": ", ".join(f"`{text}`" for text in column.examples),
    }
    table = "".join(f"- {what}: {said}\n" for what, said in facts.items() if said)
    return f"### `{name}`\n\n{column.meaning}\n\n{table}"


def _default(name: str, column: Column) -> str:
    if name in REQUIRED:
        return "none: it must be there"
    return f"`{column.default}`" if column.default else column.default_means
