"""What the web server counts. No label holds anything that a person wrote or is reached by."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

from bot.channels.base import Parsed

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
REQUESTS = Counter("khetdoot_http_requests", "HTTP requests answered", ("route", "method", "status"))
SECONDS = Histogram(
    "khetdoot_http_seconds", "Seconds to answer an HTTP request", ("route",),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)  # fmt: skip
INBOUNDS = Counter(
    "khetdoot_inbounds_received", "Messages that gateways delivered, repeats included", ("channel", "kind")
)
REPORTS = Counter("khetdoot_delivery_reports", "Delivery reports that gateways delivered", ("channel", "status"))


def count_request(route: str, method: str, status: int, seconds: float) -> None:
    """One answered request; `route` is its pattern, never its path."""
    REQUESTS.labels(route, method if method in METHODS else "other", status).inc()
    SECONDS.labels(route).observe(seconds)


def count_parsed(channel: str, parsed: Parsed) -> None:
    """What one request carried."""
    for inbound in parsed.inbounds:
        INBOUNDS.labels(channel, inbound.kind).inc()
    for report in parsed.reports:
        REPORTS.labels(channel, report.status).inc()
