"""Notifications: what is to be told, whether it reaches people, by e-mail and by webhook."""

from typing import Final

from deploy.observe.boards.board import Board, Panel, Query, Row
from deploy.observe.boards.promql import by_label, each, hourly, quantiles

_NOT_SENT: Final = 'rater_notifier_notifications_total{outcome!="sent"}'

_TOLD = Row(
    "Told",
    (
        Panel(
            title="Written",
            about="Notifications that recharge writes, by kind, an hour.",
            unit="suffix: /h",
            queries=(by_label(hourly("rater_recharge_notices_total", "kind") + " > 0", "kind"),),
        ),
        Panel(
            title="Handled",
            about="By what became of them: sent, partly, undelivered, dead; an hour.",
            unit="suffix: /h",
            queries=(by_label(hourly("rater_notifier_notifications_total", "outcome"), "outcome"),),
        ),
        Panel(
            title="Not for everyone, by kind",
            about="Notifications that reached nobody or not all, since the notifiers started.",
            unit="short",
            queries=(
                Query(f"sum({_NOT_SENT})", "all"),
                by_label(f"sum by (kind, outcome) ({_NOT_SENT}) > 0", "kind", "outcome"),
            ),
        ),
    ),
)  # fmt: skip

_WAYS = Row(
    "E-mail and webhooks",
    (
        Panel(
            title="E-mails",
            about="Deliveries by outcome; deferred counts tries that failed for now, known was sent before.",
            unit="suffix: /h",
            queries=(by_label(hourly('rater_notifier_deliveries_total{channel="email"}', "outcome"), "outcome"),),
        ),
        Panel(
            title="Webhooks",
            about="Deliveries by outcome.",
            unit="suffix: /h",
            queries=(by_label(hourly('rater_notifier_deliveries_total{channel="webhook"}', "outcome"), "outcome"),),
        ),
        Panel(
            title="Time of a try",
            about="Marks included, by channel.",
            unit="s",
            queries=quantiles("rater_notifier_delivery_seconds", 0.5, 0.99, by="channel", legend="{{channel}}"),
        ),
    ),
)  # fmt: skip

_WAITING = Row(
    "Waiting",
    (
        Panel(
            title="Waiting",
            about="Notifications taken and not handled, and webhooks in the waiting room.",
            unit="short",
            queries=tuple(each(
                notifications="sum(rater_notifier_waiting)", webhooks="sum(rater_notifier_webhooks_waiting)"
            )),
        ),
        Panel(
            title="Circuits of webhooks",
            about="URLs that are left alone since they failed, and how often circuits have changed since "
            "the notifiers started.",
            unit="short",
            queries=(
                Query("sum(rater_notifier_circuits_open)", "open now"),
                Query("sum by (state) (rater_notifier_circuit_changes_total)", "became {{state}}"),
            ),
        ),
        Panel(
            title="Marks lost",
            about="Marks of what was sent that could not be read, since the notifiers started: it may be "
            "sent again. Must be 0.",
            unit="short", bound=1,
            queries=(Query("sum(rater_notifier_marks_lost_total)", "marks"),),
        ),
    ),
)  # fmt: skip

BOARD: Final = Board(
    uid="rater-notifications",
    title="Rater / Notifications",
    about="What is to be told, whether it reaches people, by e-mail and by webhook.",
    rows=(_TOLD, _WAYS, _WAITING),
)
