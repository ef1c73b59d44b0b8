"""State and recovery: what processes are at, what workers remember, how they come back, what they take."""

from typing import Final

from deploy.observe.boards.board import IN_WINDOW, Board, Panel, Query, Row
from deploy.observe.boards.promql import by_label, counted, each, quantiles

_STATES = Row(
    "States and recovery",
    (
        Panel(
            title="Processes by state",
            about="Starting, recovering, serving, stopping.",
            unit="none", queries=(by_label("sum by (job, state) (rater_state) > 0", "job", "state"),),
        ),
        Panel(
            title="Recoveries",
            about="How long all of them have taken since the processes started, from assignment to serving.",
            unit="s",
            queries=(by_label("sum by (job) (rater_recovery_duration_seconds_sum)", "job"),),
        ),
        Panel(
            title="A recovery on average",
            about="From assignment to serving; it grows with what the worker remembers.",
            unit="s",
            queries=(by_label(
                "sum by (job) (rater_recovery_duration_seconds_sum)"
                " / sum by (job) (rater_recovery_duration_seconds_count)",
                "job",
            ),),
        ),
        Panel(
            title="Since the start of each process",
            about="A line that falls is a process that was started anew.",
            unit="s", queries=(by_label("time() - process_start_time_seconds", "job", "instance"),),
        ),
        Panel(
            title="Halted partitions, broken invariants",
            about="Must be 0: money or state that cannot be right.",
            unit="none", bound=1,
            queries=tuple(each(
                halted="sum(rater_halted_partitions)",
                invariants=counted("rater_invariant_violations_total", "rater_halted_partitions"),
            )),
        ),
        Panel(
            title="Versions of the program",
            about="Processes by the version that they are of; two versions at a time: an update is going on.",
            unit="none",
            queries=(Query("count by (version, revision) (rater_build_info)", "{{version}} {{revision}}"),),
        ),
    ),
)  # fmt: skip

_INDEX = Row(
    "Charge index",
    (
        Panel(
            title="Ids remembered",
            about="Of CDRs, so that a duplicate is known.",
            unit="short", queries=(by_label("sum by (instance) (rater_remembered_ids)", "instance"),),
        ),
        Panel(
            title="Window of duplicates",
            about="Stream time within which a duplicate is known exactly; the least instance. No line: "
            "there is no id yet.",
            unit="s", queries=(Query("min(rater_dedupe_window_seconds)", "window"),),
        ),
        Panel(
            title="Days dropped",
            about="By a full charge index, since the workers started; must be 0.",
            unit="short", bound=1,
            queries=(Query("sum(rater_dedupe_window_evictions_total)", "days"),),
        ),
    ),
)  # fmt: skip

_MACHINE = Row(
    "What processes take",
    (
        Panel(
            title="Memory",
            about="Resident.",
            unit="bytes", queries=(by_label("process_resident_memory_bytes", "job", "instance"),),
        ),
        Panel(
            title="CPU",
            about="Cores in use, all threads.",
            unit="suffix: cores",
            queries=(by_label(f"rate(process_cpu_seconds_total{IN_WINDOW})", "job", "instance"),),
        ),
        Panel(
            title="Open files",
            about="Sockets included.",
            unit="short", queries=(by_label("process_open_fds", "job", "instance"),),
        ),
        Panel(
            title="Event loop lag",
            about="How much later than asked for a loop runs something; p99.",
            unit="s",
            queries=quantiles("rater_event_loop_lag_seconds", 0.99, by="job, loop", legend="{{job}} {{loop}}"),
        ),
        Panel(
            title="Garbage collection",
            about="Share of the time that it stops the process.",
            unit="percentunit",
            queries=(by_label(f"sum by (job) (rate(rater_gc_pause_seconds_sum{IN_WINDOW}))", "job"),),
        ),
        Panel(
            title="Longest collections",
            about="p99 of the oldest generation.",
            unit="s",
            queries=quantiles("rater_gc_pause_seconds", 0.99, by="job", legend="{{job}}", having='generation="2"'),
        ),
    ),
)  # fmt: skip

BOARD: Final = Board(
    uid="rater-state",
    title="Rater / State and recovery",
    about="What processes are at, what workers remember, how they come back, and what they take of the machine.",
    rows=(_STATES, _INDEX, _MACHINE),
)
