"""Money flow: what is charged, what comes in and goes out, what waits for a price, by which prices, and the proofs."""

from typing import Final

from deploy.observe.boards.board import Board, Panel, Query, Row
from deploy.observe.boards.promql import A_UNIT, by_label, each, hourly, money, quantiles, rate

_AN_HOUR = "In units of the currency an hour, at this pace; canary tenants are left out."

_FLOW = Row(
    "Money",
    (
        Panel(
            title="Charged",
            about=f"What calls cost. {_AN_HOUR}",
            unit="suffix: /h",
            queries=(by_label(money("rater_charged_micros_total"), "currency"),),
        ),
        Panel(
            title="In",
            about=f"Added to balances, by the kind of the ledger's entry. {_AN_HOUR}",
            unit="suffix: /h",
            queries=(by_label(money("rater_money_in_micros_total", "currency, kind"), "currency", "kind"),),
        ),
        Panel(
            title="Out",
            about="Taken from balances, by the kind of the ledger's entry; of charges what calls cost, "
            f"whoever pays. {_AN_HOUR}",
            unit="suffix: /h",
            queries=(by_label(money("rater_money_out_micros_total", "currency, kind"), "currency", "kind"),),
        ),
        Panel(
            title="Forfeited",
            about="Of expired lots, gone when their grace was over. No line: there was none since the "
            f"workers started. {_AN_HOUR}",
            unit="suffix: /h",
            queries=(by_label(money("rater_forfeited_micros_total"), "currency"),),
        ),
        Panel(
            title="How long balances last",
            about="At the pace of late, of accounts that change: a tenth of them last no longer than p10, "
            "half than p50.",
            unit="s", queries=quantiles("rater_runway_seconds", 0.1, 0.5),
        ),
        Panel(
            title="Balance events",
            about="Crossed thresholds, exhausted balances, credits, expiries, by kind, an hour.",
            unit="suffix: /h",
            queries=(by_label(hourly("rater_balance_events_total", "kind") + " > 0", "kind"),),
        ),
    ),
)  # fmt: skip

_POOLS = Row(
    "Pools of plans",
    (
        Panel(
            title="Seconds paid by pools",
            about="Drawn by calls, and given back by corrections, per second.",
            unit="short",
            queries=tuple(each(
                drawn=rate("rater_pool_drawn_seconds_total"),
                returned=rate("rater_pool_returned_seconds_total"),
            )),
        ),
        Panel(
            title="Pools used up",
            about="Told once when 80 or 100 per cent of a month's pool are used; an hour.",
            unit="suffix: /h",
            queries=(Query(hourly("rater_pools_used_up_to_total", "level"), "{{level}} %"),),
        ),
        Panel(
            title="Plans that do not fit",
            about="Plans that no catalog has, plans of users without a licence, entitlements let go; since "
            "the workers started.",
            unit="short",
            queries=tuple(each(
                unknown="sum(rater_plans_unknown_total)",
                unlicensed="sum(rater_plans_unlicensed_total)",
                forgotten="sum(rater_entitlements_forgotten_total)",
            )),
        ),
    ),
)  # fmt: skip

_SUSPENSE = Row(
    "Calls without a price",
    (
        Panel(
            title="Why calls are not charged",
            about="CDRs that are suspended or dead, by reason, per second.",
            unit="cps",
            queries=(by_label(
                rate('rater_records_total{topic="cdr.raw.v1",outcome=~"suspended|dead"}', "outcome, reason"),
                "outcome", "reason",
            ),),
        ),
        Panel(
            title="Calls that wait",
            about="For a price; those that are not kept are freed by nothing, and must be none.",
            unit="short",
            queries=tuple(each(
                wait="sum(rater_open_suspense_calls)", not_kept="sum(rater_open_suspense_not_kept_total)"
            )),
        ),
        Panel(
            title="Calls given for free, released, dropped, rated again",
            about="For free after waiting for a price too long, by what they had waited for; those that were looked at "
            "again or dropped, and those that were to be rated again, by what came of it; an hour.",
            unit="suffix: /h",
            queries=(
                Query(hourly("rater_calls_freed_total"), "all"),
                by_label(hourly("rater_calls_freed_total", "reason") + " > 0", "reason"),
                by_label(hourly("rater_calls_recycled_total", "outcome") + " > 0", "outcome"),
                by_label(hourly("rater_calls_rerated_total", "outcome") + " > 0", "outcome"),
            ),
        ),
        Panel(
            title="Oldest call that may be freed",
            about="How long it has waited, by what it waits for; freed after freecall_after_days of the "
            "charging settings. 0: there is none.",
            unit="s", width=12,
            queries=(by_label("max by (reason) (rater_open_suspense_age_seconds)", "reason"),),
        ),
        Panel(
            title="Memory of calls that wait",
            about="What they take in the workers.",
            unit="bytes", width=12, queries=(Query("sum(rater_open_suspense_bytes)", "bytes"),),
        ),
        Panel(
            title="Released by itself",
            about="Calls that the recycler asked to release, by what they had waited for and what came of it; an hour.",
            unit="suffix: /h", width=12,
            queries=(
                Query(hourly("rater_recycler_orders_total"), "all"),
                by_label(hourly("rater_recycler_orders_total", "reason, outcome") + " > 0", "reason", "outcome"),
            ),
        ),
        Panel(
            title="Tenants for whom the recycler asks",
            about="Their calls could be charged, and pass a bound; and for how long it has not looked, in seconds.",
            unit="short", width=12,
            queries=(
                by_label("sum by (bound) (rater_recycler_asking_tenants)", "bound"),
                Query("time() - max(rater_recycler_looked_timestamp_seconds > 0)", "not looked for"),
            ),
        ),
    ),
)  # fmt: skip

