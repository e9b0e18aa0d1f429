"""The sidecar's figures for Prometheus, read from the store at every scrape."""

from __future__ import annotations

import importlib.metadata
import time
from collections.abc import Iterator, Sequence

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, SummaryMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from sync_jobs import status
from sync_jobs.runner import Runner
from sync_jobs.tallies import (
    alert_messages,
    applied_events,
    refused_deliveries,
    slack_messages,
    streamed_messages,
    websocket_messages,
)


class _Layers(Collector):
    """Counts survive a restart of the sidecar, because they come from the store."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    def describe(self) -> list[Metric]:
        """Nothing ahead of time: registering must not query the store."""
        return []

    def collect(self) -> Iterator[Metric]:
        version = importlib.metadata.version("landing-zone-portal")
        yield _gauge("portal_info", "Version of the portal.", ["version"], [((version,), 1)])
        yield from _of_runs()
        yield from _of_layers(self._runner)
        rows = status.local_rows("api/dead_letters_by_status")
        yield _gauge(
            "portal_dead_letters",
            "Records that could not be understood.",
            ["layer", "status"],
            [((row["layer"], row["status"]), row["dead_letters"]) for row in rows],
        )
        yield from _of_alerts()
        yield from _of_webhooks()


def render(runner: Runner) -> bytes:
    """The figures in Prometheus' text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Layers(runner))
    return generate_latest(registry)


def _of_runs() -> Iterator[Metric]:
    labels = ["layer", "status"]
    total = CounterMetricFamily("portal_sync_runs", "Runs, by how they ended.", labels=labels)
    seconds = SummaryMetricFamily("portal_sync_duration_seconds", "Time that runs took.", labels=labels)
    synced = CounterMetricFamily("portal_items_synced", "Items taken in.", labels=labels)
    failed = CounterMetricFamily("portal_items_failed", "Items that went to dead letters.", labels=labels)
    for row in status.local_rows("api/runs_by_status"):
        key = [row["layer"], row["status"]]
        total.add_metric(key, row["runs"])
        seconds.add_metric(key, count_value=row["runs"], sum_value=row["seconds"])
        synced.add_metric(key, float(row["items_synced"]))
        failed.add_metric(key, float(row["items_failed"]))
    yield from (total, seconds, synced, failed)


def _of_layers(runner: Runner) -> Iterator[Metric]:
    rows = status.read(runner)

    def per_layer(name: str, text: str, field: str) -> Metric:
        found = [((layer,), float(row[field])) for layer, row in rows.items() if row[field] is not None]
        return _gauge(name, text, ["layer"], found)

    yield per_layer("portal_layer_configured", "1 where the layer has a source.", "configured")
    yield per_layer("portal_freshness_seconds", "Age of the newest data.", "freshness_seconds")
    yield per_layer(
        "portal_freshness_target_seconds", "Age above which data is stale.", "freshness_target_seconds"
    )
    yield per_layer("portal_stale", "1 where data is older than its target.", "stale")
    yield per_layer("portal_last_run_duration_seconds", "Time of the newest run.", "sync_duration_seconds")
    yield _gauge("portal_scrape_time_seconds", "When these figures were read.", [], [((), time.time())])


def _of_alerts() -> Iterator[Metric]:
    rows = status.local_rows("api/alerts_by_status")
    active = [((row["severity"], row["status"]), float(row["alerts"])) for row in rows]
    yield _gauge("portal_alerts", "Alerts that are not resolved.", ["severity", "status"], active)
    messages = CounterMetricFamily(
        "portal_alert_messages",
        "Changes of alerts to channels, and tries that failed.",
        labels=["channel", "result"],
    )
    for key, count in alert_messages.items():
        messages.add_metric(key.split(" "), count)
    yield messages


def _of_webhooks() -> Iterator[Metric]:
    """Deliveries come from the store; what was refused, and messages to Slack, are of this process."""
    rows = status.local_rows("api/webhook_deliveries")
    total = CounterMetricFamily(
        "portal_webhook_deliveries", "Signed deliveries of GitHub.", labels=["event", "status"]
    )
    for row in rows:
        total.add_metric([row["event"], row["status"]], row["deliveries"])
    waiting = sum(int(row["waiting"]) for row in rows)
    oldest = min((row["waiting_since"] for row in rows if row["waiting_since"]), default=None)
    yield total
    yield _gauge("portal_webhook_waiting", "Deliveries that no sync has served yet.", [], [((), waiting)])
    age = time.time() - oldest.timestamp() if oldest else 0.0
    yield _gauge("portal_webhook_oldest_waiting_seconds", "Age of the oldest of them.", [], [((), age)])
    for name, text, label, tally in (
        ("portal_webhook_refused", "Deliveries that were refused.", "reason", refused_deliveries),
        ("portal_slack_messages", "Messages to Slack, by how they ended.", "result", slack_messages),
        (
            "portal_websocket_messages",
            "Events to WebSocket clients, and clients that were too slow.",
            "result",
            websocket_messages,
        ),
        ("portal_messages", "Messages of the stream, by what became of them.", "result", streamed_messages),
        (
            "portal_events_applied",
            "Feed messages, by whether assets could follow them.",
            "result",
            applied_events,
        ),
    ):
        family = CounterMetricFamily(name, text, labels=[label])
        for key, count in tally.items():
            family.add_metric([key], count)
        yield family


def _gauge(
    name: str, text: str, labels: list[str], values: Sequence[tuple[tuple[str, ...], float]]
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=labels)
    for key, value in values:
        family.add_metric(list(key), value)
    return family
