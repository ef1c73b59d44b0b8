"""PromQL that several boards share."""

from collections.abc import Iterator

from deploy.observe.boards.board import IN_WINDOW, Query

AN_HOUR = "3600 * "
A_UNIT = " / 1e6"
"""Of a currency: its amounts are counted in millionths."""


def rate(counter: str, by: str = "") -> str:
    """Return what a counter rises by in a second, summed, by labels."""
    return f"sum{_by(by)}(rate({counter}{IN_WINDOW}))"


def hourly(counter: str, by: str = "") -> str:
    """Return what a counter rises by in an hour at this pace."""
    return AN_HOUR + rate(counter, by)


def money(counter: str, by: str = "currency") -> str:
    """Return the money of an hour at this pace, in units of its currency."""
    return hourly(counter, by) + A_UNIT


def counted(counter: str, beside: str) -> str:
    """Return a counter without series until its first event: 0 as long as what is beside it is served."""
    return f"sum({counter}) or 0 * sum({beside})"


def quantile(share: float, histogram: str, by: str = "", having: str = "") -> str:
    """Return below which value this share of a histogram's observations is, by labels."""
    asked = f"{{{having}}}" if having else ""
    labels = f"le, {by}" if by else "le"
    return f"histogram_quantile({share:g}, sum by ({labels}) (rate({histogram}_bucket{asked}{IN_WINDOW})))"


def quantiles(
    histogram: str, *shares: float, by: str = "", legend: str = "", having: str = ""
) -> tuple[Query, ...]:
    """Return the queries of several quantiles."""
    return tuple(
        Query(quantile(share, histogram, by, having), f"p{100 * share:g} {legend}".rstrip())
        for share in shares
    )


def by_label(expr: str, *labels: str) -> Query:
    """Return a query whose series are called by labels."""
    return Query(expr, " ".join(f"{{{{{label}}}}}" for label in labels))


def each(**queries: str) -> Iterator[Query]:
    """Yield a query each, called by its keyword, underscores being blanks."""
    for legend, expr in queries.items():
        yield Query(expr, legend.replace("_", " "))


def _by(labels: str) -> str:
    return f" by ({labels}) " if labels else ""
