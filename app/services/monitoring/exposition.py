"""The answer to a scrape: this service's metrics, and the database's gauges, which are read at most every ten seconds."""

import logging
import threading
import time
from collections.abc import Iterator

import psycopg2
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector

from app.db.failures import AWAY
from app.ops import logs
from app.ops.metrics import REGISTRY, SHARED, sample, sharing
from app.redaction import redacted
from app.services.monitoring import gauges

KEPT = 10.0  # seconds that the database's gauges are cached

log = logging.getLogger(__name__)


def text() -> bytes:
    """All metrics in Prometheus' text format; without the database, all but its gauges."""
    sample(logs.STDOUT.lost)
    own = REGISTRY
    if SHARED is not None:
        sharing.forget_the_dead(SHARED)
        own = CollectorRegistry()
        MultiProcessCollector(own, str(SHARED))
    return generate_latest(own) + generate_latest(_DATABASE)


class DatabaseFigures:
    """A collector that reads all gauges of `gauges.py` at once, for one scrape at a time."""

    def __init__(self, kept: float = KEPT) -> None:
        self._kept = kept
        self._until = 0.0
        self._families: list[GaugeMetricFamily] = []
        self._lock = threading.Lock()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        with self._lock:
            if time.monotonic() >= self._until:
                self._families = _families()
                self._until = time.monotonic() + self._kept
            yield from self._families


def _families() -> list[GaugeMetricFamily]:
    families: dict[str, GaugeMetricFamily] = {}
    up = True
    try:
        for gauge, value in gauges.read(int(time.time())):
            if gauge.name not in families:
                families[gauge.name] = GaugeMetricFamily(f"meta_be_{gauge.name}", gauge.text, labels=list(gauge.labels))
            families[gauge.name].add_metric(list(gauge.labels.values()), value)
    except AWAY as error:
        up = False
        log.warning("no figures, the database is away: %s", redacted(error))
    except psycopg2.Error as error:  # the schema is not migrated yet
        log.warning("no figures: %s", redacted(error))
    return [GaugeMetricFamily("meta_be_database_up", "Whether the database can be reached", value=up), *families.values()]


_DATABASE = CollectorRegistry()
_DATABASE.register(DatabaseFigures())