_PRICES = Row(
    "Prices",
    (
        Panel(
            title="Age of the newest prices",
            about="Since the deck version that came into force last, and since the plan catalog in force, "
            "came into force. No line: there is none.",
            unit="s",
            queries=tuple(each(
                decks="time() - (max(rater_decks_valid_from_seconds) > 0)",
                plans="time() - (max(rater_plan_catalog_valid_from_seconds) > 0)",
            )),
        ),
        Panel(
            title="Versions",
            about="Decks that can price calls, the plan catalog known and in force, the charging settings "
            "known; by the least instance.",
            unit="none",
            queries=tuple(each(
                decks="min(rater_decks_whole)",
                catalog="min(rater_plan_catalog_version)",
                catalog_in_force="min(rater_plan_catalog_in_force)",
                settings="min(rater_charging_settings_version)",
            )),
        ),
        Panel(
            title="Versions that cannot be used",
            about="Records of the topics of decks, plans and settings that were refused, and decks that "
            "price nothing; since the workers started.",
            unit="short",
            queries=tuple(each(
                decks="sum(rater_deck_records_refused_total) or 0 * sum(rater_decks_whole)",
                plans="sum(rater_plan_records_refused_total) or 0 * sum(rater_decks_whole)",
                settings="sum(rater_settings_records_refused_total) or 0 * sum(rater_decks_whole)",
                price_nothing="sum(rater_deck_warnings_total)",
            )),
        ),
    ),
)  # fmt: skip

_PROOFS = Row(
    "Proofs: the reconciler, and the workers' own",
    (
        Panel(
            title="Differences that the reconciler found",
            about="By proof, since its first record, and those of the last sweep; must be 0.",
            unit="none", bound=1,
            queries=(
                by_label("max by (proof) (rater_reconciliation_difference)", "proof"),
                Query("max(rater_reconciliation_sweep_difference)", "last sweep"),
            ),
        ),
        Panel(
            title="Money that does not add up",
            about="In the steps of workers: what entries say was moved and what accounts then hold, in units of the "
            "currency; must be 0. No line: no step has moved money since the workers started.",
            unit="short",
            queries=(by_label(
                f"sum by (currency) (rater_reconciliation_difference_micros){A_UNIT}", "currency"
            ),),
        ),
        Panel(
            title="Records without an outcome",
            about="Read by workers, or passed over between two batches, by source topic; must be 0.",
            unit="short", bound=1,
            queries=(by_label("sum by (topic) (rater_reconciliation_difference_records)", "topic"),),
        ),
        Panel(
            title="How far behind the proofs are",
            about="Age of the oldest record that is not proven yet, and since when not all is clean. Days behind, the "
            "manifests that it needs are deleted.",
            unit="s",
            queries=tuple(each(
                not_proven="max(rater_reconciliation_lag_seconds)",
                since_clean="clamp_min(time() - (max(rater_reconciliation_clean_timestamp_seconds) > 0), 0)",
            )),
        ),
        Panel(
            title="Sweeps",
            about="Since the last one that was carried through, and the stated time from one to the next (0: none is "
            "made). No line: there was none yet.",
            unit="s",
            queries=tuple(each(
                since_the_last="clamp_min(time() - (max(rater_reconciliation_sweep_timestamp_seconds) > 0), 0)",
                period="max(rater_reconciliation_sweep_period_seconds)",
            )),
        ),
        Panel(
            title="Records proven",
            about="By what they are, per second.",
            unit="cps", width=4,
            queries=(by_label(rate("rater_reconciliation_records_total", "kind"), "kind"),),
        ),
        Panel(
            title="CPU of the proofs",
            about="Cores in use, of reading and proving.",
            unit="suffix: cores", width=4,
            queries=(Query(rate("rater_reconciliation_cpu_seconds_total"), "CPU"),),
        ),
    ),
)  # fmt: skip

BOARD: Final = Board(
    uid="rater-money",
    title="Rater / Money flow",
    about="What is charged, what comes in and goes out, what waits for a price, by which prices, and what is proven.",
    rows=(_FLOW, _POOLS, _SUSPENSE, _PRICES, _PROOFS),
)
