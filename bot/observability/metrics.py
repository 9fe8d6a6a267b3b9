"""Prometheus metrics of one process: counts and durations, never about a person.

Each label takes its value from a fixed list: names in the code, error codes, channels.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)

EVENTS = Counter(
    "kosh_events", "Lines of the log, by event and code.", ("event", "code"), registry=REGISTRY
)
# Log events that alert rules use. Prometheus sees no increase in a counter that first appears above
# zero, and some of these events occur only once. So each is exported as 0 from the start, without
# the label `code`.
ALARMING = (
    *("update.failed", "sweep.failed", "log.uncaught", "retention.failed", "audit.broken"),
    *(
        "read_budget.exceeded",
        "webhook.auth_failed",
        "telegram.bot_refused",
        "whatsapp.number_refused",
    ),
    *("registry.codes_unknown", "sanitizer.unavailable", "keys.unreadable"),
    "registry.erasure_refused",
    *("notification.failed", "job.failed", "webhook.endpoint_failed", "broadcast.call_failed"),
    "message.unreadable",
)
ALARMS = Counter(
    "kosh_alert_events", "Lines of the log that alarms ask for.", ("event",), registry=REGISTRY
)
TURNS = Histogram(
    "kosh_turn_seconds", "An update, from its arrival to its commit.", ("channel",),
    registry=REGISTRY,
)  # fmt: skip
LAG = Histogram(
    "kosh_ingest_lag_seconds", "From a person's act, as the platform dates it, to its arrival.",
    ("channel",), buckets=(1, 2, 5, 10, 30, 60, 300, 900, 3600, 86400), registry=REGISTRY,
)  # fmt: skip
CALLS = Histogram(
    "kosh_call_seconds", "A call to a platform or to the registry.", ("to", "outcome"),
    registry=REGISTRY,
)  # fmt: skip
ANSWERS = Counter(
    "kosh_http_responses", "Answers of the web server, by part and status.", ("of", "status"),
    registry=REGISTRY,
)  # fmt: skip
# Recognition of free text: only outcomes are counted, and texts are not stored.
NOT_UNDERSTOOD = Counter(
    "kosh_not_understood", "Texts that were not understood, by language and step.",
    ("language", "step"), registry=REGISTRY,
)  # fmt: skip
MODEL_CHOICES = Counter(
    "kosh_model_choices", "Topics that an external model was asked to choose, by outcome.",
    ("outcome",), registry=REGISTRY,
)  # fmt: skip
TRANSCRIPTIONS = Counter(
    "kosh_transcriptions", "Voice messages to be turned into text, by outcome.", ("outcome",),
    registry=REGISTRY,
)  # fmt: skip
TRANSLATIONS = Counter(
    "kosh_translations", "Translations that officers asked for, by outcome.", ("outcome",),
    registry=REGISTRY,
)  # fmt: skip
HINTS = Counter(
    "kosh_hints", "Hints and codes to people by e-mail or SMS, by way and outcome.",
    ("way", "outcome"), registry=REGISTRY,
)  # fmt: skip
CASE_INTENTS = Counter(
    "kosh_case_intents", "Closed cases, by the intent that the officer named and the language.",
    ("intent", "language"), registry=REGISTRY,
)  # fmt: skip
CONTENT_VERSION = Gauge(
    "kosh_content_version", "The publication of content that this process serves.",
    registry=REGISTRY,
)  # fmt: skip
NOTIFICATIONS = Counter(
    "kosh_officer_notifications", "Notifications to officers, by channel and outcome.",
    ("channel", "outcome"), registry=REGISTRY,
)  # fmt: skip
WEBHOOKS = Counter(
    "kosh_webhooks",
    "Attempts to deliver webhooks to other systems, by outcome.",
    ("outcome",),
    registry=REGISTRY,
)
PENDING = Gauge(
    "kosh_platform_pending", "Updates that wait at the platform, as the platform reports.",
    ("channel",), registry=REGISTRY,
)  # fmt: skip

WEB_BUDGETS = Counter(
    "kosh_web_budgets", "Events of the web chat that a budget granted, asked about or deferred.",
    ("of", "outcome"), registry=REGISTRY,
)  # fmt: skip

POSTERS = Counter(
    "kosh_poster_opens", "Chats that the QR code of a poster opened, by channel.",
    ("channel",), registry=REGISTRY,
)  # fmt: skip

for _each in ALARMING:
    ALARMS.labels(_each)
for _each in ("telegram", "whatsapp", "web"):
    LAG.labels(_each)
    POSTERS.labels(_each)
for _of in ("webhooks", "chat"):
    ANSWERS.labels(_of, "503")
for _each in ("chat", "person", "case", "submission", "lookup"):
    for _outcome in ("granted", "asked", "waits"):
        WEB_BUDGETS.labels(_each, _outcome)

type Sample = tuple[str, str, tuple[tuple[dict[str, str], float], ...]]
"""A gauge that is read for each scrape: name, help text, and values with their labels."""


@contextmanager
def time_call(to: str) -> Iterator[None]:
    """Measure the duration of the block, a call to the service `to`.

    The measurement is labelled `ok` or with the code of the error.
    """
    began, outcome = perf_counter(), "ok"
    try:
        yield
    except Exception as error:
        outcome = getattr(error, "code", "error")
        raise
    finally:
        CALLS.labels(to, outcome).observe(perf_counter() - began)


def exposition(samples: tuple[Sample, ...]) -> bytes:
    """Return all metrics and the gauges `samples` in Prometheus' text format."""
    return generate_latest(REGISTRY) + generate_latest(_Read(samples))


class _Read(CollectorRegistry):
    def __init__(self, samples: tuple[Sample, ...]) -> None:
        super().__init__()
        self._samples = samples

    def collect(self) -> Iterator[GaugeMetricFamily]:
        for name, meaning, values in self._samples:
            gauge = GaugeMetricFamily(name, meaning, labels=sorted(values[0][0]) if values else ())
            for labels, value in values:
                gauge.add_metric([labels[name] for name in sorted(labels)], value)
            yield gauge
