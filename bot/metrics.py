"""What Prometheus sees. Labels never carry what names a person."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram

BUCKETS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """The program's counters, registered once a registry."""

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        self.registry = registry
        self.turns = Counter(
            "khetdoot_turns_total", "Messages answered", ["channel", "language", "intent", "outcome"], registry=registry
        )
        self.seconds = Histogram(
            "khetdoot_answer_seconds", "Time to answer a message", buckets=BUCKETS, registry=registry
        )
        self.failures = Counter("khetdoot_answer_failures_total", "Messages given back", registry=registry)
        self.lost_claims = Counter("khetdoot_lost_claims_total", "Answers another worker overtook", registry=registry)
        self.sent = Counter("khetdoot_sent_total", "Messages a gateway took", ["channel", "purpose"], registry=registry)
        self.send_errors = Counter(
            "khetdoot_send_errors_total", "Messages not taken", ["channel", "error"], registry=registry
        )
        self.sessions_lost = Counter("khetdoot_sessions_unavailable_total", "Redis did not answer", registry=registry)
        self.job_failures = Counter("khetdoot_job_failures_total", "Scheduled jobs failed", ["job"], registry=registry)
        self.model_answers = Counter(
            "khetdoot_model_answers_total", "What came of asking the model", ["outcome"], registry=registry
        )
        self.model_ready = Gauge("khetdoot_model_ready", "1 while the model's engine is ready", registry=registry)
        self.rows = Gauge("khetdoot_rows", "Rows by table and state", ["table", "state"], registry=registry)

    def session_lost(self, _error: Exception) -> None:
        """Redis did not answer; the turn went on without memory."""
        self.sessions_lost.inc()

    def model_answered(self, outcome: str) -> None:
        """The model chose, was not asked, or failed."""
        self.model_answers.labels(outcome).inc()

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Times one answer."""
        with self.seconds.time():
            yield
