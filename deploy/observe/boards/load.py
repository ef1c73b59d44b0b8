"""Load test: what is offered and what is achieved, how long it takes, and what it costs."""

from typing import Final

from deploy.observe.boards.board import IN_WINDOW, Board, Panel, Query, Row
from deploy.observe.boards.overview import FRESHNESS, LATENCY, latency
from deploy.observe.boards.promql import by_label, each, quantiles, rate

_CDRS: Final = 'rater_records_total{topic="cdr.raw.v1"}'
_PERCENTILES: Final = (0.5, 0.9, 0.99, 0.999)
_CHARGING: Final = 'job="rater-charging"'

_FLOW = Row(
    "Offered and achieved",
    (
        Panel(
            title="Offered and achieved",
            about="CDRs written to their topic, as the watch sees its end move, and CDRs of committed "
            "batches; per second.",
            unit="cps", width=12,
            queries=tuple(each(
                offered=rate('rater_topic_end_offset{topic="cdr.raw.v1"}'),
                achieved=rate(_CDRS),
            )),
        ),
        Panel(
            title="What waits",
            about="CDRs that charging has not taken. A line that rises: more is offered than can be achieved.",
            unit="short", width=12,
            queries=(Query('sum(rater_group_lag_records{topic="cdr.raw.v1"})', "CDRs"),),
        ),
    ),
)  # fmt: skip

_TIMES = Row(
    "How long it takes",
    (
        latency(FRESHNESS, "From a CDR to its ledger entry", *_PERCENTILES),
        latency(LATENCY, "From a CDR to its payment command", *_PERCENTILES),
        Panel(
            title="Transactions of charging",
            about="First send to end.",
            unit="s",
            queries=quantiles("rater_transaction_duration_seconds", *_PERCENTILES, having=_CHARGING),
        ),
        Panel(
            title="Batches of charging by stage",
            about="p50: decode, decide, commit.",
            unit="s",
            queries=quantiles("rater_batch_duration_seconds", 0.5, by="stage", legend="{{stage}}", having=_CHARGING),
        ),
        Panel(
            title="Records in a batch of charging",
            about="Full batches (10,000) tell of a backlog.",
            unit="short", queries=quantiles("rater_batch_records", 0.5, 0.99, having=_CHARGING),
        ),
        Panel(
            title="Event loop lag of charging",
            about="By loop; p99.",
            unit="s",
            queries=quantiles("rater_event_loop_lag_seconds", 0.99, by="loop", legend="{{loop}}", having=_CHARGING),
        ),
    ),
)  # fmt: skip

_COST = Row(
    "What it costs",
    (
        Panel(
            title="CPU of a CDR",
            about="Of all charging workers, for each CDR of a committed batch; all that they do included.",
            unit="s",
            queries=(Query(
                f"sum(rate(process_cpu_seconds_total{{{_CHARGING}}}{IN_WINDOW})) / ({rate(_CDRS)} > 0)", "CPU"
            ),),
        ),
        Panel(
            title="CPU",
            about="Cores in use by job.",
            unit="suffix: cores", queries=(by_label(rate("process_cpu_seconds_total", "job"), "job"),),
        ),
        Panel(
            title="Memory",
            about="Resident, by job.",
            unit="bytes", queries=(by_label("sum by (job) (process_resident_memory_bytes)", "job"),),
        ),
    ),
)  # fmt: skip

BOARD: Final = Board(
    uid="rater-load",
    title="Rater / Load test",
    about="What is offered and what is achieved, how long it takes, and what it costs. Starts and alerts are marked.",
    rows=(_FLOW, _TIMES, _COST),
    since="now-15m",
)
