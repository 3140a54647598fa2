"""
Joins ports and adapters; the only module that does.

Adapters are imported on first use, so that a cold start loads only what its requests need.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from hashlib import sha256
from threading import Semaphore
from typing import TYPE_CHECKING, Any

from circles.adapters.background import Background
from circles.domain.access.principals import AccessRules
from circles.domain.access.tokens import Tokens
from circles.domain.blobs import ObjectStore, UploadForms
from circles.domain.catalogue import Catalogue
from circles.domain.detections import Detector
from circles.domain.errors import Unavailable
from circles.domain.events import BROKER, RESULTS, EventSink, Outbox
from circles.domain.identifiers import new_id
from circles.domain.pictures import Pictures
from circles.domain.services import Rules
from circles.domain.upkeep import Upkeep
from circles.settings import Settings
from circles.telemetry.logs import configure_logging
from circles.telemetry.metrics import metrics

if TYPE_CHECKING:  # a cold start uses none of them
    from circles.adapters.pillow.reading import Reading
    from circles.domain.counting.batches import Batches
    from circles.domain.counting.corrections import Corrections
    from circles.domain.counting.measuring import Scales
    from circles.domain.exports.renditions import Renderer
    from circles.domain.exports.selections import Selections
    from circles.domain.exports.statistics import Statistics

log = logging.getLogger("circles")


@dataclass
class ConfiguredServices:
    """Services of one process, each created on first use. Tests replace attributes."""

    settings: Settings

    def ping(self) -> None:
        """Raise Unavailable unless images can be stored. The predictor is not checked."""
        self.catalogue.ping()
        self.store.ping()

    def now(self) -> datetime:
        return datetime.now(UTC)

    @cached_property
    def rules(self) -> Rules:
        known = self.settings
        return Rules(
            # 15 for decoding and a slow disk
            lease=timedelta(seconds=known.predictor_timeout_s + known.busy_timeout_s + 15),
            incoming_prefix=known.incoming_prefix,
            max_upload_bytes=known.max_upload_bytes,
            max_objects=known.max_objects,
            max_attempts=known.max_attempts,
            give_up_after=timedelta(seconds=known.give_up_after_s),
            keep_runs=known.keep_runs,
            repair_after=timedelta(seconds=known.repair_after_s),
            repair_budget=timedelta(seconds=known.repair_budget_s),
            adopt_after=timedelta(seconds=known.adopt_after_s),
            event_type_prefix=known.event_type_prefix,
            event_source=known.event_source,
            event_timeout=timedelta(seconds=known.sink_timeout_s),
            event_max_attempts=known.event_max_attempts,
            max_pending=known.max_pending,
            batch_quiet=timedelta(seconds=known.batch_quiet_s),
            sure_score=known.sure_score,
        )

    @cached_property
    def access(self) -> AccessRules:
        known = self.settings
        return AccessRules(
            is_open=known.access == "open",
            hosts=known.hosts,
            session_lifetime=timedelta(seconds=known.session_s),
            trusted_header=known.trusted_header,
            groups_header=known.trusted_groups_header,
            trusted_secret=known.trusted_secret,
            groups=dict(known.trusted_groups),
            uploads_per_minute=known.uploads_per_minute,
            detections_per_minute=known.detections_per_minute,
        )

    @cached_property
    def process_id(self) -> str:
        return new_id()

    @cached_property
    def costly_turns(self) -> Semaphore:
        return Semaphore(max(1, self.settings.threads // 4))

    @cached_property
    def export_turns(self) -> Semaphore:
        return Semaphore(max(1, self.settings.threads // 2))

    @cached_property
    def background(self) -> Background:
        return Background(threads=3)  # one of them may wait for a slow sink

    def finish(self, timeout_s: float) -> None:
        """Wait for background work, if any, before the process ends."""
        if "background" in vars(self) and not self.background.drain(timeout_s):
            log.info("the process ends before its background work; repair will finish it")

    def soon(self, work: Callable[[], object], *, key: str) -> None:
        self.background.submit(work, key=key)

    @cached_property
    def sinks(self) -> Mapping[str, EventSink]:
        sinks = dict(self._receivers)
        if self.settings.results_prefix:
            from circles.adapters.results_sink import ResultsSink

            sinks[RESULTS] = ResultsSink(self, self.settings.results_prefix)
        return sinks

    @property
    def _receivers(self) -> Mapping[str, EventSink]:
        known = self.settings
        if not known.k_sink and not known.webhook_urls:
            return {}
        from circles.adapters.event_sinks import BrokerSink, WebhookSink
        from circles.adapters.http_client import HttpClient

        client, timeout_s = (
            HttpClient(threads=known.threads, connect_timeout_s=2.0),
            known.sink_timeout_s,
        )
        sinks: dict[str, EventSink] = {
            # The digest keeps URL secrets out of the outbox, and does not depend on the order.
            f"webhook-{sha256(url.encode()).hexdigest()[:16]}": WebhookSink(
                url, client, timeout_s=timeout_s, secret=known.webhook_key
            )
            for url in known.webhook_urls
        }
        if known.k_sink:
            sinks[BROKER] = BrokerSink(
                known.k_sink, client, timeout_s=timeout_s, extensions=known.k_ce_overrides
            )
        return sinks

    @cached_property
    def _reading(self) -> "Reading":
        from circles.adapters.pillow.reading import Reading

        known = self.settings
        return Reading(known.max_pixels, costly_places=max(1, known.threads // 2))

    @cached_property
    def pictures(self) -> Pictures:
        from circles.adapters.pillow.pictures import PillowPictures

        return PillowPictures(self._reading)

    @cached_property
    def renderer(self) -> "Renderer":
        from circles.adapters.pillow.renderer import PillowRenderer

        return PillowRenderer(self._reading)

    @cached_property
    def store(self) -> ObjectStore:
        known = self.settings
        if known.store == "s3":
            from circles.adapters.minio.store import MinioStore

            return MinioStore(
                known.s3_endpoint,
                known.s3_bucket,
                region=known.s3_region,
                access_key=known.s3_access_key,
                secret_key=known.s3_secret_key,
                timeout_s=known.s3_timeout_s,
                threads=known.threads,
            )
        from circles.adapters.folder_store import FolderStore

        return FolderStore(known.data_dir / "blobs", keep_free_bytes=2 * known.reserve_bytes)

    @cached_property
    def upload_forms(self) -> UploadForms | None:
        known = self.settings
        if known.store != "s3" or not known.s3_public_endpoint:
            return None
        from circles.adapters.minio.forms import MinioForms

        return MinioForms(
            known.s3_public_endpoint,
            known.s3_bucket,
            region=known.s3_region,
            access_key=known.s3_access_key,
            secret_key=known.s3_secret_key,
        )

    @property
    def _sqlite(self) -> Mapping[str, Any]:
        known = self.settings
        return {"busy_timeout_s": known.busy_timeout_s, "reserve_bytes": known.reserve_bytes}

    @cached_property
    def catalogue(self) -> Catalogue:
        from circles.adapters.sqlite.catalogue import SqliteCatalogue

        return SqliteCatalogue(self.settings.catalogue_file, **self._sqlite)

    @cached_property
    def corrections(self) -> "Corrections":
        from circles.adapters.sqlite.counting.corrections import SqliteCorrections

        return SqliteCorrections(self.settings.catalogue_file, **self._sqlite)

    @cached_property
    def scales(self) -> "Scales":
        from circles.adapters.sqlite.counting.scales import SqliteScales

        return SqliteScales(self.settings.catalogue_file, **self._sqlite)

    @cached_property
    def batches(self) -> "Batches":
        from circles.adapters.sqlite.counting.batches import SqliteBatches

        return SqliteBatches(self.settings.catalogue_file, **self._sqlite)

    @cached_property
    def statistics(self) -> "Statistics":
        from circles.adapters.sqlite.exports.statistics import SqliteStatistics

        return SqliteStatistics(self.settings.catalogue_file, **self._sqlite)

    @cached_property
    def selections(self) -> "Selections":
        from circles.adapters.sqlite.exports.selections import SqliteSelections

        return SqliteSelections(self.settings.catalogue_file, **self._sqlite)

    @cached_property
    def tokens(self) -> Tokens:
        from circles.adapters.sqlite.access.tokens import SqliteTokens

        return SqliteTokens(self.settings.catalogue_file, **self._sqlite)

    @cached_property
    def outbox(self) -> Outbox:
        from circles.adapters.sqlite.outbox import SqliteOutbox

        return SqliteOutbox(self.settings.catalogue_file, **self._sqlite)

    @cached_property
    def upkeep(self) -> Upkeep:
        from circles.adapters.sqlite.upkeep.upkeep import SqliteUpkeep

        return SqliteUpkeep(self.settings.catalogue_file, **self._sqlite)

    @cached_property
    def detector(self) -> Detector:
        known = self.settings
        if known.detector == "fixed":
            from circles.adapters.fixed_detector import FixedDetector

            return FixedDetector()
        from circles.adapters.kserve.detector import KserveDetector

        return KserveDetector(
            known.predictor_url,
            known.predictor_model,
            protocol=known.predictor_protocol,
            token=known.predictor_token,
            timeout_s=known.predictor_timeout_s,
            connect_timeout_s=known.predictor_connect_timeout_s,
            max_objects=known.max_objects,
            floor=known.candidate_min_score,
            min_score=known.min_score,
            threads=known.threads,
        )

    def gauges(self) -> dict[str, float]:
        """Return the catalogue's gauges; empty if it is unused or unavailable."""
        if "catalogue" not in vars(self):
            return {}  # a function without the volume would create a database file
        try:
            backlog, outbox = self.catalogue.backlog(), self.outbox.backlog()
            sizes = self.catalogue.measure()
        except Unavailable:
            return {}
        return {
            "circles_images_pending": backlog.pending,
            "circles_images_pending_oldest_seconds": self._age_s(backlog.oldest_created_at),
            "circles_outbox_pending": outbox.pending,
            "circles_outbox_oldest_seconds": self._age_s(outbox.oldest_created_at),
            **sizes,
        }

    def _age_s(self, moment: datetime | None) -> float:
        """Return seconds since a time; 0 for None or a clock that is ahead."""
        return max((self.now() - moment).total_seconds(), 0) if moment else 0


@cache
def build(settings: Settings) -> ConfiguredServices:
    """Return this process's services for these settings, and set up their metrics."""
    services = ConfiguredServices(settings)
    metrics.identify(function=settings.function_name, build=settings.build)
    metrics.ask_at_scrape("catalogue", services.gauges)
    return services


def load_services() -> ConfiguredServices:
    """Configure logging, and return the environment's services. Raises SettingsError."""
    settings = Settings.from_env()
    configure_logging(settings.log_level)
    return build(settings)


if TYPE_CHECKING:
    from circles.domain.services import Services

    _: type[Services] = ConfiguredServices
