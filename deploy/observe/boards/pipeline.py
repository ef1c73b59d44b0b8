"""Kafka pipeline: how far behind each group is, from inside and from outside; batches, transactions, rebalances."""

from typing import Final

from deploy.observe.boards.board import Board, Panel, Query, Row
from deploy.observe.boards.promql import by_label, counted, hourly, quantiles, rate

_WORKERS: Final = "rater_halted_partitions"
_SINCE: Final = "time() - max(rater_watch_last_success_timestamp_seconds > 0)"
"""Below 0 where the clock of the watch is ahead of that of Prometheus."""

_LAG = Row(
    "Behind, from outside: the watch",
    (
        Panel(
            title="Lag in seconds",
            about="Age of the first record that a group has not taken, the oldest of its partitions. It "
            "also tells when everybody is dead.",
            unit="s", bound=120,
            queries=(by_label("max by (group, topic) (rater_group_lag_seconds)", "group", "topic"),),
        ),
        Panel(
            title="Lag in records",
            about="From the first record that is not taken to the end of what may be read.",
            unit="short",
            queries=(by_label("sum by (group, topic) (rater_group_lag_records)", "group", "topic"),),
        ),
        Panel(
            title="Skew of partitions",
            about="How much more records wait in the fullest partition than in the average one.",
            unit="short",
            queries=(by_label(
                "max by (group, topic) (rater_group_lag_records) - avg by (group, topic) (rater_group_lag_records)",
                "group", "topic",
            ),),
        ),
        Panel(
            title="Members of groups",
            about="Workers and services that have joined.",
            unit="none", queries=(by_label("max by (group) (rater_group_members)", "group"),),
        ),
        Panel(
            title="Taken",
            about="How fast committed offsets move on.",
            unit="cps",
            queries=(by_label(rate("rater_group_committed_offset", "group, topic"), "group", "topic"),),
        ),
        Panel(
            title="Never committed, lost",
            about="Partitions in which a group has never committed, and offsets that retention deleted "
            "before they were taken (must be 0).",
            unit="short",
            queries=(
                Query("sum by (group) (rater_group_uncommitted)", "{{group}} never committed"),
                Query("sum by (group) (rater_group_lost_records)", "{{group}} lost"),
            ),
        ),
    ),
)  # fmt: skip

_TOPICS = Row(
    "Topics",
    (
        Panel(
            title="Written",
            about="How fast topics grow, transaction marks included.",
            unit="cps", queries=(by_label(rate("rater_topic_end_offset", "topic"), "topic"),),
        ),
        Panel(
            title="Kept",
            about="Offsets from the first record that is there to the end.",
            unit="short",
            queries=(by_label(
                "sum by (topic) (rater_topic_end_offset) - sum by (topic) (rater_topic_start_offset)", "topic"
            ),),
        ),
        Panel(
            title="Behind open transactions",
            about="Offsets that nobody may read yet. A partition in which they stay has a transaction that "
            "nobody ends.",
            unit="short",
            queries=(by_label(
                "sum by (topic) (rater_topic_end_offset) - sum by (topic) (rater_topic_stable_offset)", "topic"
            ),),
        ),
    ),
)  # fmt: skip

_INSIDE = Row(
    "Behind, from inside: the services themselves",
    (
        Panel(
            title="Lag in seconds",
            about="Age of the oldest record that is not committed, by its own time.",
            unit="s", bound=120,
            queries=(by_label("max by (job, topic) (rater_consumer_lag_seconds)", "job", "topic"),),
        ),
        Panel(
            title="Lag in records",
            about="Between the applied position and the end.",
            unit="short",
            queries=(by_label("sum by (job, topic) (rater_consumer_lag_records)", "job", "topic"),),
        ),
        Panel(
            title="Records by topic and outcome",
            about="Of committed batches, per second.",
            unit="cps",
            queries=(by_label(rate("rater_records_total", "topic, outcome"), "topic", "outcome"),),
        ),
    ),
)  # fmt: skip

_BATCHES = Row(
    "Batches and transactions",
    (
        Panel(
            title="Records in a batch",
            about="At most 10,000; full ones tell of a backlog.",
            unit="short", queries=quantiles("rater_batch_records", 0.5, 0.99, by="job", legend="{{job}}"),
        ),
        Panel(
            title="Time of a batch by stage",
            about="Decode, decide, commit; p99.",
            unit="s",
            queries=quantiles("rater_batch_duration_seconds", 0.99, by="job, stage", legend="{{job}} {{stage}}"),
        ),
        Panel(
            title="Time of a transaction",
            about="First send to end.",
            unit="s", queries=quantiles("rater_transaction_duration_seconds", 0.5, 0.99, by="job", legend="{{job}}"),
        ),
        Panel(
            title="Transactions that failed",
            about="Not committed, since the workers started; their records are read again.",
            unit="short",
            queries=(
                Query(counted("rater_transaction_failures_total", _WORKERS), "all"),
                by_label("sum by (kind) (rater_transaction_failures_total)", "kind"),
            ),
        ),
        Panel(
            title="Rebalances",
            about="Assignments received from the group, an hour.",
            unit="suffix: /h", queries=(by_label(hourly("rater_rebalances_total", "job"), "job"),),
        ),
        Panel(
            title="Standstill of rebalances",
            about="How long nothing was read, in all, since the processes started.",
            unit="s",
            queries=(by_label("sum by (job) (rater_rebalance_standstill_seconds_sum)", "job"),),
        ),
    ),
)  # fmt: skip

_LETTERS = Row(
    "Dead letters that nobody has ended",
    (
        Panel(
            title="Open dead letters",
            about="Neither replayed nor dropped, by the topic of their records.",
            unit="short",
            queries=(
                by_label("sum by (topic) (max by (topic, reason) (rater_dead_letters_open))", "topic"),
            ),
        ),
        Panel(
            title="Why they are dead letters",
            about="Of all topics, by what was found wrong.",
            unit="short",
            queries=(
                by_label("sum by (reason) (max by (topic, reason) (rater_dead_letters_open))", "reason"),
            ),
        ),
        Panel(
            title="Age of the oldest",
            about="Since its letter was written; more than a day, and somebody is told.",
            unit="s", bound=86_400,
            queries=(by_label("max by (topic) (rater_dead_letters_oldest_age_seconds)", "topic"),),
        ),
    ),
)  # fmt: skip

_WATCH = Row(
    "The watch itself",
    (
        Panel(
            title="Looks that came to nothing",
            about="Since the watch started, by the class of the error.",
            unit="short",
            queries=(
                Query(counted("rater_watch_poll_errors_total", "rater_watch_last_success_timestamp_seconds"), "all"),
                by_label("sum by (reason) (rater_watch_poll_errors_total)", "reason"),
            ),
        ),
        Panel(
            title="Time of a look",
            about="At all groups; of those that succeeded.",
            unit="s", queries=quantiles("rater_watch_poll_duration_seconds", 0.5, 0.99),
        ),
        Panel(
            title="Since the last look",
            about="That succeeded. More than a minute: it is blind.",
            unit="s", bound=60,
            queries=(Query(f"clamp_min({_SINCE}, 0)", "ago"),),
        ),
    ),
)  # fmt: skip

BOARD: Final = Board(
    uid="rater-pipeline",
    title="Rater / Kafka pipeline",
    about="How far behind each group is, from outside and from inside; batches, transactions, rebalances.",
    rows=(_LAG, _INSIDE, _TOPICS, _LETTERS, _BATCHES, _WATCH),
)
