"""Recharge and payments: from a crossed threshold to the credit, what holds it back, and how the provider answers."""

from typing import Final

from deploy.observe.boards.board import Board, Panel, Query, Row
from deploy.observe.boards.overview import LATENCY, latency
from deploy.observe.boards.promql import by_label, each, hourly, quantiles, rate

_WAY = Row(
    "From a threshold to the credit",
    (
        Panel(
            title="The way of recharges",
            about="An hour: thresholds crossed, payments asked for (again included), captured by the "
            "provider, credits asked for.",
            unit="suffix: /h",
            queries=tuple(each(
                crossed=hourly('rater_balance_events_total{kind="threshold_crossed"}'),
                asked_for=hourly("rater_recharge_payments_total"),
                captured=hourly('rater_gateway_commands_total{outcome="succeeded"}'),
                credits=hourly("rater_recharge_credits_total"),
            )),
        ),
        latency(LATENCY, "From a CDR to its payment command", 0.5, 0.9, 0.99),
        Panel(
            title="In flight",
            about="Payment commands without a result, as recharge and the gateway count them.",
            unit="short", width=4,
            queries=tuple(each(
                recharge="sum(rater_recharge_in_flight)", gateway="sum(rater_gateway_in_flight)"
            )),
        ),
        Panel(
            title="Oldest that waits",
            about="Payment without a result; captured payment whose credit is not on its account. 0: there is none.",
            unit="s", width=4,
            queries=tuple(each(
                no_result="max(rater_recharge_in_flight_age_seconds)",
                no_credit="max(rater_recharge_uncredited_age_seconds)",
            )),
        ),
    ),
)  # fmt: skip

_HELD = Row(
    "What holds recharges back",
    (
        Panel(
            title="Tenants by state",
            about="Of recharge: idle, payment requested, backing off, capped, paused, on hold and so on.",
            unit="short",
            queries=(by_label("sum by (state) (rater_recharge_tenants)", "state"),),
        ),
        Panel(
            title="Held back",
            about="Recharges that are not made: a cap, a pause, suspected fraud; each time that it is told, an hour.",
            unit="suffix: /h",
            queries=(by_label(hourly("rater_recharge_held_total", "reason"), "reason"),),
        ),
        Panel(
            title="Taken back, given back, in quarantine",
            about="Refunds and disputes by outcome, and results that must not be credited by reason; since "
            "the workers started.",
            unit="short",
            queries=(
                by_label("sum by (outcome) (rater_recharge_reversals_total)", "outcome"),
                Query("sum by (reason) (rater_recharge_quarantined_total) > 0", "quarantined: {{reason}}"),
            ),
        ),
    ),
)  # fmt: skip

_PROVIDER = Row(
    "Gateway and provider",
    (
        Panel(
            title="Results of payments",
            about="Of commands, by outcome; unknown is asked again until it is known.",
            unit="suffix: /h",
            queries=(by_label(hourly("rater_gateway_commands_total", "outcome"), "outcome"),),
        ),
        Panel(
            title="Questions to the provider",
            about="What was asked, and what came of it.",
            unit="reqps",
            queries=(by_label(
                rate("rater_gateway_provider_requests_total", "operation, status") + " > 0", "operation", "status"
            ),),
        ),
        Panel(
            title="How long the provider takes",
            about="To answer, by what was asked.",
            unit="s",
            queries=quantiles("rater_gateway_provider_seconds", 0.5, 0.99, by="operation", legend="{{operation}}"),
        ),
        Panel(
            title="Told by the provider itself",
            about="Results that came without being asked for, such as refunds and disputes; an hour.",
            unit="suffix: /h",
            queries=(by_label(hourly("rater_gateway_late_outcomes_total", "outcome"), "outcome"),),
        ),
        Panel(
            title="Webhooks of the provider",
            about="By what became of them; of the simulator there are none.",
            unit="suffix: /h",
            queries=(by_label(hourly("rater_gateway_webhooks_total", "outcome"), "outcome"),),
        ),
        Panel(
            title="Payments of canary tenants",
            about="By outcome; they are in none of the others.",
            unit="suffix: /h",
            queries=(by_label(hourly("rater_gateway_canary_commands_total", "outcome"), "outcome"),),
        ),
    ),
)  # fmt: skip

BOARD: Final = Board(
    uid="rater-recharge",
    title="Rater / Recharge and payments",
    about="From a crossed threshold to the credit, what holds it back, and how the provider answers.",
    rows=(_WAY, _HELD, _PROVIDER),
)
