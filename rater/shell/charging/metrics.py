"""Metrics of charging: money by currency and kind, pools, how long balances last, and how old CDRs were when charged.

Counted once a batch, after its commit, from what the batch has summed up (`batch.charging.sums`).
"""

from typing import Final, get_args

import numpy as np
from prometheus_client import CollectorRegistry, Counter

from rater.batch.charging.decision import Decision
from rater.shell.process.batch_histogram import BatchHistogram
from rater.shell.process.metrics import BatchReport
from topics.catalog import CDR_RAW
from topics.records.balance import AnyEvent, PoolLevel

IN: Final = ("funds_added", "adjusted", "payment_restored", "charge_reversed")
OUT: Final = ("charge", "adjusted", "payment_reversed", "lot_expired")
"""The kinds of entries that move money, charges among them."""
EVENTS: Final = tuple(str(each.__struct_config__.tag) for each in get_args(AnyEvent))
LEVELS: Final = get_args(get_args(PoolLevel)[0])
RERATED: Final = ("posted", "unchanged", "not_standing", "not_priced")
"""What may come of a charge that is to be rated again."""
_HOUR_S: Final = 3_600
_RUNWAY_S: Final = tuple(
    hours * _HOUR_S for hours in (1, 3, 6, 12, 24, 48, 72, 168, 336, 720, 2_160)
)
_SECONDS: Final = (
    *(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0),
    *(300.0, 900.0, 3_600.0, 86_400.0),
)
"""Up to a day: a worker that was down charges what came meanwhile."""


class ChargingMetrics:
    """What charging counts besides what every worker does."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        self._describe_money()
        self._events = Counter(
            "rater_balance_events", "Balance events written.", ["kind"], registry=registry
        )
        for kind in EVENTS:
            self._events.labels(kind)
        self._describe_pools()
        self._rerated = Counter(
            "rater_calls_rerated",
            "Charges that were to be rated again, by what came of it: posted anew, unchanged, or why not.",
            ["outcome"],
            registry=registry,
        )
        for outcome in RERATED:
            self._rerated.labels(outcome)
        self._runway = BatchHistogram(
            "rater_runway_seconds",
            "How long balances last at the pace of late, as statuses of accounts say it (at most one a second of each "
            "that changes); not of those that spend nothing, and whole hours only.",
            _RUNWAY_S,
            registry,
        )
        self.cdr_ages = BatchHistogram(
            "rater_cdr_to_ledger_seconds",
            "From the timestamp of a CDR's record (its producer's, or the broker's where the topic says so; never the "
            "time of the call) to the commit of what became of it: an entry, suspense, a dead letter, or nothing. Not "
            "of canary tenants.",
            _SECONDS,
            registry,
        )

    def _describe_money(self) -> None:
        by = ["currency", "kind"]
        self._came = Counter(
            "rater_money_in_micros", "Added to balances, by the kind of the ledger's entry.", by,
            registry=self._registry,
        )  # fmt: skip
        self._went = Counter(
            "rater_money_out_micros",
            "Taken from balances, by the kind of the ledger's entry; of charges what calls cost, whoever pays it.",
            by,
            registry=self._registry,
        )
        self._forfeited = Counter(
            "rater_forfeited_micros",
            "Of expired lots gone for good when their grace was over; it had left balances as lot_expired.",
            ["currency"],
            registry=self._registry,
        )
        self._currencies: set[str] = set()

    def _describe_pools(self) -> None:
        self._drawn = Counter(
            "rater_pool_drawn_seconds", "Of calls paid by pools of plans.", registry=self._registry
        )
        self._returned = Counter(
            "rater_pool_returned_seconds", "Given back to pools by corrections and voids.",
            registry=self._registry,
        )  # fmt: skip
        levels = Counter(
            "rater_pools_used_up_to", "Pools that were told to be used up to a level, in per cent.",
            ["level"], registry=self._registry,
        )  # fmt: skip
        self._levels = {level: levels.labels(str(level)) for level in LEVELS}

    def batch_done(self, report: BatchReport) -> None:
        """Count how old the records of a committed batch were; only CDRs have their ages told."""
        if report.topic == CDR_RAW.name:
            self.cdr_ages.observe_ages(report.stamps_ms, report.committed_ms)

    def decided(self, decision: Decision) -> None:
        """Count what a committed decision moved, told and drew."""
        sums = decision.sums
        for currency, micros in decision.charged.items():
            self._show(currency)
            self._went.labels(currency, "charge").inc(micros)
        for moved, counter in ((sums.came, self._came), (sums.went, self._went)):
            for (currency, kind), micros in moved.items():
                self._show(currency)
                counter.labels(currency, kind).inc(micros)
        for currency, micros in sums.forfeited.items():
            self._show(currency)
            self._forfeited.labels(currency).inc(micros)
        for kind, count in sums.events.items():
            self._events.labels(kind).inc(count)
        for level, count in sums.pool_levels.items():
            self._levels[level].inc(count)
        for outcome, count in sums.rerated.items():
            self._rerated.labels(outcome).inc(count)
        self._drawn.inc(sums.pool_s)
        self._returned.inc(sums.pool_returned_s)
        self._runway.observe(np.array(sums.runways_h, np.int64) * (_HOUR_S * 1_000))

    def _show(self, currency: str) -> None:
        """Show every kind of a currency from its first sight on: what has not happened in it is 0, and not absent."""
        if currency in self._currencies:
            return
        self._currencies.add(currency)
        for kind in IN:
            self._came.labels(currency, kind)
        for kind in OUT:
            self._went.labels(currency, kind)
        self._forfeited.labels(currency)
