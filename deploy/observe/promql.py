"""PromQL that several rules share."""


def happened(counter: str, by: str, window: str) -> str:
    """Return what is above 0 where a counter rose within a window, by labels.

    A counter with labels is there from its first event on, with a value that has never been 0: of that `increase`
    knows nothing. So a series that was not there a window ago counts whole.
    """
    return (
        f"sum by ({by}) (increase({counter}[{window}])) > 0\n"
        f"or\n"
        f"sum by ({by}) ({counter} unless {counter} offset {window}) > 0"
    )


def held(kind: str, window: str, topic: str = "") -> str:
    """Return one series where something was held of all tenants within a window, and none where it was not.

    Windows go on behind the stop: what waited in it is done then. With a topic it has that as its label.
    """
    seen = f'max(max_over_time(rater_maintenance_since_seconds{{kind="{kind}",scope="all"}}[{window}])) > 0'
    return f'label_replace({seen}, "topic", "{topic}", "", "")' if topic else seen


def share(part: str, whole: str, window: str) -> str:
    """Return which share of a counter another is, by what both rose within a window; NaN: nothing did."""
    return f"sum(rate({part}[{window}]))\n/\nsum(rate({whole}[{window}]))"
